"""Kept counts: exact after every way of writing, whoever else writes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle, islice

import pytest
from django.db import connection, connections, transaction

from customers.models import Customer, CustomerTally
from customers.tallies import drift
from organizations.models import Organization
from tests.callers import CUSTOMERS, Caller, encoded
from tests.factories import make_customer, make_organization

pytestmark = pytest.mark.usefixtures("exact_counts")

BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
PERSON = {**BODY, "account_type": "individual", "first_name": "Nora"}
UPSERTED = f"{CUSTOMERS}/by-external-id/crm-1"


def counts_of(caller: Caller) -> tuple[int, int, int]:
    """Answer what lists say: how many customers there are, how many businesses, how many individuals."""
    queries: list[dict[str, str]] = [{}, {"account_type": "business"}, {"account_type": "individual"}]
    whole, businesses, individuals = (caller.get(query=query).json()["pagination"]["count"] for query in queries)
    return whole, businesses, individuals


def send(caller: Caller, method: str, path: str, body: object = None) -> None:
    response = caller.send(method, path, data=encoded(body or {}), content_type="application/json")
    assert response.status_code < 300, response.content


def upsert_twice(caller: Caller) -> None:
    for body in (BODY, PERSON):
        send(caller, "PUT", UPSERTED, body)


def roll_back(organization: Organization) -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        make_customer(organization)
        raise ZeroDivisionError


def load(organization: Organization) -> None:
    kinds = ("business", "individual", "individual")
    Customer.objects.bulk_create(
        Customer(organization=organization, account_type=kind, display_name="Harbor") for kind in kinds
    )


Act = Callable[[Caller, Customer], object]
ACTS: dict[str, tuple[Act, tuple[int, int, int]]] = {
    "nothing": (lambda _caller, _one: None, (1, 1, 0)),
    "create": (lambda caller, _one: send(caller, "POST", CUSTOMERS, PERSON), (2, 1, 1)),
    "delete": (lambda caller, one: send(caller, "DELETE", f"{CUSTOMERS}/{one.pk}"), (0, 0, 0)),
    "change of type": (
        lambda caller, one: send(caller, "PATCH", f"{CUSTOMERS}/{one.pk}", {"account_type": "individual"}),
        (1, 0, 1),
    ),
    "change of name": (
        lambda caller, one: send(caller, "PATCH", f"{CUSTOMERS}/{one.pk}", {"first_name": "Nora"}),
        (1, 1, 0),
    ),
    "upsert": (lambda caller, _one: send(caller, "PUT", UPSERTED, PERSON), (2, 1, 1)),
    "upsert twice": (lambda caller, _one: upsert_twice(caller), (2, 1, 1)),
    "bulk, one of two refused": (
        lambda caller, _one: send(caller, "POST", f"{CUSTOMERS}/bulk", {"customers": [BODY, PERSON]}),
        (2, 2, 0),
    ),
    "rolled back": (lambda caller, _one: roll_back(caller.organization), (1, 1, 0)),
    "bulk_create": (lambda caller, _one: load(caller.organization), (4, 2, 2)),
    "update": (lambda _caller, _one: Customer.objects.update(account_type="individual"), (1, 0, 1)),
    "delete of all": (lambda _caller, _one: Customer.objects.all().delete(), (0, 0, 0)),
    "another's": (lambda _caller, _one: make_customer(make_organization()), (1, 1, 0)),
}


@pytest.mark.parametrize(("act", "expected"), ACTS.values(), ids=ACTS)
def test_counts_are_exact_after(owner: Caller, act: Act, expected: tuple[int, int, int]) -> None:
    act(owner, make_customer(owner.organization))
    assert counts_of(owner) == expected
    assert drift() == []


def test_an_organization_without_customers_has_none(owner: Caller, outsider: Caller) -> None:
    make_customer(outsider.organization)
    assert counts_of(owner) == (0, 0, 0)


def test_many_writes_leave_few_rows_to_sum(owner: Caller) -> None:
    for _ in range(10):
        make_customer(owner.organization)
        fold(owner.organization)
    assert CustomerTally.objects.count() == 1
    assert counts_of(owner) == (10, 10, 0)


def fold(organization: Organization) -> None:
    """Fold as a writer does now and then on PostgreSQL; SQLite has nothing to fold."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT customers_fold_tallies(ARRAY[%s::uuid])", [organization.pk])


def change_type(organization: Organization) -> None:
    Customer.objects.filter(pk=make_customer(organization).pk).update(account_type="individual")


def come_and_go(organization: Organization) -> None:
    make_customer(organization).delete()


WRITES: tuple[Callable[[Organization], object], ...] = (make_customer, come_and_go, change_type, roll_back, fold)
WRITERS, EACH = 6, 25


def write(organization: Organization, first: int) -> None:
    try:
        for act in islice(cycle(WRITES), first, first + EACH):
            act(organization)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_counts_are_exact_whoever_writes_at_once(owner: Caller) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda first: write(owner.organization, first), range(WRITERS)))
    stays = WRITERS * EACH // len(WRITES)
    assert counts_of(owner) == (2 * stays, stays, stays)
    assert drift() == []


def test_a_row_is_called_by_what_it_counts() -> None:
    assert str(CustomerTally(account_type="business", count=-3)) == "-3 business"
