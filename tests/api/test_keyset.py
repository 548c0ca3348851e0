"""Keyset pages: a walk meets every customer that was there throughout exactly once, ties of `created_at` included."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import AccountType, Customer
from organizations.models import Organization
from tests.callers import CUSTOMERS, Caller
from tests.factories import make_customer

TIED = 1_250  # more than the thousand within which an offset would do
FEW = 150
MOMENT = datetime(2026, 3, 18, 15, 40, 12, tzinfo=UTC)
NEWEST_FIRST, OLDEST_FIRST = "-created_at", "created_at"
ORDERS = (NEWEST_FIRST, OLDEST_FIRST)
CLIENT = Client()  # one for all: a new one loads the middleware anew, four fifths of the time of these many requests


@pytest.fixture
def tied(owner: Caller) -> list[UUID]:
    """Makes 1,250 customers of one `created_at`, two in five of them individuals; answers their ids in order."""
    return make_tied(owner.organization, TIED)


def make_tied(organization: Organization, count: int) -> list[UUID]:
    """Make customers of one `created_at`; answer their ids in order."""
    customers = [tied_customer(organization, number) for number in range(count)]
    Customer.objects.bulk_create(customers)
    return sorted(customer.id for customer in customers)


def tied_customer(organization: Organization, number: int) -> Customer:
    """Build a customer whose `created_at` is everybody's."""
    kind = AccountType.INDIVIDUAL if number % 5 < 2 else AccountType.BUSINESS
    customer = Customer(
        organization=organization, account_type=kind, email=f"tied-{number}@example.com", created_at=MOMENT
    )
    customer.compute()
    return customer


def pages(caller: Caller, **query: Any) -> Iterator[Any]:
    """Walk a list from its first page to the one without a next cursor."""
    while True:
        response = CLIENT.get(CUSTOMERS, query_params=query, headers=caller.headers)
        assert response.status_code == 200, response.content
        yield (page := response.json())
        if page["pagination"]["next_cursor"] is None:
            return
        query["cursor"] = page["pagination"]["next_cursor"]


def ids(page: Any) -> list[UUID]:
    """Answer the ids of a page's customers."""
    return [UUID(customer["id"]) for customer in page["data"]]


def walked(caller: Caller, **query: Any) -> list[UUID]:
    """Answer the ids that a walk meets."""
    return [met for page in pages(caller, **query) for met in ids(page)]


def in_order(identifiers: list[UUID], order: str) -> list[UUID]:
    """Turn ids in order the way that a list with that order shows them."""
    return identifiers if order == OLDEST_FIRST else identifiers[::-1]


def disturb(organization: Organization, steps: int) -> None:
    """Create customers before, at and after the tied moment; delete those of the disturbance before."""
    Customer.objects.filter(organization=organization, company_name="Passing").delete()
    for shift in (-steps, 0, 0, steps):
        make_customer(organization, company_name="Passing", created_at=MOMENT + timedelta(milliseconds=shift))


def disturbed_walk(caller: Caller, every: int, **query: Any) -> list[tuple[str, UUID]]:
    """Answer `created_at` and id of each customer that a walk meets, while others come and go every few pages."""
    met: list[tuple[str, UUID]] = []
    for number, page in enumerate(pages(caller, **query)):
        met += [(customer["created_at"], UUID(customer["id"])) for customer in page["data"]]
        if number % every == 0:
            disturb(caller.organization, number + 1)
    return met


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("count", "limit", "every"), [(FEW, 1, 10), (FEW, 7, 3), (TIED, 25, 5), (TIED, 100, 1)])
def test_a_walk_meets_each_once_and_in_order_whatever_comes_and_goes(
    owner: Caller, count: int, limit: int, every: int, order: str
) -> None:
    tied = make_tied(owner.organization, count)
    met = disturbed_walk(owner, every, limit=limit, order=order)
    originals = set(tied)
    assert [identifier for _, identifier in met if identifier in originals] == in_order(tied, order)
    assert all((one < other) == (order == OLDEST_FIRST) and one != other for one, other in pairwise(met))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [99, 100])
