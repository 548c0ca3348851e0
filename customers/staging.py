"""Importing a stored sheet: part by part, first to see what would come of it, then for good.

Each part is dealt with in one transaction with what became of its rows; so it's counted once, whatever is killed or
clicked twice.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import Any

from django.db import models, transaction

from asteri.api.errors import Issue
from customers.importing import Holders, Import, Shelf, identity_of, keys_of
from customers.loading import Record, batches
from customers.sheets import Row, SheetError, read
from customers.storedsheets import Phase, SheetPart, StoredSheet
from organizations.models import Organization

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
PART = 2_000  # rows that one request deals with: less than a second
SHOWN = 50  # bad rows that a page names; the download names all


@dataclass(frozen=True)
class BadRow:
    """A row that was refused: its number, its cells by column, and why."""

    number: int
    cells: dict[str, str]
    reasons: str


def rows_of(part: SheetPart) -> list[Row]:
    """Answer a part's rows; none once they're imported."""
    return [Row(*values) for values in json.loads(part.rows)]


def first_rows(sheet: StoredSheet, count: int) -> list[Row]:
    """Answer rows to show, as they stand in the file; none once they're imported."""
    return [row for part in sheet.pieces.filter(number=0) for row in rows_of(part)[:count]]


def bad_rows(sheet: StoredSheet) -> Iterator[BadRow]:
    """Yield the rows that were refused so far, those of one part in memory at a time."""
    for number in range(sheet.done):
        for faults in sheet.pieces.filter(number=number).values_list("faults", flat=True):
            yield from (BadRow(*values) for values in json.loads(faults))


def keep(user: Any, organization: Organization, name: str, lines: Iterable[str]) -> StoredSheet:
    """Store a sheet; raise SheetError for one that can't be read or is too long, UnicodeError for what is no text."""
    parts, rows = [], 0
    for batch in batches(read(lines), PART):
        parts.append(json.dumps([astuple(row) for row in batch]))
        rows += len(batch)
        if rows > MAX_ROWS:
            raise SheetError(f"It has more than {MAX_ROWS:,} rows. Split it, or use manage.py import_customers.")
    if not parts:
        raise SheetError("There is nothing below its header.")
    with transaction.atomic():
        sheet = StoredSheet.objects.create(user=user, organization=organization, name=name, rows=rows, parts=len(parts))
        SheetPart.objects.bulk_create(
            [SheetPart(sheet=sheet, number=number, rows=part) for number, part in enumerate(parts)], batch_size=1
        )
    return sheet


def begin_import(sheet: StoredSheet) -> None:
    """Go on from the check to the import; beginning twice, or before the end of the check, does nothing."""
    StoredSheet.objects.filter(pk=sheet.pk, phase=Phase.CHECK, done=models.F("parts")).update(
        phase=Phase.IMPORT, done=0, created=0, skipped=0, failed=0
    )


def advance(sheet: StoredSheet) -> None:
    """Deal with the next part, if one is left; whoever does it at the same time deals with the one after."""
    with transaction.atomic():
        held = StoredSheet.objects.select_for_update(of=("self",)).select_related("organization").get(pk=sheet.pk)
        part = held.pieces.filter(number=held.done).first()
        if part is not None:
            settle(held, part)


def settle(sheet: StoredSheet, part: SheetPart) -> None:
    """Check or import a part, and note what became of its rows."""
    rows = {row.number: row for row in rows_of(part)}
    faults: list[BadRow] = []

    def refuse(number: int, issues: list[Issue]) -> None:
        faults.append(BadRow(number, rows[number].cells, worded(issues)))

    shelf = Rehearsal(sheet) if sheet.phase == Phase.CHECK else Shelf(sheet.organization)
    work = Import(shelf, refuse)
    for _ in work.run(rows.values()):
        pass
    part.faults = json.dumps([astuple(fault) for fault in faults])
    part.claims = json.dumps(shelf.claims) if isinstance(shelf, Rehearsal) else "{}"
    part.rows = part.rows if isinstance(shelf, Rehearsal) else "[]"
    part.save(update_fields=["faults", "claims", "rows"])
    note(sheet, work)


def note(sheet: StoredSheet, work: Import) -> None:
    """Add a part's outcome to the sheet's."""
    for name in ("created", "skipped", "failed"):
        setattr(sheet, name, getattr(sheet, name) + getattr(work.outcome, name))
    sheet.done += 1
    sheet.save(update_fields=["created", "skipped", "failed", "done"])


def worded(issues: list[Issue]) -> str:
    """Answer a row's faults for people, in one line."""
    return "; ".join(f"{issue['path']}: {issue['message']}" if issue["path"] else issue["message"] for issue in issues)


class Rehearsal(Shelf):
    """Where a check puts customers: nowhere; it remembers what those of earlier parts would hold, and who would."""

    def __init__(self, sheet: StoredSheet) -> None:
        super().__init__(sheet.organization)
        self.claims: dict[str, str] = {}
        self.earlier: dict[str, str] = {}
        for claims in sheet.pieces.filter(number__lt=sheet.done).values_list("claims", flat=True):
            self.earlier |= json.loads(claims)

    def holders(self, records: list[Record]) -> Holders:
        """Answer who holds what the records would, the customers of earlier parts included."""
        found = super().holders(records)
        for record in records:
            for key in keys_of(record):
                claim = self.earlier.get(digest(key))
                if claim == digest(identity_of(record)):
                    found[key] = identity_of(record)  # the same customer again
                elif claim:
                    found.setdefault(key, ())  # another one, of whom nothing more needs to be known
        return found

    def add(self, records: list[Record]) -> list[Record]:
        """Remember the records; none is lost to anybody."""
        self.claims |= {digest(key): digest(identity_of(record)) for record in records for key in keys_of(record)}
        return []


def digest(value: Any) -> str:
    """Answer what stands for a value where it's only compared."""
    return blake2b(json.dumps(value).encode(), digest_size=8).hexdigest()
