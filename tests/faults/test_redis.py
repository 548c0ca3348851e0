"""Redis out: requests go on at once, limits hold as well as one process alone can hold them, and all by itself."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Event

import pytest
import redis

from tests.faults.neighbours import RedisServer, own_redis, wait_until
from tests.faults.servers import Api, beside, serving_api
from tests.faults.tally import Tally

SECONDS = float(os.environ.get("FAULT_OUT") or 1.5)  # how long a fault lasts
CACHE_TIMEOUT = os.environ.get("FAULT_CACHE_TIMEOUT") or "0.5"  # seconds; on a busy machine a late answer is none less
LIMIT, PROCESSES = 20, 2
WARNING = "The shared cache does not answer"
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"),
        reason="The database makes no difference: once is enough, and it's where DATABASE_URL is a PostgreSQL.",
    ),
]


@dataclass(frozen=True)
class Served:
    """An API in two processes, and the Redis that they share."""

    api: Api
    redis: RedisServer
    begun: float

    @property
    def cache_state(self) -> str:
        return str(self.api.server.request("GET", "/readyz").body["cache"])

    def is_back(self) -> bool:
        """Whether both processes are back, as far as ten answers can tell."""
        return {self.cache_state for _ in range(10)} == {"ok"}

    def admitted(self, requests: int, key: int) -> int:
        """Answer how many of the requests of a limited key are admitted, when they come at once."""
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda _: self.api.limited(key).send("GET", "?limit=1"), range(requests))
        statuses = Counter(answer.status for answer in answers)
        assert set(statuses) <= {200, 429}
        return statuses[200]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    where = {"WEB_CONCURRENCY": str(PROCESSES), "CACHE_TIMEOUT": CACHE_TIMEOUT}
    with (
        own_redis(folder) as redis_server,
        serving_api(folder, None, *[{"per_day": LIMIT}] * 4, CACHE_URL=redis_server.url, **where) as api,
    ):
        yield Served(api, redis_server, time.monotonic())


@contextmanager
def stopped(server: RedisServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def frozen(server: RedisServer) -> Iterator[None]:
    server.send(signal.SIGSTOP)
    try:
        yield
    finally:
        server.send(signal.SIGCONT)


@contextmanager
def evicting(server: RedisServer) -> Iterator[None]:
    """Leave Redis hardly any memory, which others keep filling."""
    with server.client as client:
        client.config_set("maxmemory-policy", "allkeys-random")
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 200_000)
        with beside(partial(fill, server)):
            yield
        client.config_set("maxmemory", 0)
        client.flushall()


def fill(server: RedisServer, stop: Event) -> None:
    with server.client as client:
        while not stop.is_set():
            with suppress(redis.exceptions.OutOfMemoryError):
                client.mset({f"junk:{os.urandom(8).hex()}": os.urandom(500) for _ in range(100)})


@contextmanager
def restarted_empty(server: RedisServer) -> Iterator[None]:
    server.stop()
    server.start()
    yield


Fault = Callable[[RedisServer], AbstractContextManager[None]]
FAULTS: dict[str, Fault] = {
    "Redis stopped": stopped,
    "Redis frozen (SIGSTOP)": frozen,
    "Redis evicting": evicting,
    "Redis restarted empty": restarted_empty,
}


@pytest.mark.parametrize("name", FAULTS)
def test_without_redis_every_request_is_served(served: Served, name: str) -> None:
    tally = Tally(name, served.api)
    with tally.clients():
        with FAULTS[name](served.redis):
            time.sleep(SECONDS)
        tally.lifted_at = time.monotonic()
    tally.check()
    assert set(tally.statuses) == {200, 201}
    wait_until(served.is_back)


@pytest.mark.parametrize(("key", "fault"), [(0, stopped), (1, frozen)])
def test_while_redis_is_out_each_process_admits_its_share_and_then_all_count_together(
    served: Served, key: int, fault: Fault
) -> None:
    wait_until(served.is_back)
    with fault(served.redis):
        first, second = served.admitted(80, key), served.admitted(80, key)
        assert LIMIT // PROCESSES <= first <= first + second <= LIMIT
        wait_until(lambda: served.cache_state == "fallback")
    wait_until(served.is_back)
    with served.redis.client as client:
        client.flushall()  # what was asked before the freeze has been counted after it
    assert served.admitted(80, key) == LIMIT


def test_a_fault_is_told_of_once_a_minute(served: Served) -> None:
    with stopped(served.redis):
        assert {served.api.send("GET").status for _ in range(30)} == {200}
        served.api.server.wait_for_line(WARNING)
    minutes = 1 + (time.monotonic() - served.begun) // 60
    assert 1 <= served.api.server.log.read_text().count(WARNING) <= PROCESSES * minutes
    wait_until(served.is_back)


def test_a_request_asks_redis_once(served: Served) -> None:
    wait_until(served.is_back)
    limited = served.api.limited(2)
    limited.send("GET")
    with served.redis.client as client:
        client.config_resetstat()
        assert {limited.send("GET").status for _ in range(LIMIT + 5)} == {200, 429}
        calls = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in client.info("commandstats").items()}
    assert calls["evalsha"] == LIMIT + 5
    assert calls["incrby"] >= LIMIT + 5  # within the script alone
    assert not {"exists", "get", "incr", "set"} & set(calls)


def test_no_counter_without_its_end_is_left(served: Served) -> None:
    wait_until(served.is_back)
    with restarted_empty(served.redis):
        served.admitted(80, key=3)
        served.api.send("GET", x_api_key="nonsense")
    with served.redis.client as client:
        ends = [client.ttl(name) for name in client.scan_iter("*limit:*")]
    assert len(ends) >= 3  # the key's minute and day, the failed key
    assert min(ends) > 0
