import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser
from tqdm import tqdm

from asteri.files import replacing
from asteri.management.base import Command as ReportingCommand
from customers import sheets
from customers.management.base import stopping_in_words
from organizations.management.base import find_organization, take_organization
from organizations.models import Organization

AT_ONCE = 2_000  # customers that are fetched together


class Command(ReportingCommand):
    """Exports customers as CSV."""

    help = (
        "Write an organization's customers as CSV, the oldest first, in the columns that import_customers takes.\n\n"
        "The file appears when it's complete and replaces what was there. Without one, the customers go to standard\n"
        "output and nothing else does; --json needs a file. A cell that a spreadsheet would run as a formula begins\n"
        "with an apostrophe ('+1-404-555-0128), which import_customers takes away again."
    )
    example = "manage.py export_customers customers.csv --organization UUID"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whose customers, and where to."""
        take_organization(parser, "Whose customers.")
        parser.add_argument("file", nargs="?", metavar="FILE.csv", help="Where to (standard output).")

    def handle(self, *, organization: uuid.UUID, file: str | None, **options: Any) -> None:
        """Export them; say how many they were, unless they themselves were printed."""
        if options["json"] and not file:
            raise CommandError("With --json the result takes standard output: name a FILE.csv for the customers.")
        owner = find_organization(organization)
        with stopping_in_words(file or "Standard output"):
            if not file:
                return self.print_all(owner)
            with replacing(Path(file)) as target:
                number = sheets.write(tqdm(rows_of(owner), total=owner.customers.count(), disable=None), target)
        self.report({"exported": number}, [f"Exported {number} customers to {file}."], as_json=options["json"])
        return None

    def print_all(self, owner: Organization) -> None:
        """Write the customers to standard output, in UTF-8 whatever the terminal's encoding is."""
        stream: Any = self.stdout._out  # the stream that it wraps
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", newline="")
        with closed_for_good(stream):
            sheets.write(rows_of(owner), stream)
            stream.flush()


def rows_of(owner: Organization) -> Iterator[tuple[Any, ...]]:
    """Answer the organization's customers as rows of a sheet, as they were when the first of them is fetched."""
    customers = owner.customers.order_by("created_at", "id").values_list(*sheets.COLUMNS)
    return customers.iterator(chunk_size=AT_ONCE)


@contextmanager
def closed_for_good(stream: Any) -> Iterator[None]:
    """Keep Python from writing again at its end to a standard output that took no more."""
    try:
        yield
    except OSError:
        if stream is sys.stdout:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise
