"""What every command of ours shares: a line or two for people, one JSON value with `--json`, errors in one sentence."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.core.management.base import DjangoHelpFormatter


class HelpFormatter(DjangoHelpFormatter):
    """Keeps the lines of a description as they are, so that its example can be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in text.splitlines())


class Command(BaseCommand):
    """A command that reports one result; `help` ends with `example`."""

    example = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Answer a parser with `--json`, whose complaints are errors like any other."""
        parser = super().create_parser(prog_name, subcommand, formatter_class=HelpFormatter, **kwargs)
        parser.epilog = f"Example:\n  {self.example}"
        parser.called_from_command_line = False
        parser.add_argument("--json", action="store_true", help="Print one JSON value on standard output.")
        return parser

    def report(self, result: Any, lines: Sequence[str], *, as_json: bool) -> None:
        """Print a result: as JSON, or in lines for people."""
        self.stdout.write(json.dumps(result, ensure_ascii=False) if as_json else "\n".join(lines))


def moment(value: datetime | None) -> str | None:
    """Write a time for a report: ISO-8601 in UTC, to the second."""
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if value else None
