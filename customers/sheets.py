"""Sheets: customers as CSV (RFC 4180), as spreadsheets write it and may safely open it.

A row's columns are the fields of a create, in the same order, so that what was exported can be imported again.
"""

import csv
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from customers.serializers import CreateCustomerSerializer

FIELDS = CreateCustomerSerializer().fields
COLUMNS = tuple(FIELDS)
REQUIRED = tuple(name for name, rules in FIELDS.items() if rules.required)
REPORTED = ("row", "problem")  # stand before those in a list of bad rows, which can be corrected and imported as it is
ENCODING = "utf-8-sig"  # for reading: UTF-8, with the byte order mark that spreadsheets put in front or without
DELIMITERS = ",;\t"  # a spreadsheet takes the second where the comma divides decimals, the third for text
# What a spreadsheet takes for a formula (OWASP, CSV Injection), behind the apostrophes that guard it.
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


class SheetError(Exception):
    """A file that can't be read as customers; its text is one sentence."""


class Writable(Protocol):
    """What a sheet can be written to."""

    def write(self, text: str, /) -> object:
        """Take the text."""


@dataclass(frozen=True)
class Row:
    """A row: its number as a spreadsheet counts, the header being 1; its cells by column, or why it has none."""

    number: int
    cells: dict[str, str] = field(default_factory=dict)
    fault: str = ""


def guarded(text: str) -> str:
    """Answer a text as a cell that no spreadsheet runs: an apostrophe stands before what looks like a formula.

    A telephone number with its `+` does: left alone, it would be opened as the sum of its parts.
    """
    return f"'{text}" if FORMULA.match(text) else text


def restored(cell: str) -> str:
    """Answer the text that `guarded` made the cell of."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


class Line:
    """What a writer writes to where the line itself is wanted."""

    def write(self, text: str, /) -> str:
        """Answer the line."""
        return text


def lines(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> Iterator[str]:
    """Yield a header and the rows as the lines of a sheet, each ready to be sent."""
    writer = csv.writer(Line())
    yield writer.writerow(columns)
    for values in rows:
        yield writer.writerow([guarded(value) if value else "" for value in values])


def write(customers: Iterable[Sequence[str | None]], file: Writable) -> int:
    """Write a header and the customers, each as the values of COLUMNS; answer how many they were."""
    number = 0
    for number, line in enumerate(lines(COLUMNS, customers)):  # noqa: B007 - the header is no customer.
        file.write(line)
    return number


def read(lines: Iterable[str]) -> Iterator[Row]:
    """Yield the rows that hold anything. Raise SheetError for a header that isn't one of customers."""
    lines = iter(lines)
    first = next(lines, "")
    delimiter = next((mark for mark in DELIMITERS if mark in first), ",")
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    columns = columns_of(reader)
    for number, values in enumerate(records_of(reader), start=2):
        if isinstance(values, csv.Error):
            yield Row(number, fault=f"Unreadable: {values}")
        elif any(map(str.strip, values)):
            yield row_of(number, columns, values)


def records_of(reader: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    """Yield the records, an error in place of each that is unreadable; the reader goes on with the line behind it."""
    while True:
        try:
            yield next(reader)
        except csv.Error as error:
            yield error
        except StopIteration:
            return


def columns_of(reader: Iterator[list[str]]) -> list[str]:
    """Read the header; raise SheetError where it doesn't name every column that is required, and known ones, once."""
    try:
        columns = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise SheetError(f"The header is unreadable: {error}.") from None
    fault = header_fault(columns)
    if fault:
        raise SheetError(f"{fault} The columns are {', '.join(COLUMNS)}; {', '.join(REQUIRED)} are required.")
    return columns


def header_fault(columns: list[str]) -> str:
    """Answer what is wrong with a header, nothing where it's a good one."""
    unknown = [name or "a column without a name" for name in columns if name not in (*COLUMNS, *REPORTED)]
    doubled = [name for name in COLUMNS if columns.count(name) > 1]
    missing = [name for name in REQUIRED if name not in columns]
    if unknown and missing == list(REQUIRED):
        return "The first row is no header."
    faults = {"has unknown columns": unknown, "repeats": doubled, "lacks": missing}
    said = [f"{what} {', '.join(dict.fromkeys(names))}" for what, names in faults.items() if names]
    return f"The header {', and '.join(said)}." if said else ""


def row_of(number: int, columns: list[str], values: list[str]) -> Row:
    """Answer a row, trimmed; an empty cell counts as absent, as do those that a spreadsheet leaves out at the end."""
    cells = [value.strip(string.whitespace) for value in values]
    if len(cells) > len(columns):
        return Row(number, fault=f"Has {len(cells)} cells, but the header {len(columns)}")
    known = ((name, cell) for name, cell in zip(columns, cells, strict=False) if name not in REPORTED)
    return Row(number, {name: restored(cell) for name, cell in known if cell})
