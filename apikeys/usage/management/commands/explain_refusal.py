import getpass
import sys
from typing import Any
from uuid import UUID

from django.core.management import CommandError, CommandParser

from apikeys.usage.actions import scopes_by_name
from apikeys.usage.explaining import Explanation, explain
from apikeys.usage.report import as_json, in_lines
from apikeys.usage.subjects import UnknownError, is_secret
from asteri.api.identifiers import UUID_FORM
from asteri.management.base import Command as ReportingCommand

LONGEST = 1_000  # characters; nothing that can be asked about has more


class Command(ReportingCommand):
    """Explains why a request was refused."""

    help = (
        "Say which of the API's checks a request or a key fails, in their order, and what to do. Takes a request id, "
        "a key's hint, or with --stdin a whole key, which is neither stored nor logged, and is refused as an argument."
    )
    example = "manage.py explain_refusal ast_live_4gkXb2Qm9TzW… --action customers.create"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is asked about."""
        parser.add_argument("subject", nargs="?", metavar="REQUEST_ID|HINT", help="What to explain.")
        parser.add_argument("--stdin", action="store_true", help="Read it, or a whole key, from standard input.")
        parser.add_argument("--organization", metavar="UUID", help="The organization that the caller names.")
        parser.add_argument(
            "--action", metavar="NAME", default="", help="What the caller asks for: customers.create, …"
        )

    def handle(self, **options: Any) -> None:
        """Explain it."""
        explanation = self.explain(self.subject(options), options["organization"], options["action"])
        self.report(as_json(explanation), list(in_lines(explanation)), as_json=options["json"])

    def subject(self, options: dict[str, Any]) -> str:
        """Answer what is asked about; CommandError where that isn't clear, or may be a key where others see it."""
        given = options["subject"]
        if (given is None) != options["stdin"]:
            raise CommandError("Name a request id or a hint, or read it from standard input with --stdin.")
        if given is not None and is_secret(given):
            raise CommandError(
                "That may be a whole key, which now stands in the shell's history and was seen by whoever lists "
                "processes: rotate it, and use --stdin."
            )
        return given if given is not None else self.read()

    def read(self) -> str:
        """Read one line, without showing it on a terminal."""
        text = getpass.getpass("Request id, hint or key: ") if sys.stdin.isatty() else sys.stdin.readline(LONGEST)
        if not text.strip():
            raise CommandError("Standard input is empty.")
        return text

    def explain(self, subject: str, organization: str | None, action: str) -> Explanation:
        """Explain a subject; CommandError where something given makes no sense."""
        if organization is not None and not UUID_FORM.fullmatch(organization):
            raise CommandError("--organization is no UUID.")
        if action and action not in scopes_by_name():
            raise CommandError(f"There is no such action. Actions are {', '.join(scopes_by_name())}.")
        try:
            return explain(subject, UUID(organization) if organization else None, action)
        except UnknownError as error:
            raise CommandError(str(error)) from None
