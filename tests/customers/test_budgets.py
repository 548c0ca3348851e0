"""Query budgets: how many statements a request may cost, authentication included."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.callers import CUSTOMERS, Caller, encoded
from tests.factories import make_customer

TRANSACTION_CONTROL = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")
BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)


class Statements(CaptureQueriesContext):
    """Collects the statements of a block; those that only begin or end a transaction don't count."""

    def __init__(self) -> None:
        super().__init__(connection)

    @property
    def counted(self) -> list[str]:
        """Answer the statements that count."""
        return [query["sql"] for query in self if not query["sql"].startswith(TRANSACTION_CONTROL)]


@pytest.fixture
def regular(owner: Caller) -> Caller:
    """Has just made a request, so that no use of the key is stamped in the next minute."""
    assert owner.get().status_code == 200
    return owner


def test_retrieve_costs_two_statements(regular: Caller) -> None:
    customer = make_customer(regular.organization)
    with Statements() as statements:  # the key with its organization; the customer
        assert regular.get(f"{CUSTOMERS}/{customer.id}").status_code == 200
    assert len(statements.counted) <= 2, statements.counted


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"limit": "1", "order": "created_at"},
        {"account_type": "business"},
        {
            "account_type": "business",
            "email": "ops@harbor.example",
            "phone": "404-555-0128",
            "search": "a b c",
            "created_after": "2026-03-18",
            "created_before": "2026-03-19",
        },
    ],
    ids=["plain", "limited", "of one type", "filtered"],
)
def test_list_costs_two_statements_and_one_more_for_a_count_of_its_own(regular: Caller, query: dict[str, str]) -> None:
    for _ in range(3):
        make_customer(regular.organization)
    with Statements() as statements:  # the key with its organization; the page with its count, or after it
        assert regular.get(query=query).status_code == 200
    assert len(statements.counted) <= (3 if "email" in query else 2), statements.counted


def test_a_later_page_costs_what_the_first_costs(regular: Caller) -> None:
    for _ in range(3):
        make_customer(regular.organization)
    cursor = regular.get(query={"limit": 1}).json()["pagination"]["next_cursor"]
    with Statements() as statements:  # the key with its organization; the page with its count
        assert regular.get(query={"limit": 1, "cursor": cursor}).status_code == 200
    assert len(statements.counted) <= 2, statements.counted


def test_create_costs_two_statements(regular: Caller) -> None:
    with Statements() as statements:  # the key with its organization; the customer's insert
        assert regular.post(BODY).status_code == 201
    assert len(statements.counted) <= 2, statements.counted


def test_a_refused_email_costs_three_statements(regular: Caller) -> None:
    assert regular.post(BODY).status_code == 201
    with Statements() as statements:  # the key with its organization; the insert that fails; one to spare
        assert regular.post(BODY).status_code == 409
    assert len(statements.counted) <= 3, statements.counted


def cost_of_a_list(caller: Caller, moment: datetime) -> int:
    """Answer how many statements a list costs at that moment; a cache with a clock of its own forgets the last one."""
    cache.clear()
    with time_machine.travel(moment, tick=False), Statements() as statements:
        assert caller.get().status_code == 200
    return len(statements.counted)


def test_stamping_the_keys_use_costs_one_more_statement_once_a_minute(owner: Caller) -> None:
    moments = [NOON + timedelta(seconds=seconds) for seconds in (0, 0, 30, 59.9, 61, 61, 120, 122)]
    costs = [cost_of_a_list(owner, moment) for moment in moments]
    assert [cost - costs[1] for cost in costs] == [1, 0, 0, 0, 1, 0, 0, 1]


def cost_of(caller: Caller, method: str, path: str, body: object = None) -> list[str]:
    """Answer the statements that a request which succeeds costs."""
    with Statements() as statements:
        response = caller.send(method, path, data=encoded(body or {}), content_type="application/json")
    assert response.status_code < 300, response.content
    return statements.counted


@pytest.mark.parametrize("body", [{"first_name": "Nora"}, {"email": "new@harbor.example", "phone": None}, {}])
def test_change_costs_four_statements(regular: Caller, body: dict[str, str | None]) -> None:
    customer = make_customer(regular.organization)
    spent = cost_of(regular, "PATCH", f"{CUSTOMERS}/{customer.id}", body)
    assert len(spent) <= 4, spent  # the key with its organization; the customer, locked; its update; one to spare


def test_delete_costs_four_statements(regular: Caller) -> None:
    customer = make_customer(regular.organization)
    spent = cost_of(regular, "DELETE", f"{CUSTOMERS}/{customer.id}")
    assert len(spent) <= 4, spent  # the key with its organization; the customer, locked; its delete; one to spare


def test_upsert_costs_four_statements(regular: Caller) -> None:
    path = f"{CUSTOMERS}/by-external-id/crm-1"
    bodies = [BODY, {**BODY, "first_name": "Nora"}, {**BODY, "first_name": "Nora"}]
    costs = [cost_of(regular, "PUT", path, body) for body in bodies]  # creates, replaces, changes nothing
    assert all(len(spent) <= 4 for spent in costs), costs  # the key; the customer, locked; its insert or update


@pytest.mark.parametrize("limit", [1, 100])
def test_feed_costs_five_statements_where_nothing_is_new(regular: Caller, limit: int) -> None:
    for _ in range(3):
        make_customer(regular.organization)
    cost_of(regular, "GET", f"{CUSTOMERS}/changes")
    # the key with its organization; the feed; whether there are new notes; the changes; their customers
    spent = cost_of(regular, "GET", f"{CUSTOMERS}/changes?limit={limit}")
    assert len(spent) <= 5, spent


def test_feed_costs_no_more_for_many_new_changes_than_for_one(regular: Caller) -> None:
    cost_of(regular, "GET", f"{CUSTOMERS}/changes")
    costs = []
    for count in (1, 20):
        for _ in range(count):
            make_customer(regular.organization)
        costs.append(len(cost_of(regular, "GET", f"{CUSTOMERS}/changes?limit=100")))
    assert costs[0] == costs[1] <= 8  # as above, and: the feed, locked; the places; how far it has come


def test_a_filtered_list_that_fits_on_its_page_is_counted_by_its_rows(regular: Caller) -> None:
    customer = make_customer(regular.organization)
    with Statements() as statements:  # the key with its organization; the page
        body = regular.get(query={"email": customer.email}).json()
    assert body["pagination"] == {"count": 1, "limit": 25, "next_cursor": None}
    assert len(statements.counted) <= 2, statements.counted
