"""Statements: they answer what the ORM's own query answers, and survive what a kept connection meets."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from asteri.api.pagination import NEWEST_FIRST, OLDEST_FIRST, Position, Slice
from asteri.statements import read
from customers.models import INSERT, Customer
from customers.serializers import PLAIN, WITH_PROFILE
from customers.statements import counted, page_of, retrieve
from organizations.models import Organization
from tests.factories import make_customer, make_organization

NOON = datetime(2026, 3, 18, 12, 0, 0, 123000, tzinfo=UTC)
HOSTILE = ("'; DROP TABLE customers_customer; --", "%s", "?", "$1", "\\", '"', "100%", "🦀")
Watch = Callable[[], AbstractContextManager[Any]]


@pytest.fixture(params=[nullcontext, lambda: CaptureQueriesContext(connection)], ids=["unwatched", "watched"])
def watch(request: pytest.FixtureRequest) -> Watch:
    """Sends the statements past the ORM's layers, then through them."""
    chosen: Watch = request.param
    return chosen


@pytest.fixture
def organization(db: None) -> Organization:
    """Has customers of both types, two of them of one moment; another organization has one as well."""
    organization = make_organization()
    for number in range(6):
        kind = ("business", "individual")[number % 2]
        moment = NOON + timedelta(seconds=number // 2)
        make_customer(
            organization, account_type=kind, created_at=moment, first_name=HOSTILE[number], external_id=number
        )
    make_customer(make_organization())
    return organization


def typed(rows: Any) -> list[list[tuple[type, Any]]]:
    """Answer rows with the type of each value, whether the driver made tuples or lists of them."""
    return [[(type(value), value) for value in row] for row in rows]


def pages_of(queryset: Any, order: str) -> list[Any]:
    return list(queryset.order_by(order, order.replace("created_at", "id")))


@pytest.mark.parametrize("columns", [PLAIN.columns, WITH_PROFILE.columns], ids=["plain", "profile"])
def test_a_retrieve_answers_what_the_orm_answers(
    organization: Organization, watch: Watch, columns: tuple[str, ...]
) -> None:
    customer = organization.customers.all()[0]
    with watch():
        (row,) = retrieve(*columns, "version").asked(organization=organization.pk, id=customer.pk).rows()
    assert typed([row]) == typed([Customer.objects.values_list(*columns, "version").get(pk=customer.pk)])


def test_a_retrieve_finds_nothing_of_another_organization(organization: Organization, watch: Watch) -> None:
    customer = organization.customers.all()[0]
    with watch():
        assert retrieve("id").asked(organization=make_organization().pk, id=customer.pk).rows() == []


SHAPES = list(
    product((NEWEST_FIRST, OLDEST_FIRST), (False, True), (None, "business"), (PLAIN.columns, WITH_PROFILE.columns))
)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_answers_what_the_orm_answers(organization: Organization, watch: Watch, shape: Any) -> None:
    order, is_later, account_type, columns = shape
    of = {"account_type": account_type} if account_type else {}
    rows = pages_of(organization.customers.filter(**of), order)
    after = Position(rows[0].created_at, rows[0].id) if is_later else None
    with watch():
        asked = page_of(Slice(order, 1, is_later), after, columns, organization=organization.pk, **of)
        page, count = counted(asked.rows(), asked)
    ids = [row.id for row in rows[is_later:][:2]]
    expected = [Customer.objects.values_list(*columns).get(pk=id_) for id_ in ids]
    assert typed(row[:-1] for row in page) == typed(expected)
    assert (count, len(page)) == (len(rows), 2)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_a_value_and_nothing_else(organization: Organization, watch: Watch, text: str) -> None:
    with watch():
        first = Slice(NEWEST_FIRST, 1, is_later=False)
        asked = page_of(first, None, ("id",), organization=organization.pk, account_type=text)
        found = counted(asked.rows(), asked)
    assert (list(found[0]), found[1]) == ([], 0)


def new_customer(organization: Organization, **fields: Any) -> Customer:
    customer = Customer(organization=organization, account_type="business", display_name="Harbor", **fields)
    customer.compute()
    return customer


def test_an_insert_stores_what_the_orm_would(organization: Organization, watch: Watch) -> None:
    fields: dict[str, Any] = {"company_name": HOSTILE[0], "phone": "404-555-0128", "created_at": NOON}
    ours, the_orms = new_customer(organization, **fields), new_customer(organization, **fields)
    the_orms.updated_at = ours.updated_at
    with watch():
        INSERT.send(ours)
    the_orms.save_base(force_insert=True)
    columns = [field.attname for field in Customer._meta.concrete_fields if not field.primary_key]
    rows = Customer.objects.values_list(*columns)
    assert typed([rows.get(pk=ours.pk)]) == typed([rows.get(pk=the_orms.pk)])
    assert (ours._state.adding, ours._state.db) == (the_orms._state.adding, the_orms._state.db)


def test_an_insert_is_refused_by_the_constraints_name(organization: Organization, watch: Watch) -> None:
    INSERT.send(new_customer(organization, email="ops@harbor.example"))
    with watch(), pytest.raises(IntegrityError, match="email"), transaction.atomic():
        INSERT.send(new_customer(organization, email="ops@harbor.example"))


def end_the_connection() -> None:
    """Have the server end this thread's connection, as a restart would; wait until it's gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    other.close()


def end_and_retrieve(customer: Customer) -> Any:
    end_the_connection()
    return retrieve("id").asked(organization=customer.organization_id, id=customer.pk).rows()


on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection to lose")


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_dead_connection_is_replaced(watch: Watch) -> None:
    customer = make_customer(make_organization())
    with watch():
        (row,) = end_and_retrieve(customer)
    assert tuple(row) == (customer.pk,)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_dies_in_a_transaction_fails_it(watch: Watch) -> None:
    customer = make_customer(make_organization())
    with watch(), pytest.raises(OperationalError), transaction.atomic():
        end_and_retrieve(customer)
    assert Customer.objects.count() == 1


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_statement_that_is_refused_is_not_sent_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '1ms'")
    with pytest.raises(OperationalError, match="statement timeout"):
        read(connection, ("SELECT pg_sleep(5)", []))
    connection.close()
