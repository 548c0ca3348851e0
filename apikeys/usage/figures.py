"""Figures: how many requests there were, by hour or by day, in UTC; none reads more rows than it has to add up.

They lag behind by USAGE_FLUSH_SECONDS at the most.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from apikeys.usage.models import COUNTERS, GRANTED, REFUSED, THROTTLED, Day, Hour

HOURS, DAYS = 24, 30
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Bar:
    """The requests of one hour or day, by what came of them; a throttled one is not among the refused."""

    label: str
    granted: int = 0
    refused: int = 0
    throttled: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.granted + self.refused + self.throttled


def together(*counters: str) -> Any:
    """Answer counters of a row, added up."""
    first, *others = map(F, counters)
    return sum(others, start=first)


def this_hour() -> datetime:
    """Answer when the hour began."""
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def today(public_ids: Collection[str]) -> dict[str, int]:
    """Answer how many requests each key has made today."""
    rows = Day.objects.filter(public_id__in=public_ids, day=this_hour().date())
    return dict.fromkeys(public_ids, 0) | requests_of(rows, "public_id")


def organizations_today(ids: Collection[UUID]) -> dict[UUID, int]:
    """Answer how many requests the keys of each organization have made today."""
    rows = Day.objects.filter(organization__in=ids, day=this_hour().date())
    return dict.fromkeys(ids, 0) | requests_of(rows, "organization")


def requests_of(rows: QuerySet[Day], whose: str) -> dict[Any, int]:
    """Answer how many requests rows have counted, by whose they were."""
    return dict(rows.order_by().values_list(whose).annotate(requests=Sum(together(*COUNTERS))))


def last_24_hours(public_id: str) -> list[Bar]:
    """Answer a key's last 24 hours, the current one last."""
    return by_hour(Hour.objects.filter(public_id=public_id))


def everything_24_hours() -> list[Bar]:
    """Answer the last 24 hours of all keys together, the current one last."""
    return by_hour(Hour.objects.all())


def last_30_days(public_id: str) -> list[Bar]:
    """Answer a key's last 30 days, today last."""
    return by_day(Day.objects.filter(public_id=public_id))


def organization_30_days(organization_id: UUID) -> list[Bar]:
    """Answer the last 30 days of all keys of an organization, today last."""
    return by_day(Day.objects.filter(organization=organization_id))


def often_refused(least: int = 50, days: int = 7) -> dict[str, int]:
    """Answer the keys that were refused `least` times or more in the last days, today included, with how often."""
    since = this_hour().date() - (days - 1) * A_DAY
    rows = Day.objects.filter(day__gte=since).order_by().values_list("public_id")
    counted = rows.annotate(refusals=Sum(together(THROTTLED, *REFUSED))).filter(refusals__gte=least)
    return dict(counted.order_by("-refusals", "public_id"))


def by_hour(rows: QuerySet[Hour]) -> list[Bar]:
    """Answer the bars of rows of the last 24 hours."""
    now = this_hour()
    hours = [now - ago * AN_HOUR for ago in reversed(range(HOURS))]
    found = sums(rows.filter(hour__gte=hours[0]), "hour")
    return [bar(f"{hour:%H:%M}", found.get(hour)) for hour in hours]


def by_day(rows: QuerySet[Day]) -> list[Bar]:
    """Answer the bars of rows of the last 30 days."""
    now = this_hour().date()
    days = [now - ago * A_DAY for ago in reversed(range(DAYS))]
    found = sums(rows.filter(day__gte=days[0]), "day")
    return [bar(f"{day:%-d %b}", found.get(day)) for day in days]


def sums(rows: QuerySet[Any], when: str) -> dict[datetime | date, Sequence[int]]:
    """Answer granted, refused and throttled by hour or by day."""
    added: Iterable[Any] = (
        rows.order_by()
        .values_list(when)
        .annotate(was_granted=Sum(GRANTED), was_refused=Sum(together(*REFUSED)), was_throttled=Sum(THROTTLED))
    )
    return {moment: numbers for moment, *numbers in added}


def bar(label: str, numbers: Sequence[int] | None) -> Bar:
    """Answer a bar; one of zeros for a time without requests."""
    return Bar(label, *(numbers or (0, 0, 0)))
