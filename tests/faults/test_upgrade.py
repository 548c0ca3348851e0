"""Upgrades: the previous release serves while `migrate` changes its tables, then this one takes over; none fails."""

import io
import json
import logging
import random
import subprocess
import sys
import tarfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

import psycopg
import pytest

from tests.callers import MANY
from tests.faults.servers import GUNICORN, THREADS, Api, Database, beside, customer, throw_away_database
from tests.processes import ROOT, UNMEASURED, Answer, Server, free_port, run_in, serving_in, surroundings

PREVIOUS = (
    "719ff0f"  # the release before this one: its tables are those of organizations 0001, apikeys 0001, customers 0003
)
SCOPES = "read:customers,write:customers,delete:customers"
CLIENTS = 4
ENOUGH = 40  # answers of each stage
ROWS = 20_000
HELD = 4  # seconds that somebody's transaction stays open
LONGEST = 20  # seconds; whoever waits longer is kept waiting by a lock that the migration waits for
PREFILL = """
    INSERT INTO customers_customer (id, organization_id, account_type, display_name, company_name, first_name,
        last_name, email, email_key, phone_key, search_text, version, created_at, updated_at)
    SELECT gen_random_uuid(), organizations_organization.id, 'business', 'Old', 'Old', '', '',
        n || '@old.example', n || '@old.example', '', 'old ' || n, 1, now(), now()
    FROM organizations_organization, generate_series(1, %s) AS n
"""
logger = logging.getLogger(__name__)


@dataclass
class Traffic:
    """What the clients send where, and what they were answered; `api` changes when another server takes over."""

    api: Api
    answers: list[Answer] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    under_way: Counter[int] = field(default_factory=Counter)

    def send(self, method: str, path: str = "", body: object = None, **headers: str) -> Answer:
        begun, api = time.monotonic(), self.api
        self.under_way[api.server.port] += 1
        try:
            answer = api.send(method, path, body, **headers)
        finally:
            self.under_way[api.server.port] -= 1
        self.answers.append(answer)
        self.waited.append(time.monotonic() - begun)
        return answer

    def go_on(self) -> None:
        """Wait until every client has been answered often enough since now."""
        enough = len(self.answers) + ENOUGH * CLIENTS
        for _ in range(1_200):
            if len(self.answers) >= enough:
                return
            time.sleep(0.05)
        raise TimeoutError(f"{len(self.answers)} answers, the last ones {self.answers[-5:]}")

    def move(self, server: Server) -> None:
        """Send everything to another server from now on, and wait until the one before has answered all it has."""
        before = self.api.server.port
        self.api = Api(self.api.database, server, self.api.organization, self.api.key)
        for _ in range(400):
            if not self.under_way[before]:
                return
            time.sleep(0.05)
        raise TimeoutError("The server before does not answer.")


def live(traffic: Traffic) -> None:
    """Take a customer through its life by each way there is to write and to read."""
    name = uuid.uuid4().hex
    made = traffic.send("POST", body=customer(name), Idempotency_Key=name).body["data"]["id"]
    traffic.send("PATCH", f"/{made}", {"first_name": random.choice("abc"), "account_type": "individual"})
    traffic.send("GET", f"/{made}?expand=profile")
    traffic.send("GET", f"?limit=5&search={name[:6]}")
    traffic.send("GET", "?limit=5&account_type=business&order=created_at")
    traffic.send("GET", "/changes?limit=5")
    traffic.send("PUT", f"/by-external-id/{name}", customer(f"{name}-external"))
    traffic.send("POST", "/bulk", {"customers": [customer(f"{name}-{number}") for number in range(3)]})
    if random.random() < 0.5:
        traffic.send("DELETE", f"/{made}")


def live_on(traffic: Traffic, stop: Event) -> None:
    while not stop.is_set():
        live(traffic)


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """The previous release's code, in a folder of its own."""
    archive = subprocess.run(["git", "archive", PREVIOUS], cwd=ROOT, capture_output=True, timeout=60, check=False)
    if archive.returncode:
        pytest.skip(f"This copy of the project has no history that reaches back to {PREVIOUS}.")
    folder = tmp_path / "previous"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as file:
        file.extractall(folder, filter="data")
    return folder


