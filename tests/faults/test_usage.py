"""Usage under a served API: what was answered counts once, to the end; a kill costs what wasn't written yet."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.neighbours import wait_until
from tests.faults.servers import BROKEN, Api, prepare, serving_gunicorn, throw_away_database
from tests.faults.test_kills import workers_of

pytestmark = pytest.mark.served
PAUSE = 0.05  # seconds between two tries


def counted(api: Api) -> tuple[int, int, int]:
    """Answer how many requests were counted as granted and as refused, by the hour, and how many refusals are kept."""
    ((granted, refused),) = api.database.rows(
        "SELECT coalesce(sum(granted), 0), coalesce(sum(bad_request), 0) FROM usage_hour"
    )
    ((kept,),) = api.database.rows("SELECT count(*) FROM usage_refusal")
    return int(granted), int(refused), int(kept)


def ask(api: Api, times: int) -> None:
    """Be granted and refused that often, each."""
    for _ in range(times):
        assert [api.send("GET").status, api.send("GET", "?limt=1").status] == [200, 400]


def ask_until_answered(api: Api) -> None:
    """Ask until a new worker answers."""
    while True:
        with suppress(*BROKEN):
            assert api.send("GET").status == 200
            return
        time.sleep(PAUSE)


def test_what_is_served_is_counted_once(tmp_path: Path) -> None:
    with throw_away_database(tmp_path) as database:
        organization, (key,) = prepare(database)
        with serving_gunicorn(tmp_path / "log", database, USAGE_FLUSH_SECONDS="1") as server:
            api = Api(database, server, organization, key)
            ask(api, 10)
            wait_until(lambda: counted(api) == (10, 10, 10))
            for worker in workers_of(api):
                os.kill(worker, signal.SIGKILL)
            ask_until_answered(api)
            ask(api, 5)
        granted, refused, kept = counted(api)
        assert (granted, refused, kept) == (16, 15, 15)
        assert database.rows("SELECT sum(granted), sum(bad_request) FROM usage_day") == [(granted, refused)]
