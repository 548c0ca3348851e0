import json
import os
import shutil
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from tempfile import SpooledTemporaryFile
from typing import Any, TextIO, cast

from django.core.management import CommandError, CommandParser
from tqdm import tqdm

from asteri.api.errors import Issue
from asteri.management.base import Command as ReportingCommand
from customers import sheets
from customers.importing import Import, Outcome, Rehearsal, Shelf
from customers.management.base import stopping_in_words
from organizations.management.base import find_organization, take_organization

IN_MEMORY = 1024 * 1024  # characters of errors; beyond, they wait in a file until they are printed


class Command(ReportingCommand):
    """Imports customers from CSV."""

    help = (
        "Create customers from a CSV file, under the API's own rules.\n\n"
        "The file is UTF-8, with commas, semicolons or tabs; its first row names the columns, in any order:\n"
        f"{', '.join(sheets.COLUMNS)}.\n"
        f"{', '.join(sheets.REQUIRED)} are required. What export_customers writes can be imported as it is.\n\n"
        "Each row is created, skipped or failed. Skipped is the same customer again, from an earlier row or an\n"
        "earlier run: so run it as often as you like. Failed is what the API would refuse; an e-mail address or an\n"
        "external id that a different customer holds is, too. Each failed row is named with its reasons, by its\n"
        "number in a spreadsheet (the header is row 1); the others are imported, and the exit status is 1."
    )
    example = "manage.py import_customers customers.csv --organization UUID --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file, whose customers they become, and the wish to see first."""
        parser.add_argument("file", metavar="FILE.csv", help="Where the customers stand.")
        take_organization(parser, "Whose customers they become.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen, and change nothing.")

    def handle(self, *, file: str, organization: uuid.UUID, dry_run: bool, **options: Any) -> None:
        """Import them; say what became of them."""
        owner = find_organization(organization)
        with closing(Rehearsal(owner) if dry_run else Shelf(owner)) as shelf, errors_for_later() as errors:
            work = Import(shelf, keep_in(errors) if options["json"] else self.show)
            with (
                stopping_in_words(file, lambda: "" if dry_run else so_far(work.stop())),
                open(file, encoding=sheets.ENCODING, newline="") as lines,  # noqa: PTH123 - the name as it was given.
            ):
                follow(work, lines)
            if options["json"]:
                self.print_json(work.outcome, errors)
            else:
                self.stdout.write(summary(work.outcome, is_rehearsal=dry_run))
        if work.outcome.failed:
            raise CommandError(f"{counted(work.outcome.failed, 'row')} failed.")

    def show(self, row: int, issues: list[Issue]) -> None:
        """Name a failed row and its reasons, for people."""
        reasons = (f"{issue['path']}: {issue['message']}" if issue["path"] else issue["message"] for issue in issues)
        with tqdm.external_write_mode():
            self.stderr.write(f"Row {row}: {'; '.join(reasons)}")

    def print_json(self, outcome: Outcome, errors: TextIO) -> None:
        """Print the result, however many errors there are, without holding all of them in memory."""
        self.stdout.write(f'{json.dumps(asdict(outcome))[:-1]}, "errors": [', ending="")
        errors.seek(0)
        shutil.copyfileobj(errors, cast(TextIO, self.stdout._out))  # the stream that it wraps
        self.stdout.write("]}")


def errors_for_later() -> Any:
    """Answer a file for the errors, in memory as long as they are few."""
    return SpooledTemporaryFile(IN_MEMORY, mode="w+", encoding="utf-8", newline="")


def keep_in(errors: TextIO) -> Callable[[int, list[Issue]], None]:
    """Answer what writes down a failed row, as a member of a JSON array."""

    def keep(row: int, issues: list[Issue]) -> None:
        errors.write(", " * bool(errors.tell()))
        json.dump({"row": row, "issues": issues}, errors, ensure_ascii=False)

    return keep


def follow(work: Import, lines: TextIO) -> None:
    """Import a file's rows, and show how far that is where somebody watches; the length of a pipe is not known."""
    size = os.fstat(lines.fileno()).st_size
    with tqdm(total=size, unit="B", unit_scale=True, disable=None if lines.seekable() else True) as bar:
        for outcome in work.run(sheets.read(lines)):
            bar.set_postfix(asdict(outcome), refresh=False)
            bar.update(lines.buffer.tell() - bar.n if lines.seekable() else 0)


def summary(outcome: Outcome, *, is_rehearsal: bool) -> str:
    """Answer what became of the rows, or would, for people."""
    would = "Would have " if is_rehearsal else ""
    said = f"{would}created {outcome.created}, skipped {outcome.skipped}, failed {outcome.failed}."
    return said[0].upper() + said[1:]


def so_far(outcome: Outcome) -> str:
    """Answer what an import that ended early has done."""
    done = f"{counted(outcome.created, 'customer')} created before that; run it again to go on."
    return done if outcome.created else ""


def counted(number: int, noun: str) -> str:
    """Answer a number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
