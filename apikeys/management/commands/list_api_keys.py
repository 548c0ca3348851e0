import uuid
from typing import Any

from django.core.management import CommandParser

from apikeys.models import ApiKey
from asteri.management.base import Command as ReportingCommand
from asteri.management.base import moment


def described(key: ApiKey) -> dict[str, Any]:
    """Answer what may be seen of a key."""
    return {
        "id": str(key.id),
        "hint": key.hint,
        "name": key.name,
        "state": str(key.state),
        "organization_id": str(key.organization_id),
        "scopes": list(key.scopes),
        "per_minute": key.per_minute,
        "per_hour": key.per_hour,
        "per_day": key.per_day,
        "expires_at": moment(key.expires_at),
        "last_used_at": moment(key.last_used_at),
        "created_at": moment(key.created_at),
    }


def line(key: dict[str, Any]) -> str:
    """Answer one key for people."""
    limits = ", ".join(
        f"{key[f'per_{window}']}/{window}" for window in ("minute", "hour", "day") if key[f"per_{window}"]
    )
    ends, used = key["expires_at"] or "never", key["last_used_at"] or "never"
    scopes = " ".join(key["scopes"]) or "no scopes"
    about = (key["id"], key["hint"], key["name"], key["state"], scopes, limits, f"expires {ends}", f"used {used}")
    return "  ".join(about)


class Command(ReportingCommand):
    """Lists API keys."""

    help = "List API keys, the newest first: hint, name, state, scopes, limits, expiry and last use."
    example = "manage.py list_api_keys --organization UUID"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whose keys to list."""
        parser.add_argument("--organization", type=uuid.UUID, metavar="UUID", help="Whose keys (everybody's).")

    def handle(self, *, organization: uuid.UUID | None, **options: Any) -> None:
        """List them."""
        keys = ApiKey.objects.select_related("organization", "successor")
        found = [described(key) for key in (keys.filter(organization=organization) if organization else keys.all())]
        self.report(found, [line(key) for key in found] or ["There are no API keys."], as_json=options["json"])
