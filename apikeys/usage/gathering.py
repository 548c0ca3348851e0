"""Gathering: what a process has noted of requests and not written yet, in bounded memory."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from apikeys.usage.models import COUNTERS
from asteri.api.exchange import Exchange

MOST_COUNTED = 100_000  # keys, each with an hour; some tens of megabytes
# Of the refusals between two batches so many are kept one by one: nobody who is refused fills a disk or hides another.
MOST_REFUSALS, MOST_UNPROVEN, MOST_OF_ONE = 500, 100, 50

# Whose requests were counted: the hour's number since 1970, in UTC; the key's public id; its organization's id. A plain
# tuple, as each request makes one.
Counted = tuple[int, str, str]


@dataclass
class Gathered:
    """What becomes one batch: counts in the order of COUNTERS, and refusals with their times."""

    id: UUID = field(default_factory=uuid4)
    counts: dict[Counted, list[int]] = field(default_factory=dict)
    refusals: list[tuple[datetime, Exchange]] = field(default_factory=list)
    unproven: int = 0
    of_one: dict[str, int] = field(default_factory=dict)
    left_out: int = 0
    uncounted: int = 0

    def count(self, counted: Counted, column: int) -> None:
        """Count a request in one of COUNTERS."""
        counts = self.counts.get(counted)
        if counts is None:
            if len(self.counts) >= MOST_COUNTED:
                self.uncounted += 1
                return
            counts = self.counts[counted] = [0] * len(COUNTERS)
        counts[column] += 1

    def keep(self, exchange: Exchange, now: float) -> None:
        """Keep a refusal where there is room for it, else only that it was."""
        who = exchange.key or exchange.address
        if not self.has_room_for(who, is_proven=exchange.key is not None):
            self.left_out += 1
            return
        self.of_one[who] = self.of_one.get(who, 0) + 1
        self.unproven += exchange.key is None
        self.refusals.append((datetime.fromtimestamp(now, UTC), exchange))

    def has_room_for(self, who: str, *, is_proven: bool) -> bool:
        """Whether one more refusal of a key, or of an address without a valid one, is kept."""
        if len(self.refusals) >= MOST_REFUSALS or self.of_one.get(who, 0) >= MOST_OF_ONE:
            return False
        return is_proven or self.unproven < MOST_UNPROVEN

    @property
    def has_some(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.counts or self.left_out or self.refusals)
