import argparse
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import CommandError, CommandParser
from django.utils import timezone

from apikeys.management.base import sentence, shown_once
from apikeys.models import DEFAULT_PER_MINUTE, GRANTS, ApiKey
from apikeys.scopes import Scope, parse
from asteri.management.base import Command as ReportingCommand
from asteri.moments import moment_of
from organizations.management.base import find_organization, take_organization


def scopes(text: str) -> list[Scope]:
    """Read comma-separated scopes."""
    try:
        return parse(name.strip() for name in text.split(",") if name.strip())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def instant(text: str) -> datetime:
    """Read an ISO-8601 date or date-time; UTC unless it says otherwise."""
    try:
        return moment_of(text)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text} is no ISO-8601 date-time.") from None


def days_from_now(text: str) -> datetime:
    """Read a number of days; answer the moment that many days from now."""
    try:
        return timezone.now() + timedelta(days=float(text))
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text} is no number of days.") from None


class Command(ReportingCommand):
    """Creates an API key."""

    help = "Create an API key of one organization. This is the only time that the key is shown."
    example = "manage.py create_api_key --organization UUID --name CRM --scopes read:customers,write:customers"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whose key it is, and what it may do, how often and how long."""
        take_organization(parser, "Whose key it is.")
        parser.add_argument("--name", required=True, help="What it is for.")
        parser.add_argument("--scopes", type=scopes, required=True, help=f"Comma-separated: {', '.join(Scope.values)}.")
        parser.add_argument(
            "--per-minute", type=int, default=DEFAULT_PER_MINUTE, metavar="N", help="Requests a minute (60)."
        )
        parser.add_argument("--per-hour", type=int, metavar="N", help="Requests an hour (no limit).")
        parser.add_argument("--per-day", type=int, metavar="N", help="Requests a day (no limit).")
        expiry = parser.add_mutually_exclusive_group()
        expiry.add_argument(
            "--expires-at", type=instant, metavar="ISO", help="When it ends (never, or as late as allowed)."
        )
        expiry.add_argument(
            "--expires-in-days", type=days_from_now, dest="expires_at", metavar="N", help="Or in how many days."
        )

    def handle(self, *, organization: uuid.UUID, **options: Any) -> None:
        """Create it and show it."""
        given = {name: options[name] for name in ("name", "scopes", *GRANTS) if options[name] is not None}
        owner = find_organization(organization)
        try:
            key, plain = ApiKey.objects.issue(owner, **given)
        except (ValidationError, ImproperlyConfigured) as error:
            raise CommandError(sentence(error) if isinstance(error, ValidationError) else str(error)) from None
        lines = [f"Created {key.name} for {owner.name}. Keep the key now, it is not shown again:", plain.text]
        self.report(shown_once(key, plain), lines, as_json=options["json"])