def test_every_page_but_the_last_is_full(owner: Caller, tied: list[UUID], limit: int, order: str) -> None:
    sizes = [len(page["data"]) for page in pages(owner, limit=limit, order=order)]
    assert sizes[:-1] == [limit] * ((TIED - 1) // limit)
    assert sum(sizes) == TIED


@pytest.mark.parametrize("order", ORDERS)
def test_the_last_page_alone_has_no_next_cursor(owner: Caller, order: str) -> None:
    for _ in range(6):
        make_customer(owner.organization, created_at=MOMENT)
    for limit, count in ((1, 6), (2, 3), (3, 2), (4, 2), (5, 2), (6, 1), (7, 1)):
        cursors = [page["pagination"]["next_cursor"] for page in pages(owner, limit=limit, order=order)]
        assert [cursor is None for cursor in cursors] == [*[False] * (count - 1), True]


def test_the_reverse_order_yields_the_reverse(owner: Caller, tied: list[UUID]) -> None:
    newest_first = walked(owner, limit=100, order=NEWEST_FIRST)
    assert walked(owner, limit=100, order=OLDEST_FIRST) == newest_first[::-1]


@pytest.mark.parametrize("order", ORDERS)
def test_a_filtered_walk_meets_each_match_once(owner: Caller, tied: list[UUID], order: str) -> None:
    met = disturbed_walk(owner, 2, limit=25, order=order, account_type="individual", search="tied example")
    matching = Customer.objects.filter(account_type=AccountType.INDIVIDUAL).values_list("id", flat=True)
    assert len(met) == TIED * 2 // 5
    assert [identifier for _, identifier in met] == in_order(sorted(matching), order)


@pytest.mark.parametrize("order", ORDERS)
def test_a_walk_goes_on_where_the_customer_of_its_cursor_is_deleted(
    owner: Caller, tied: list[UUID], order: str
) -> None:
    expected = in_order(tied, order)
    first = next(pages(owner, limit=100, order=order))
    Customer.objects.filter(id__in=expected[90:100]).delete()
    rest = walked(owner, limit=100, order=order, cursor=first["pagination"]["next_cursor"])
    assert rest == expected[100:]


@pytest.mark.parametrize("order", ORDERS)
def test_ties_stand_between_their_neighbours(owner: Caller, order: str) -> None:
    shifts = (-1, 0, 0, 0, 0, 1)
    made = [make_customer(owner.organization, created_at=MOMENT + timedelta(milliseconds=shift)) for shift in shifts]
    expected = [customer.id for customer in sorted(made, key=lambda customer: (customer.created_at, customer.id))]
    assert walked(owner, limit=1, order=order) == in_order(expected, order)


def page_statement(caller: Caller, **query: Any) -> str:
    """Answer the statement that reads a page."""
    with CaptureQueriesContext(connection) as statements:
        assert caller.get(query=query).status_code == 200
    (page,) = (query["sql"] for query in statements if 'FROM "customers_customer"' in query["sql"])
    return str(page)


def work_of(statement: str) -> int:
    """Answer how hard a statement is: rows that PostgreSQL reads in vain, or thousands of SQLite's steps."""
    steps: list[None] = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN ANALYZE {statement}")
            return sum(int(rows) for rows in re.findall(r"Rows Removed by Filter: (\d+)", str(cursor.fetchall())))
        connection.connection.set_progress_handler(lambda: steps.append(None), 1000)
        cursor.execute(statement).fetchall()
        connection.connection.set_progress_handler(None, 0)
    return len(steps)


@pytest.mark.parametrize("order", ORDERS)
def test_a_late_page_costs_what_the_first_costs_within_a_tie_too(owner: Caller, tied: list[UUID], order: str) -> None:
    query: dict[str, Any] = {"limit": 10, "order": order}
    first = work_of(page_statement(owner, **query))
    *_, last, _ = [page["pagination"]["next_cursor"] for page in pages(owner, limit=100, order=order)]
    late = work_of(page_statement(owner, **query, cursor=last))
    assert late <= first + 5
