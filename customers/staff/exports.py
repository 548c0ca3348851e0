"""Exporting what a list shows: one organization's customers, streamed as the commands write them, the oldest first.

The answer is sent after the layers that serve pages are done with the request, so each page of rows says anew for whom
it's asked for.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from asteri.api.pagination import OLDEST_FIRST, Position, Slice
from asteri.row_security import speak_for_staff, speaking
from customers import sheets
from customers.loading import batches
from customers.models import Customer

AT_ONCE = 2_000  # customers that are fetched together
BYTE_ORDER_MARK = "\ufeff"  # what tells a spreadsheet that it's UTF-8


def download(customers: QuerySet[Customer], name: str) -> StreamingHttpResponse:
    """Answer the customers as a file that no cache keeps."""
    lines = (BYTE_ORDER_MARK * (number == 0) + "".join(part) for number, part in enumerate(parts_of(customers)))
    return as_file(lines, name)


def as_file(text: Iterator[str], name: str) -> StreamingHttpResponse:
    """Answer a sheet as a file that no cache keeps; its name ends with the day."""
    disposition = f'attachment; filename="{name}-{timezone.now():%Y-%m-%d}.csv"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return StreamingHttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def parts_of(customers: QuerySet[Customer]) -> Iterator[list[str]]:
    """Yield the lines of the sheet, some hundreds together."""
    return batches(sheets.lines(sheets.COLUMNS, rows_of(customers)), 500)


def rows_of(customers: QuerySet[Customer]) -> Iterator[tuple[Any, ...]]:
    """Yield the customers as rows of a sheet. A walk meets each that was there all the time exactly once."""
    after: Position | None = None
    while True:
        rows = page_after(customers, after)
        yield from (row[2:] for row in rows[:AT_ONCE])
        if len(rows) <= AT_ONCE:
            return
        after = Position(*rows[AT_ONCE - 1][:2])


def page_after(customers: QuerySet[Customer], after: Position | None) -> list[tuple[Any, ...]]:
    """Answer the rows that follow a position, one more than a page has where there is another page."""
    columns = customers.values_list("created_at", "id", *sheets.COLUMNS)
    place = after.values if after else (None, None)
    with speaking():
        speak_for_staff()
        return list(Slice(OLDEST_FIRST, AT_ONCE, after is not None).of(columns, *place))
