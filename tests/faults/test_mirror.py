"""Mirrors: who follows the feed ends up with the very table, whatever is written meanwhile, for however long."""

import json
import logging
import os
import random
import subprocess
import sys
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.faults.servers import LONGEST, Api, beside, customer, email
from tests.processes import ROOT, Answer, surroundings

WRITERS = 8
SECONDS = int(os.environ.get("FAULT_SECONDS") or 6)
EXTERNAL_IDS = 20
FIELDS = ("id", "account_type", "display_name", "email", "phone")
PAUSE = 0.02  # seconds; how often a mirror that is up to date looks for more
logger = logging.getLogger(__name__)


@dataclass
class Mirror:
    """A copy of the customers, kept by following the feed in pages of up to `most` changes."""

    api: Api
    most: int
    cursor: dict[str, str] = field(default_factory=dict)
    customers: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, str, str]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def follow(self, stop: Event) -> None:
        while not stop.is_set():
            if not self.take_page().body.get("data"):
                time.sleep(PAUSE)

    def catch_up(self) -> None:
        while True:
            answer = self.take_page()
            assert answer.status == 200
            if not answer.body["data"]:
                return

    def take_page(self) -> Answer:
        query = {"limit": random.randint(1, self.most), **self.cursor}
        answer = self.api.send("GET", f"/changes?{urlencode(query)}")
        self.statuses[answer.status] += 1
        if answer.status == 200:
            self.cursor = {"cursor": answer.body["pagination"]["next_cursor"]}
            for change in answer.body["data"]:
                self.apply(change)
        return answer

    def apply(self, change: dict[str, Any]) -> None:
        self.events.append((change["type"], change["customer_id"], change["occurred_at"]))
        self.customers[change["customer_id"]] = change["customer"]
        if change["customer"] is None:
            del self.customers[change["customer_id"]]


@dataclass(frozen=True)
class Writer:
    """Creates, changes, replaces and deletes customers, those of other writers included; `ids` are all there were."""

    api: Api
    ids: list[str]

    def write(self, stop: Event) -> Counter[int]:
        """Write until told to stop; answer what came of it."""
        acts = (self.create, self.create, self.change, self.change, self.replace, self.create_many, self.delete)
        statuses = Counter[int]()
        while not stop.is_set():
            statuses[random.choice(acts)().status] += 1
        return statuses

    def create(self) -> Answer:
        answer = self.api.send("POST", body=customer(uuid.uuid4().hex))
        if answer.status == 201:
            self.ids.append(answer.body["data"]["id"])
        return answer

    def create_many(self) -> Answer:
        return self.api.send("POST", "/bulk", {"customers": [customer(uuid.uuid4().hex) for _ in range(5)]})

    def change(self) -> Answer:
        fields = [
            {"display_name": uuid.uuid4().hex},
            {"email": email(uuid.uuid4().hex)},
            {"email": None, "phone": None},
        ]
        return self.api.send("PATCH", f"/{random.choice(self.ids)}", random.choice(fields))

    def replace(self) -> Answer:
        name = f"replaced-{random.randrange(EXTERNAL_IDS)}"
        return self.api.send("PUT", f"/by-external-id/{name}", {**customer(name), "company_name": uuid.uuid4().hex})

    def delete(self) -> Answer:
        return self.api.send("DELETE", f"/{random.choice(self.ids)}")


def write_long(api: Api) -> Counter[str]:
    """Write in long transactions for SECONDS; on SQLite, where those stop all other writing, in shorter ones."""
    hold = min(2, SECONDS / 6) if api.database.is_postgresql else 0.4
    module = ("-m", "tests.faults.long_transactions", api.organization, str(SECONDS), str(hold))
    where = surroundings(DATABASE_URL=api.database.url)
    command, longest = [sys.executable, *module], SECONDS + LONGEST
    result = subprocess.run(command, cwd=ROOT, env=where, capture_output=True, text=True, timeout=longest, check=False)
    assert result.returncode == 0, result.stderr
    return Counter(json.loads(result.stdout))


def write_long_at_once(api: Api) -> Counter[str]:
    """Have two neighbours write in long transactions; answer how those ended."""
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(write_long, [api, api])
    return first + second


def listed(api: Api) -> dict[str, Any]:
    """Answer the customers by id, as the list shows them."""
    found: dict[str, Any] = {}
    cursor: dict[str, Any] = {}
    while cursor.get("cursor", "") is not None:
        page = api.send("GET", f"?{urlencode({'limit': 100, **cursor})}").body
        found |= {each["id"]: each for each in page["data"]}
        cursor = {"cursor": page["pagination"]["next_cursor"]}
    return found


def stored(api: Api) -> set[tuple[str | None, ...]]:
    """Answer what stands in the table, read past the API: FIELDS of each customer."""
    rows = api.database.rows("SELECT id, account_type, display_name, email, phone FROM customers_customer")
    return {(str(uuid.UUID(str(id_))), *texts) for id_, *texts in rows}


def shown(customers: dict[str, Any]) -> set[tuple[str | None, ...]]:
    return {tuple(each[name] for name in FIELDS) for each in customers.values()}


def check_statuses(api: Api, statuses: Counter[int]) -> None:
    """See that nothing failed; SQLite may have been locked for too long, seldom."""
    assert set(statuses) <= {200, 201, 204, 404, 503}
    assert statuses[503] <= (0 if api.database.is_postgresql else statuses.total() / 10)


@pytest.mark.faults
def test_mirrors_that_follow_the_feed_equal_the_table(api: Api) -> None:
    start, writer, wide, narrow = time.monotonic(), Writer(api, []), Mirror(api, 100), Mirror(api, 5)
    writer.create()
    with beside(wide.follow, narrow.follow), beside(*[partial(writer.write)] * WRITERS) as written:
        ends = write_long_at_once(api)
    wide.catch_up()
    narrow.catch_up()
    late = Mirror(api, 100)
    late.catch_up()
    statuses = sum((future.result() for future in written), Counter[int]())
    seconds = time.monotonic() - start
    logger.info("%.0f s: written %s; long transactions %s", seconds, dict(statuses), dict(ends))
    logger.info("%s changes; read %s and %s", len(late.events), dict(wide.statuses), dict(narrow.statuses))

    assert ends["committed"] > 0
    assert ends["undone"] > 0
    assert wide.customers == narrow.customers == late.customers == listed(api)
    assert shown(wide.customers) == stored(api)
    assert wide.events == narrow.events == late.events
    check_statuses(api, statuses + wide.statuses + narrow.statuses)
