"""Tallies: what clients were answered while something was broken, and what became of what was acknowledged."""

import json
import logging
import os
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from tests.faults import COLUMNS
from tests.faults.servers import BROKEN, LONGEST, Api, beside, customer
from tests.processes import Answer

CLIENTS = 8
BREATH = 0.01  # seconds between two requests of a client: what is measured is the fault, not a machine with no room
FAILED = {"error": "Failed to fetch customers"}
logger = logging.getLogger(__name__)


def status(answer: Answer | None) -> int:
    """Answer the status; 0 where the connection broke."""
    return answer.status if answer else 0


@dataclass(frozen=True)
class Asked:
    """A request that was answered, or whose connection broke: status 0."""

    status: int
    begun: float
    ended: float


@dataclass
class Tally:
    """What a fault did to the requests of clients that go on creating and reading customers."""

    fault: str
    api: Api
    asked: list[Asked] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)
    lifted_at: float = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        """Send a request and note its answer; raise one of BROKEN where the connection broke."""
        begun, answer = time.monotonic(), None
        try:
            answer = self.api.send(method, path, body, **headers)
        finally:
            with self.lock:
                self.asked.append(Asked(status(answer), begun, time.monotonic()))
                self.judge(answer)
        return answer

    def send(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer | None:
        """Send a request and note its answer; None where the connection broke."""
        with suppress(*BROKEN):
            return self.ask(method, path, body, **headers)
        return None

    def judge(self, answer: Answer | None) -> None:
        """Note a failure that is not the contract's 503."""
        if answer and answer.status >= 500:
            is_right = (answer.status, answer.body, answer.headers["Retry-After"]) == (503, FAILED, "1")
            self.wrong += [] if is_right else [(answer.status, answer.body, answer.headers.items())]

    def create(self) -> Answer | None:
        answer = self.send("POST", body=customer(uuid.uuid4().hex))
        if answer and status(answer) == 201:
            self.acknowledged.append(answer.body["data"]["id"])
        return answer

    def read(self) -> Answer | None:
        with self.lock:
            known = random.choice(self.acknowledged) if self.acknowledged else ""
        return self.send("GET", f"/{known}" if known else "?limit=1")

    def go_on(self, stop: Event) -> None:
        """Create and read customers until told to stop."""
        while not stop.is_set():
            self.create()
            time.sleep(BREATH)
            self.read()
            time.sleep(BREATH)

    @contextmanager
    def clients(self, count: int = CLIENTS) -> Iterator[None]:
        """Have clients ask beside the block, which begins when they have been served, and once more at its end."""
        with beside(*[partial(self.go_on)] * count):
            self.wait_for_success(count)
            yield
            self.lifted_at = self.lifted_at or time.monotonic()
            self.wait_for_success(count)

    def wait_for_success(self, count: int) -> None:
        """Wait for so many more successes, of requests that begin from now on."""
        now, end = time.monotonic(), time.monotonic() + LONGEST
        while sum(200 <= asked.status < 300 for asked in self.since(now)) < count:
            assert time.monotonic() < end, f"{self.fault}: nobody is served."
            time.sleep(0.01)

    def since(self, moment: float) -> list[Asked]:
        """Answer the requests that began after a moment."""
        with self.lock:
            return [asked for asked in self.asked if asked.begun >= moment]

    @property
    def statuses(self) -> Counter[int]:
        with self.lock:
            return Counter(asked.status for asked in self.asked)

    @property
    def lost(self) -> int:
        """How many acknowledged customers are not in the table."""
        stored = {str(uuid.UUID(str(id_))) for (id_,) in self.api.database.rows("SELECT id FROM customers_customer")}
        return len(set(self.acknowledged) - stored)

    @property
    def recovered(self) -> float | None:
        """How many seconds after the fault's end the first success came."""
        ends = [each.ended for each in self.asked if 200 <= each.status < 300 and each.ended > self.lifted_at]
        return min(ends) - self.lifted_at if self.lifted_at and ends else None

    def row(self) -> list[Any]:
        """Answer the fault's row of the table, as COLUMNS say."""
        count: Callable[[range], int] = lambda range_: sum(self.statuses[status] for status in range_)  # noqa: E731
        fives = count(range(500, 600))
        times = sorted(asked.ended - asked.begun for asked in self.asked)
        counts = (count(range(200, 300)), count(range(400, 500)) - self.statuses[429], self.statuses[429])
        p99 = round(times[len(times) * 99 // 100] * 1_000)
        recovered = None if self.recovered is None else round(self.recovered, 2)
        failures = (self.statuses[503], fives - self.statuses[503], self.statuses[0])
        return [self.fault, len(self.asked), *counts, *failures, p99, len(self.acknowledged), self.lost, recovered]

    def report(self) -> None:
        """Write the fault's row into the log, and into the table where one is wanted."""
        row = self.row()
        logger.info("%s", dict(zip(COLUMNS, row, strict=True)))
        if table := os.environ.get("FAULTS_TABLE"):
            with Path(table).open("a") as file:
                file.write(json.dumps(row) + "\n")

    def check(self) -> None:
        """Report, and see that nothing acknowledged was lost and no answer broke the contract."""
        self.report()
        assert not self.wrong
        assert self.lost == 0
        assert self.statuses[0] == 0, "A connection broke."
