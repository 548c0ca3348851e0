"""One statement fails in PostgreSQL: its request is 503, leaves nothing behind, and succeeds when it's sent again."""

import os
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.conftest import OnPostgresql
from tests.faults.disks import full
from tests.faults.neighbours import ROLE, wait_until
from tests.faults.servers import customer
from tests.faults.tally import Tally, status
from tests.processes import Answer

SLOW = "slow"  # a customer of that name takes PostgreSQL a minute
SLOWLY = """
    CREATE OR REPLACE FUNCTION take_a_minute() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
    CREATE OR REPLACE TRIGGER slowly BEFORE INSERT ON customers_customer
        FOR EACH ROW WHEN (NEW.display_name = 'slow') EXECUTE FUNCTION take_a_minute();
"""
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"),
        reason="It needs PostgreSQL, which DATABASE_URL does not name.",
    ),
]


@contextmanager
def beside_us(on: OnPostgresql, **options: Any) -> Iterator[psycopg.Connection[Any]]:
    """A neighbour's transaction, undone in the end."""
    with on.cluster.connect(dbname=ROLE, **options) as connection, connection.transaction(force_rollback=True):
        yield connection


def waits(on: OnPostgresql, event: str) -> bool:
    """Whether one of the API's connections waits for something."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = %s"
    with on.cluster.connect(dbname="postgres") as connection:
        return connection.execute(query, [ROLE, event]).fetchone() != (0,)


@contextmanager
def sent_beside(tally: Tally, *request: Any) -> Iterator[Future[Answer | None]]:
    """Send a request beside the block, whose answer is awaited at its end."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(tally.send, *request)


def succeeds_now(tally: Tally) -> None:
    """Report the fault; the API goes on."""
    tally.lifted_at = time.monotonic()
    assert status(tally.create()) == 201
    tally.check()


def logged(tally: Tally, reason: str) -> None:
    """See that it was the fault that was meant."""
    tally.api.server.wait_for_line(reason)


def test_a_lock_that_others_hold_too_long(on_postgresql: OnPostgresql) -> None:
    tally = Tally("PostgreSQL: a lock held past lock_timeout", on_postgresql.api)
    with beside_us(on_postgresql) as neighbour:
        neighbour.execute("LOCK TABLE customers_customer IN ACCESS EXCLUSIVE MODE")
        answers = [tally.create(), tally.read()]
    assert list(map(status, answers)) == [503, 503]
    logged(tally, "LockNotAvailable")
    succeeds_now(tally)


def test_a_query_past_its_timeout(on_postgresql: OnPostgresql) -> None:
    tally = Tally("PostgreSQL: a query past statement_timeout", on_postgresql.api)
    on_postgresql.cluster.execute(SLOWLY, database=ROLE)
    answer = tally.send("POST", "", {**customer(uuid.uuid4().hex), "display_name": SLOW})
    assert status(answer) == 503
    logged(tally, "QueryCanceled")
    succeeds_now(tally)


def test_a_connection_that_the_administrator_ends_in_the_middle_of_a_query(on_postgresql: OnPostgresql) -> None:
    tally = Tally("PostgreSQL: a connection ended mid-query", on_postgresql.api)
    on_postgresql.cluster.execute(SLOWLY, database=ROLE)
    with sent_beside(tally, "POST", "", {**customer(uuid.uuid4().hex), "display_name": SLOW}) as sent:
        wait_until(lambda: waits(on_postgresql, "Timeout"))  # pg_sleep
        on_postgresql.cluster.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        )
    assert status(sent.result()) == 503
    succeeds_now(tally)


