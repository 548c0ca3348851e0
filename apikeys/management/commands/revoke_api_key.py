from typing import Any

from django.core.management import CommandParser

from apikeys.management.base import find_key
from asteri.management.base import Command as ReportingCommand


class Command(ReportingCommand):
    """Revokes an API key."""

    help = "End a key now, for good: its very next request is refused."
    example = "manage.py revoke_api_key UUID"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the key."""
        parser.add_argument("id", metavar="ID", help="The key's id, as list_api_keys shows it.")

    def handle(self, *, id: str, **options: Any) -> None:  # noqa: A002 - the argument's name.
        """Revoke it."""
        key = find_key(id)
        key.revoke()
        self.report(
            {"id": str(key.id), "state": str(key.state)}, [f"Revoked {key.hint} {key.name}."], as_json=options["json"]
        )
