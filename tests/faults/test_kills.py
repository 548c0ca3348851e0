"""Kills: workers die in the middle of requests, and nothing that was answered is lost or happens twice."""

import logging
import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from tests.faults.servers import BROKEN, Api, beside, customer, email
from tests.faults.tally import Tally
from tests.processes import Answer

CLIENTS = 16
MOST_TRIES = 1_000
PAUSE = 0.05  # seconds between two tries
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Post:
    """A create under an Idempotency-Key that was retried until it was answered; `name` is the key."""

    name: str
    answer: Answer
    tries: int


@dataclass
class Journal:
    """What the clients have seen; `lost` are creates without a key whose connection broke before an answer came."""

    retried: list[Post] = field(default_factory=list)
    single: list[tuple[str, Answer]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return len(self.retried) + len(self.single)

    @property
    def keyed(self) -> list[tuple[str, Answer]]:
        return [(post.name, post.answer) for post in self.retried]

    @property
    def answers(self) -> list[tuple[str, Answer]]:
        return self.keyed + self.single


def kills(api: Api) -> int:
    return int(os.environ.get("FAULT_KILLS") or (10 if api.database.is_postgresql else 5))


def is_to_be_retried(answer: Answer) -> bool:
    return answer.status == 503 or (answer.status == 409 and answer.body["error"].endswith("is in progress"))


def post_until_answered(tally: Tally, name: str) -> Post:
    for tries in range(1, MOST_TRIES + 1):
        with suppress(*BROKEN):
            answer = tally.ask("POST", body=customer(name), Idempotency_Key=name)
            if not is_to_be_retried(answer):
                return Post(name, answer, tries)
        time.sleep(PAUSE)
    raise TimeoutError(f"{name} was never answered.")


def post_once(tally: Tally, name: str, journal: Journal) -> None:
    try:
        journal.single.append((name, tally.ask("POST", body=customer(name))))
    except BROKEN:
        journal.lost.append(name)
        time.sleep(PAUSE)


def post_again_and_again(tally: Tally, journal: Journal, stop: Event) -> None:
    """Create customers, most of them under a key, until told to stop; none is given up before it's answered."""
    while not stop.is_set():
        name = uuid.uuid4().hex
        if random.random() < 0.8:
            journal.retried.append(post_until_answered(tally, name))
        else:
            post_once(tally, name, journal)


def workers_of(api: Api) -> list[int]:
    pid = api.server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for_progress(journal: Journal) -> None:
    """Wait until there are more new answers than can have been under way, so that a worker is serving again."""
    enough = journal.answered + CLIENTS
    for _ in range(MOST_TRIES):
        if journal.answered > enough:
            return
        time.sleep(PAUSE)
    raise TimeoutError("No worker answers.")


def kill_workers(api: Api, journal: Journal) -> None:
    """Kill a random worker again and again, each time in the middle of its work."""
    for _ in range(kills(api)):
        wait_for_progress(journal)
        time.sleep(random.uniform(0, 0.3))
        os.kill(random.choice(workers_of(api)), signal.SIGKILL)
    wait_for_progress(journal)


def stored(api: Api) -> Counter[tuple[str, str]]:
    """Answer how often each e-mail and id stand in the table."""
    rows = api.database.rows("SELECT email, id FROM customers_customer")
    return Counter((address, str(uuid.UUID(str(id_)))) for address, id_ in rows)


def named(posts: Iterable[tuple[str, Answer]]) -> set[tuple[str, str]]:
    """Answer the e-mails and ids of the customers that were acknowledged."""
    return {(email(name), answer.body["data"]["id"]) for name, answer in posts if answer.status == 201}


def retry_all(tally: Tally, posts: list[Post]) -> list[Post]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(lambda post: post_until_answered(tally, post.name), posts))


def report(api: Api, journal: Journal, seconds: float) -> None:
    statuses = Counter(answer.status for _, answer in journal.single)
    statuses.update(post.answer.status for post in journal.retried)
    replayed = sum("Idempotent-Replayed" in post.answer.headers for post in journal.retried)
    tries = sum(post.tries for post in journal.retried)
    logger.info(
        "%s kills in %.0f s: %s keys in %s tries, %s answered by a replay; %s without a key, %s of them lost; %s",
        *(kills(api), seconds, len(journal.retried), tries, replayed),
        *(len(journal.single) + len(journal.lost), len(journal.lost), dict(statuses)),
    )


@pytest.mark.faults
def test_killed_workers_lose_nothing_and_do_nothing_twice(api: Api) -> None:
    journal, start = Journal(), time.monotonic()
    tally = Tally(f"a worker killed {kills(api)} times", api)
    with beside(*[partial(post_again_and_again, tally, journal)] * CLIENTS):
        kill_workers(api, journal)
    report(api, journal, time.monotonic() - start)
    tally.acknowledged += [id_ for _, id_ in named(journal.answers)]
    tally.report()

    assert any(post.tries > 1 for post in journal.retried), "no kill met a request"
    assert {answer.status for _, answer in journal.keyed} == {201}
    assert {answer.status for _, answer in journal.single} <= {201, 503}  # no connection in time is an honest answer
    rows, acknowledged = stored(api), named(journal.answers)
    assert set(rows.values()) == {1}
    assert acknowledged <= set(rows)
    assert {address for address, _ in set(rows) - acknowledged} <= set(map(email, journal.lost))

    again = retry_all(tally, journal.retried)
    assert {(post.answer.status, post.answer.headers["Idempotent-Replayed"]) for post in again} == {(201, "true")}
    assert named((post.name, post.answer) for post in again) == named(journal.keyed)
    assert stored(api) == rows
