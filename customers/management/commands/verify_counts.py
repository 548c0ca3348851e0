from typing import Any
from uuid import UUID

from django.core.management import CommandError, CommandParser

from asteri.management.base import Command as ReportingCommand
from customers import tallies


class Command(ReportingCommand):
    """Compares the kept counts with the customers themselves."""

    help = "Compare the kept counts of customers with the customers themselves; exit with 1 where they differ."
    example = "manage.py verify_counts --repair"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to mend what is off."""
        parser.add_argument("--repair", action="store_true", help="Put right what is off; safe while customers come.")

    def handle(self, *, repair: bool, **options: Any) -> None:
        """Say what is off, and put it right or fail."""
        off = [described(*row) for row in tallies.drift()]
        if repair:
            tallies.repair()
        result = {"off": off, "repaired": repair and bool(off)}
        self.report(result, [line(row) for row in off] or ["All counts are exact."], as_json=options["json"])
        if off and not repair:
            raise CommandError(f"{len(off)} counts are off; repair them with --repair.")


def described(organization: Any, account_type: str, missing: Any) -> dict[str, Any]:
    """Answer what is off, as a report has it; the engines have their own forms of ids and sums."""
    return {"organization_id": str(UUID(str(organization))), "account_type": account_type, "missing": int(missing)}


def line(row: dict[str, Any]) -> str:
    """Write what is off for people."""
    return f"{row['organization_id']} {row['account_type']}: the count is off by {-row['missing']:+d}"
