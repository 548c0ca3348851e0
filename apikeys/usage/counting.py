"""Counting: each request is noted in the memory of its process, and what has gathered is written every few seconds.

No request waits for that, and none writes. A batch is written in one transaction with a row of its own, so one whose
commit was never confirmed is sent again and counts once. A process that is killed loses what it has noted since the
last batch; while the database is out a batch waits for it, and noting goes on.
"""

import logging
import threading
import time

from django.conf import settings
from django.db import DataError, IntegrityError, connection

from apikeys.models import ApiKey
from apikeys.usage.gathering import Gathered
from apikeys.usage.kinds import kind_of
from apikeys.usage.models import COUNTERS
from apikeys.usage.writing import SECONDS_AN_HOUR, write
from asteri.api.exchange import Exchange

logger = logging.getLogger(__name__)
REFUSING = 400  # the first status that refuses
COLUMNS = {name: number for number, name in enumerate(COUNTERS)}
NOT_THE_APIS = frozenset({"metrics", "readyz", "healthz"})  # routes whose refusals concern no key
LONGEST_END = 5.0  # seconds that an ending process waits for its database
WARN_EVERY = 60.0  # seconds


class Counting:
    """A process's counting: from `open`, in the process that serves, to `close`."""

    def __init__(self) -> None:
        self.is_open = False
        self.noting, self.writing, self.ending = threading.Lock(), threading.Lock(), threading.Event()
        self.gathered = Gathered()
        self.unsent: Gathered | None = None
        self.silent_until = 0.0

    def open(self) -> None:
        """Begin to note, and to write in a thread of its own."""
        self.is_open = ApiKey.is_stamped_later = True
        self.gathered = Gathered()  # one of its own: what a process is forked from has given all its children the same
        self.ending.clear()
        self.thread = threading.Thread(target=self.work, name="usage", daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Write what is left and end; a database that doesn't answer is not waited for."""
        if self.is_open:
            self.is_open = ApiKey.is_stamped_later = False
            self.ending.set()
            self.thread.join(LONGEST_END)

    def note(self, exchange: Exchange) -> None:
        """Note a request that was answered."""
        now = time.time()
        is_refused = exchange.status >= REFUSING
        column = COLUMNS.get(kind_of(exchange)) if is_refused else 0
        key, organization = exchange.key, exchange.organization
        with self.noting:
            if key and organization and column is not None:
                self.gathered.count((int(now) // SECONDS_AN_HOUR, key, organization), column)
            if is_refused and exchange.refusal and exchange.route not in NOT_THE_APIS:
                self.gathered.keep(exchange, now)

    def work(self) -> None:
        """Write again and again, until closed; between two batches no connection is held."""
        while not self.ending.is_set():
            self.ending.wait(settings.USAGE_FLUSH_SECONDS)
            self.flush()
            connection.close()

    def flush(self) -> bool:
        """Write what was noted, and first what could not be written before; answer whether all of it is written."""
        with self.writing:
            return self.send() and (not self.take() or self.send())

    def take(self) -> bool:
        """Make what has gathered the next batch; answer whether there is one."""
        with self.noting:
            if self.gathered.has_some:
                self.unsent, self.gathered = self.gathered, Gathered()
        return self.unsent is not None

    def send(self) -> bool:
        """Send the batch there is, under its id however often; answer whether none is left."""
        if self.unsent:
            try:
                write(self.unsent)
            except Exception as fault:  # noqa: BLE001 - whatever it is, the thread goes on.
                return self.stay(self.unsent, fault)
            if self.unsent.uncounted:
                logger.warning("%s requests were not counted: there were too many keys.", self.unsent.uncounted)
        self.unsent = None
        return True

    def stay(self, batch: Gathered, fault: Exception) -> bool:
        """Keep a batch for the next time, and say so once a minute; drop one that the database would never take."""
        if isinstance(fault, DataError | IntegrityError):
            logger.error("Usage was lost: the database refuses a batch of %s keys.", len(batch.counts), exc_info=fault)
            self.unsent = None
            return False
        if time.monotonic() >= self.silent_until:
            self.silent_until = time.monotonic() + WARN_EVERY
            logger.warning("Usage waits for the database, counted on: %s", fault)
        return False


USAGE = Counting()


def count(exchange: Exchange) -> None:
    """Note a request, where this process serves."""
    if USAGE.is_open:
        USAGE.note(exchange)
