"""Limits hold everywhere: exactly so many are admitted, however many processes count, and across a window's edge."""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from tests.faults.neighbours import RedisServer, own_redis, wait_until
from tests.faults.servers import Api, Database, beside, prepare, serving_gunicorn, throw_away_database
from tests.processes import Answer

LIMIT, MINUTE, CLIENTS = 50, 60, 16
THREADS = {1: "8", 4: "4", 8: "2"}  # so that no more than 16 have a connection to PostgreSQL
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"),
        reason="Eight processes need a PostgreSQL, in DATABASE_URL.",
    ),
]


@dataclass(frozen=True)
class Shared:
    """What all processes share: a database with an organization, and a Redis."""

    database: Database
    redis: RedisServer
    organization: str
    keys: list[str]

    @contextmanager
    def serving(self, folder: Path, processes: int) -> Iterator[Api]:
        """Serve in so many processes, of which each has answered, and which have the clock that the folder says."""
        where = {"CACHE_URL": self.redis.url, "WEB_CONCURRENCY": str(processes), "THREADS": THREADS[processes]}
        log, clock = folder / "log", str(folder / "clock")
        with serving_gunicorn(log, self.database, "tests.faults.clocked", FAULT_CLOCK=clock, **where) as server:
            api = Api(self.database, server, self.organization, self.keys[0], tuple(self.keys[1:]))
            with beside(*[partial(keep_asking, api, [])] * CLIENTS):
                wait_until(lambda: len(set(re.findall(r"answered by <(\d+)>", log.read_text()))) == processes)
            yield api


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    folder = tmp_path_factory.mktemp("shared")
    with own_redis(folder) as redis, throw_away_database(folder) as database:
        yield Shared(database, redis, *prepare(database, {"per_minute": LIMIT}))


def keep_asking(api: Api, answers: list[Answer], stop: Event) -> None:
    while not stop.is_set():
        answers.append(api.send("GET", "?limit=1"))


def are_refused(answers: list[Answer], begun: int) -> bool:
    """Whether more were refused since then than can have been under way."""
    return sum(answer.status == 429 for answer in answers[begun:]) > 2 * CLIENTS


def show(clock: Path, moment: float) -> None:
    """Set the clock, in one step."""
    new = clock.with_suffix(".new")
    new.write_text(str(moment))
    new.replace(clock)


def ask_across_an_edge(api: Api, clock: Path) -> list[Answer]:
    """Ask with the limited key a second before a minute's end, until it's refused, then a second after it; answer all.

    The clocks stand still on either side, so that it's the same however long that takes.
    """
    answers: list[Answer] = []
    edge = time.time() // MINUTE * MINUTE + MINUTE
    show(clock, edge - 1)
    with beside(*[partial(keep_asking, api.limited(), answers)] * CLIENTS):
        wait_until(partial(are_refused, answers, 0))
        show(clock, edge + 1)
        wait_until(partial(are_refused, answers, len(answers)))
    return answers


@pytest.mark.parametrize("processes", [1, 4, 8])
def test_exactly_the_limit_is_admitted_in_each_of_two_minutes(shared: Shared, tmp_path: Path, processes: int) -> None:
    with shared.redis.client as client:
        client.flushall()
    with shared.serving(tmp_path, processes) as api:
        answers = ask_across_an_edge(api, tmp_path / "clock")
    statuses = Counter((is_before_the_edge(answer), answer.status) for answer in answers)
    assert {status for _, status in statuses} == {200, 429}
    assert (statuses[True, 200], statuses[False, 200]) == (LIMIT, LIMIT)
    assert min(statuses[True, 429], statuses[False, 429]) > 0, "too few asked"


def is_before_the_edge(answer: Answer) -> bool:
    """Whether an answer was counted in the minute that was about to end."""
    state = re.fullmatch(r'"minute";r=\d+;t=(\d+)', answer.headers["RateLimit"])
    assert state
    return int(state[1]) <= MINUTE / 2