def manage(folder: Path, database: Database, *arguments: str) -> str:
    result = run_in(folder, "manage.py", *arguments, DATABASE_URL=database.url, **UNMEASURED)
    assert result.returncode == 0, result.stderr
    return result.stdout


def serve(database: Database, log: Path, folder: Path = ROOT, **more: str | None) -> AbstractContextManager[Server]:
    port = free_port()
    where = {"BIND": "127.0.0.1", "PORT": str(port), "THREADS": THREADS}
    where |= {"WEB_CONCURRENCY": str(min(2, database.workers))}
    return serving_in(folder, *GUNICORN, "asteri.wsgi", port=port, log=log, DATABASE_URL=database.url, **where, **more)


@pytest.fixture
def traffic(previous: Path, tmp_path: Path) -> Iterator[Traffic]:
    """The previous release as it serves, on its own tables; with a number of rows where that costs little."""
    with throw_away_database(tmp_path) as database:
        manage(previous, database, "migrate", "--verbosity", "0")
        organization = json.loads(manage(previous, database, "create_organization", "Upgrade", "--json"))["id"]
        wanted = ("--organization", organization, "--name", "Upgrade", "--scopes", SCOPES, "--per-minute", str(MANY))
        key = json.loads(manage(previous, database, "create_api_key", *wanted, "--json"))["key"]
        if database.is_postgresql:
            with psycopg.connect(database.url) as connection:
                connection.execute(PREFILL, [ROWS])
        with serve(database, tmp_path / "previous.log", previous, **UNMEASURED) as server:
            yield Traffic(Api(database, server, organization, key))


@contextmanager
def somebody_reading(database: Database) -> Iterator[None]:
    """Somebody's transaction that has read the customers and stays open for a while, as a report's does."""
    if not database.is_postgresql:
        yield
        return
    with psycopg.connect(database.url) as connection:
        connection.execute("SELECT FROM customers_customer LIMIT 1")
        connection.execute("SELECT FROM organizations_organization LIMIT 1")
        yield


def migrate(database: Database) -> None:
    """Migrate, a second time where the first gave way to somebody, as its message asks for."""
    with somebody_reading(database):
        first = start_migrating(database)
        end = time.monotonic() + HELD
        while first.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
    _, error = first.communicate(timeout=120)
    logger.info("The first migrate ended with %s: %s", first.returncode, error)
    if first.returncode:
        assert "lock timeout" in error, error
        second = start_migrating(database)
        _, error = second.communicate(timeout=120)
        assert second.returncode == 0, error


def start_migrating(database: Database) -> "subprocess.Popen[str]":
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    env = surroundings(DATABASE_URL=database.url)
    return subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def counted(traffic: Traffic) -> list[int]:
    """Answer how many customers a list counts, all and those of either type."""
    queries = ("?limit=1", "?limit=1&account_type=business", "?limit=1&account_type=individual")
    return [traffic.send("GET", query).body["pagination"]["count"] for query in queries]


def stored(database: Database) -> list[int]:
    """Answer how many there are."""
    ((total, business, individual),) = database.rows(
        "SELECT count(*), count(CASE account_type WHEN 'business' THEN 1 END),"
        " count(CASE account_type WHEN 'individual' THEN 1 END) FROM customers_customer"
    )
    return [total, business, individual]


@pytest.mark.faults
def test_an_upgrade_refuses_nobody(traffic: Traffic, tmp_path: Path) -> None:
    database = traffic.api.database
    with ExitStack() as servers:
        with beside(*[partial(live_on, traffic)] * CLIENTS):
            traffic.go_on()
            migrate(database)
            traffic.go_on()  # the previous release, on this one's tables
            traffic.move(servers.enter_context(serve(database, tmp_path / "log")))
            traffic.go_on()
        assert counted(traffic) == stored(database)
    statuses = Counter(answer.status for answer in traffic.answers)
    logger.info("%s; the longest took %.1f s", dict(statuses), max(traffic.waited))
    assert set(statuses) <= {200, 201, 204}
    assert max(traffic.waited) < LONGEST
