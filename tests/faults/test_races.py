"""Races: many requests for one identity at once make one customer, and all are answered as if one had come first."""

import logging
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Barrier
from uuid import UUID

import pytest

from tests.faults.servers import LONGEST, Api, customer
from tests.processes import Answer

RACERS = 50
ROUNDS = int(os.environ.get("FAULT_ROUNDS") or 15)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Round:
    """What the upserts and the creates of one identity were answered."""

    name: str
    upserts: list[Answer]
    creates: list[Answer]

    @property
    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.upserts + self.creates)

    @property
    def named(self) -> set[UUID]:
        """The ids of the customers that were answered."""
        return {UUID(answer.body["data"]["id"]) for answer in self.upserts + self.creates if answer.status < 300}


def race(api: Api, start: Barrier, name: str, number: int) -> Answer:
    """Upsert or create the customer of that name together with all others; half of the racers do the one."""
    body = {**customer(name), "display_name": f"Racer {number}"}
    start.wait(LONGEST)
    if number % 2:
        return api.send("PUT", f"/by-external-id/{name}", body)
    return api.send("POST", body={**body, "external_id": name})


def run_round(api: Api, pool: ThreadPoolExecutor, name: str) -> Round:
    answers = list(pool.map(partial(race, api, Barrier(RACERS), name), range(RACERS)))
    return Round(name, upserts=answers[1::2], creates=answers[::2])


def stored(api: Api) -> Counter[tuple[str, UUID]]:
    """Answer how often each external id, with its customer's id, stands in the table."""
    rows = api.database.rows("SELECT external_id, id FROM customers_customer")
    return Counter((external_id, UUID(str(id_))) for external_id, id_ in rows)


def check(raced: Round, rows: Counter[tuple[str, UUID]]) -> None:
    """See that one racer made the customer, that all others met it, and that it is the only one."""
    assert {answer.status for answer in raced.upserts} <= {200, 201}
    assert {answer.status for answer in raced.creates} <= {201, 409}
    assert raced.statuses[201] == 1
    assert [(id_, count) for (name, id_), count in rows.items() if name == raced.name] == [(*raced.named, 1)]


@pytest.mark.faults
def test_requests_for_one_identity_at_once_make_one_customer(api: Api) -> None:
    statuses, start = Counter[int](), time.monotonic()
    with ThreadPoolExecutor(RACERS) as pool:
        for number in range(1, ROUNDS + 1):
            raced = run_round(api, pool, f"race-{number}")
            statuses += raced.statuses
            rows = stored(api)
            check(raced, rows)
            assert rows.total() == number
    seconds = time.monotonic() - start
    logger.info("%s rounds, %s requests in %.0f s: %s", ROUNDS, statuses.total(), seconds, dict(statuses))
    assert statuses.total() == ROUNDS * RACERS