def test_a_deadlock(on_postgresql: OnPostgresql) -> None:
    tally = Tally("PostgreSQL: a deadlock", on_postgresql.api)
    first, second = (customer(uuid.uuid4().hex) for _ in range(2))
    tally.create()
    with beside_us(on_postgresql) as neighbour:
        neighbour.execute("SET deadlock_timeout = '1min'")  # so that it's the API that finds it, and gives way
        insert(neighbour, second["email"])
        with sent_beside(tally, "POST", "/bulk", {"customers": [first, second]}) as sent:
            wait_until(lambda: waits(on_postgresql, "Lock"))
            insert(neighbour, first["email"])
        assert status(sent.result()) == 503
    logged(tally, "DeadlockDetected")
    again = tally.send("POST", "/bulk", {"customers": [first, second]})
    assert again
    assert [result["status"] for result in again.body["data"]] == [201, 201]
    succeeds_now(tally)


def insert(neighbour: psycopg.Connection[Any], email: str) -> None:
    """Store a customer like one that is there, with an e-mail address of its own."""
    fields = "jsonb_build_object('id', gen_random_uuid(), 'email', %s::text, 'email_key', %s::text)"
    neighbour.execute(
        "INSERT INTO customers_customer"
        f" SELECT (jsonb_populate_record(alike, {fields})).* FROM customers_customer AS alike LIMIT 1",
        [email, email],
    )


@contextmanager
def customers_on(disk: Path, on: OnPostgresql) -> Iterator[None]:
    """Keep the table of customers on a disk of its own, without the room that rows of other tests have left in it."""
    on.cluster.own(disk)
    on.cluster.execute("VACUUM FULL customers_customer", database=ROLE)
    on.cluster.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
    on.cluster.execute("ALTER TABLE customers_customer SET TABLESPACE small", database=ROLE)
    try:
        yield
    finally:
        on.cluster.execute("ALTER TABLE customers_customer SET TABLESPACE pg_default", database=ROLE)
        on.cluster.execute("DROP TABLESPACE small")


def test_a_full_disk(on_postgresql: OnPostgresql, small_disk: Path) -> None:
    tally = Tally("PostgreSQL on a full disk", on_postgresql.api)
    with customers_on(small_disk, on_postgresql):
        with full(small_disk):
            created = [tally.create() for _ in range(200)][-1]  # the table's last page has room for some
            read = tally.read()
        assert (status(created), status(read)) == (503, 200)
        logged(tally, "DiskFull")
        succeeds_now(tally)


@contextmanager
def repeatable_read(on: OnPostgresql) -> Iterator[None]:
    """Have the API's transactions see one state of the database, so that some can't be put in an order with others."""
    try:
        on.cluster.execute(f"ALTER ROLE {ROLE} SET default_transaction_isolation = 'repeatable read'")
        on.cluster.disconnect_api()
        yield
    finally:
        on.cluster.execute(f"ALTER ROLE {ROLE} RESET default_transaction_isolation")
        on.cluster.disconnect_api()


def test_a_serialization_failure(on_postgresql: OnPostgresql) -> None:
    tally = Tally("PostgreSQL: a serialization failure", on_postgresql.api)
    made = tally.create()
    assert made
    path = f"/{made.body['data']['id']}"
    with repeatable_read(on_postgresql), on_postgresql.cluster.connect(dbname=ROLE) as neighbour:
        with sent_beside_a_change(on_postgresql, neighbour, tally, path) as sent:
            neighbour.execute("COMMIT")
        assert status(sent.result()) == 503
    logged(tally, "SerializationFailure")
    succeeds_now(tally)


@contextmanager
def sent_beside_a_change(
    on: OnPostgresql, neighbour: psycopg.Connection[Any], tally: Tally, path: str
) -> Iterator[Future[Answer | None]]:
    """Change a customer that a neighbour changes too, and wait for the neighbour."""
    neighbour.execute("BEGIN")
    neighbour.execute("UPDATE customers_customer SET version = version WHERE id = %s", [path[1:]])
    with sent_beside(tally, "PATCH", path, {"display_name": "Changed"}) as sent:
        wait_until(lambda: waits(on, "Lock"))
        yield sent
