"""Statements straight through libpq: one message where they can go together, and every fault as the driver tells it."""

import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, OperationalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.errors import DivisionByZero

from asteri.libpq import Session
from asteri.statements import read
from customers.models import Customer
from customers.statements import retrieve
from tests.asteri.test_statements import end_the_connection, on_postgresql
from tests.callers import CUSTOMERS, Caller
from tests.factories import make_customer, make_organization

pytestmark = on_postgresql
ONE, TWO = ("SELECT %s::int + 1", [1]), ("SELECT %s::text", ["two"])
BROKEN = ("SELECT 1 / %s::int", [0])


def end_and_read() -> None:
    read(connection, ONE, TWO)
    end_the_connection()
    read(connection, ONE, TWO)


def messages(act: Callable[[], Any]) -> int:
    """Answer how many messages that wait for an answer are sent, by libpq's own trace, once all is prepared."""
    act()
    with tempfile.TemporaryFile() as trace:
        connection.connection.pgconn.trace(trace.fileno())
        act()
        connection.connection.pgconn.untrace()
        trace.seek(0)
        return trace.read().count(b"\tSync")


@pytest.fixture
def customer(owner: Caller) -> Customer:
    """Is one of the caller's, who has another one as well."""
    make_customer(owner.organization)
    return make_customer(owner.organization)


@pytest.mark.parametrize(
    "query",
    [{}, {"expand": "profile"}, {"limit": "1"}, {"account_type": "business"}, {"order": "created_at"}],
    ids=["plain", "expanded", "limited", "of one type", "oldest first"],
)
def test_a_list_is_read_along_with_the_key(owner: Caller, customer: Customer, query: dict[str, str]) -> None:
    assert messages(lambda: owner.get(query=query)) == 1


def test_a_later_page_is_read_along_with_the_key(owner: Caller, customer: Customer) -> None:
    cursor = owner.get(query={"limit": 1}).json()["pagination"]["next_cursor"]
    assert messages(lambda: owner.get(query={"limit": 1, "cursor": cursor})) == 1


def test_a_customer_is_read_along_with_the_key(owner: Caller, customer: Customer) -> None:
    assert messages(lambda: owner.get(f"{CUSTOMERS}/{customer.id}")) == 1


@pytest.mark.parametrize("query", [{"limit": "0"}, {"account_type": "\0"}, {"email": "a" * 2_000}, {"cursor": "x"}])
def test_of_what_will_be_refused_nothing_is_read(owner: Caller, customer: Customer, query: dict[str, str]) -> None:
    with CaptureQueriesContext(connection) as statements:
        assert owner.get(query=query).status_code == 400
    assert not [query for query in statements if "customers_customer" in query["sql"]]


@pytest.mark.django_db
def test_statements_together_answer_what_each_would_alone() -> None:
    assert read(connection, ONE, TWO, ONE) == [[(2,)], [("two",)], [(2,)]]
    assert messages(lambda: read(connection, ONE, TWO, ONE)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("value", [1, 40_000, 3_000_000_000, -1])
def test_a_number_is_taken_at_any_size(value: int) -> None:
    assert read(connection, ("SELECT %s::bigint", [value])) == [[(value,)]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statements", [(BROKEN,), (BROKEN, ONE), (ONE, BROKEN), (ONE, BROKEN, TWO)])
def test_a_refused_statement_says_why_and_leaves_the_connection_sound(statements: Any) -> None:
    with pytest.raises(DataError) as refused:
        read(connection, *statements)
    assert isinstance(refused.value.__cause__, DivisionByZero)
    assert read(connection, ONE, TWO) == [[(2,)], [("two",)]]


@pytest.mark.django_db(transaction=True)
def test_a_dead_connection_is_replaced_for_all_that_go_together() -> None:
    read(connection, ONE, TWO)
    end_the_connection()
    assert read(connection, ONE, TWO) == [[(2,)], [("two",)]]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_dies_in_a_transaction_fails_it_as_a_whole() -> None:
    with pytest.raises(OperationalError), transaction.atomic():
        end_and_read()


@pytest.mark.django_db(transaction=True)
def test_a_transaction_begins_before_its_first_statement() -> None:
    with transaction.atomic():
        first = read(connection, ("SELECT pg_current_xact_id()::text WHERE 1 = %s", [1]))
        assert read(connection, ("SELECT pg_current_xact_id()::text WHERE 1 = %s", [1])) == first


@pytest.mark.django_db(transaction=True)
def test_nothing_is_prepared_where_that_is_forbidden() -> None:
    connection.ensure_connection()
    raw = connection.connection
    raw.prepare_threshold, threshold = None, raw.prepare_threshold
    try:
        assert Session.of(raw) is None
        assert read(connection, ("SELECT %s::int + 100", [1]), TWO) == [[(101,)], [("two",)]]
        assert read(connection, ("SELECT 1 FROM pg_prepared_statements WHERE statement ~ %s", ["100"])) == [[]]
    finally:
        raw.prepare_threshold = threshold


@pytest.mark.django_db
def test_what_was_read_for_a_claimed_organization_is_never_anothers(owner: Caller) -> None:
    theirs = make_customer(make_organization())
    answer = owner.get(f"{CUSTOMERS}/{theirs.id}", headers={"x-organization-id": str(theirs.organization_id)})
    assert answer.status_code == 403
    assert retrieve("id").asked(organization=owner.organization.pk, id=theirs.pk).rows() == []


@pytest.mark.django_db(transaction=True)
def test_what_somebody_let_go_of_is_prepared_anew() -> None:
    read(connection, ONE, TWO)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert read(connection, ONE, TWO) == [[(2,)], [("two",)]]


@pytest.mark.django_db(transaction=True)
def test_a_changed_column_is_read_as_it_is_now() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE numbers AS SELECT 1::int AS number")
        statement = ("SELECT number FROM numbers WHERE %s", [True])
        assert read(connection, statement) == [[(1,)]]
        cursor.execute("ALTER TABLE numbers ALTER number TYPE text")
        assert read(connection, statement) == [[("1",)]]
        cursor.execute("DROP TABLE numbers")


@pytest.mark.django_db(transaction=True)
def test_what_is_stale_in_a_transaction_fails_it() -> None:
    read(connection, ONE)
    with pytest.raises(ProgrammingError), transaction.atomic():
        deallocate_and_read()


def deallocate_and_read() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    read(connection, ONE)
