"""PostgreSQL out: the contract's 503 until it's back, success from then on, and nothing acknowledged is lost."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import psycopg
import pytest

from tests.faults.conftest import OnPostgresql
from tests.faults.neighbours import ROLE, Cluster, wait_until
from tests.faults.tally import Tally, status

SECONDS = float(os.environ.get("FAULT_OUT") or 1.5)  # how long a fault lasts; ten at full size
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"),
        reason="It needs PostgreSQL, which DATABASE_URL does not name.",
    ),
]


@contextmanager
def restarted_fast(cluster: Cluster) -> Iterator[None]:
    cluster.stop("fast")
    cluster.start()
    yield


@contextmanager
def restarted_immediately(cluster: Cluster) -> Iterator[None]:
    """Restart it as a crash does: it recovers from its log."""
    cluster.stop("immediate")
    cluster.start()
    yield


@contextmanager
def stopped(cluster: Cluster) -> Iterator[None]:
    cluster.stop("fast")
    try:
        time.sleep(SECONDS)
        yield
    finally:
        cluster.start()


@contextmanager
def out_of_connections(cluster: Cluster) -> Iterator[None]:
    """Take every connection that the API's role can have, those that it has included."""
    with ExitStack() as held:
        while cluster.connections_of_the_api():
            cluster.disconnect_api()
            take_connections(cluster, held)
        time.sleep(SECONDS)
        yield


def take_connections(cluster: Cluster, held: ExitStack) -> None:
    """Connect as the API's role until there are no connections left."""
    for _ in range(100):
        try:
            held.enter_context(psycopg.connect(cluster.database.url, application_name="greedy"))
        except psycopg.OperationalError:
            return
    raise AssertionError("There were connections without end.")


@contextmanager
def read_only(cluster: Cluster) -> Iterator[None]:
    """Let the API's connections read and no more, as one does that was left on a standby."""
    cluster.execute(f"ALTER ROLE {ROLE} SET default_transaction_read_only = on")
    try:
        cluster.disconnect_api()
        time.sleep(SECONDS)
        yield
    finally:
        cluster.execute(f"ALTER ROLE {ROLE} RESET default_transaction_read_only")
        cluster.disconnect_api()


Fault = Callable[[Cluster], AbstractContextManager[None]]
FAULTS: dict[str, Fault] = {
    "PostgreSQL restarted (fast)": restarted_fast,
    "PostgreSQL restarted (immediate)": restarted_immediately,
    f"PostgreSQL stopped for {SECONDS:.3g} s": stopped,
    "PostgreSQL out of connections": out_of_connections,
    "PostgreSQL read-only": read_only,
}


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_503_until_postgresql_is_back_and_success_from_then_on(on_postgresql: OnPostgresql, name: str) -> None:
    tally = Tally(name, on_postgresql.api)
    with tally.clients():
        with FAULTS[name](on_postgresql.cluster):
            pass
        tally.lifted_at = time.monotonic()
    tally.check()
    assert set(tally.statuses) == {200, 201, 503}
    late = [asked.status for asked in tally.since(tally.lifted_at)]
    assert late
    assert 503 not in late, "A connection that had broken was used again."


def test_reads_go_on_while_postgresql_is_read_only(on_postgresql: OnPostgresql) -> None:
    tally = Tally("", on_postgresql.api)
    tally.create()
    with read_only(on_postgresql.cluster):
        assert (status(tally.create()), status(tally.read())) == (503, 200)


def test_it_is_ready_again_when_postgresql_is(on_postgresql: OnPostgresql) -> None:
    def ready() -> tuple[int, str]:
        answer = on_postgresql.api.server.request("GET", "/readyz")
        return answer.status, answer.body["database"]

    assert ready() == (200, "ok")
    with stopped(on_postgresql.cluster):
        assert {ready() for _ in range(10)} == {(503, "unavailable")}
    wait_until(lambda: ready() == (200, "ok"))
