"""Writing: a batch becomes rows, in one transaction, and no batch ever does so twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from apikeys.models import USE_STAMP_EVERY, ApiKey
from apikeys.usage.gathering import Counted, Gathered
from apikeys.usage.kinds import kind_of
from apikeys.usage.models import COUNTERS, Batch, Day, Hour, Refusal
from asteri.api.exchange import Exchange
from asteri.row_security import speak_for_staff, speaking

SECONDS_AN_HOUR = 3_600
ROWS = 200  # in one statement
Item = TypeVar("Item")
Row = tuple[str, str, date, list[int]]  # a key, its organization, the hour or day, and the counts


def write(gathered: Gathered) -> None:
    """Write a batch, unless it's written already; raise what the database says against it.

    While another transaction has sent the same batch and not ended, PostgreSQL waits for how that ends.
    """
    with speaking():
        speak_for_staff()
        with transaction.atomic():
            if claim(gathered):
                add(Hour, hours(gathered.counts))
                add(Day, days(gathered.counts))
                Refusal.objects.bulk_create([refusal(at, exchange) for at, exchange in gathered.refusals], ROWS)
                stamp({public_id for _, public_id, _ in gathered.counts})


def claim(gathered: Gathered) -> bool:
    """Store the batch's own row; answer False where it stands already, and with it everything else."""
    fields: dict[str, Any] = {name: Batch._meta.get_field(name) for name in ("id", "at", "left_out")}
    values = (gathered.id, timezone.now(), gathered.left_out)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Batch._meta.db_table} ({', '.join(fields)}) VALUES (%s, %s, %s) ON CONFLICT (id) DO NOTHING",  # noqa: S608 - fixed text.
            [field.get_db_prep_save(value, connection) for field, value in zip(fields.values(), values, strict=True)],
        )
        return bool(cursor.rowcount)


def hours(counts: Mapping[Counted, list[int]]) -> Iterator[Row]:
    """Yield the rows of Hour, always in one order: processes that write at once can't wait for each other in a ring."""
    for (hour, public_id, organization), numbers in sorted(counts.items()):
        yield public_id, organization, start_of(hour), numbers


def days(counts: Mapping[Counted, list[int]]) -> Iterator[Row]:
    """Yield the rows of Day, in one order too."""
    sums: dict[tuple[date, str, str], list[int]] = defaultdict(lambda: [0] * len(COUNTERS))
    for (hour, public_id, organization), numbers in counts.items():
        own = sums[start_of(hour).date(), public_id, organization]
        own[:] = map(sum, zip(own, numbers, strict=True))
    for (day, public_id, organization), numbers in sorted(sums.items()):
        yield public_id, organization, day, numbers


def start_of(hour: int) -> datetime:
    """Answer when an hour begins."""
    return datetime.fromtimestamp(hour * SECONDS_AN_HOUR, UTC)


def add(model: type[Hour] | type[Day], rows: Iterator[Row]) -> None:
    """Add counts to the rows of a table, and make those that there are not yet."""
    when = "hour" if model is Hour else "day"
    of: Any = model._meta.get_field
    table, counters = model._meta.db_table, ", ".join(COUNTERS)
    row = f"({', '.join(['%s'] * (3 + len(COUNTERS)))})"
    sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in COUNTERS)
    with connection.cursor() as cursor:
        for some in batches(rows):
            cursor.execute(
                f"INSERT INTO {table} (public_id, organization_id, {when}, {counters}) "  # noqa: S608 - names of ours.
                f"VALUES {', '.join([row] * len(some))} ON CONFLICT (public_id, {when}) DO UPDATE SET {sums}",
                [value for one in some for value in values_of(one, of("organization"), of(when))],
            )


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield the items in lists of ROWS, the last one shorter."""
    items = iter(items)
    yield from iter(lambda: list(islice(items, ROWS)), [])


def values_of(row: Row, organization: Any, when: Any) -> Iterator[Any]:
    """Yield a row's values as the database takes them."""
    public_id, owner, moment, numbers = row
    yield from (public_id, organization.get_db_prep_save(owner, connection), when.get_db_prep_save(moment, connection))
    yield from numbers


def stamp(public_ids: Iterable[str]) -> None:
    """Note that keys are in use, unless that is noted of this minute; those that another process stamps are its own."""
    now = timezone.now()
    unstamped = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - USE_STAMP_EVERY)).order_by()
    for some in batches(public_ids):
        held = unstamped.filter(public_id__in=some).select_for_update(skip_locked=True)
        ApiKey.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(last_used_at=now)


def refusal(at: datetime, exchange: Exchange) -> Refusal:
    """Answer the row of a refusal; a key that isn't valid is kept as what it claims to be."""
    return Refusal(
        at=at,
        request_id=exchange.request_id,
        public_id=exchange.key or exchange.claimed_key or "",
        is_proven=exchange.key is not None,
        organization_id=exchange.organization,
        address=exchange.address,
        method=exchange.method,
        route=exchange.route[:64],
        status=exchange.status,
        kind=kind_of(exchange),
        key_fault=exchange.key_fault or "",
        reason=(exchange.refusal or "")[:255],
        paths=", ".join(exchange.paths)[:255],
    )
