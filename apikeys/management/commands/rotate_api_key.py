import argparse
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, CommandParser

from apikeys.management.base import find_key, shown_once
from apikeys.states import KeyEndedError
from asteri.management.base import Command as ReportingCommand
from asteri.management.base import moment


def hours(text: str) -> timedelta:
    """Read a number of hours, none or more."""
    try:
        grace = timedelta(hours=float(text))
    except (ValueError, OverflowError):
        grace = timedelta(-1)
    if not timedelta(0) <= grace <= timedelta(days=365):
        raise argparse.ArgumentTypeError(f"{text} is no number of hours from 0 to 8760.")
    return grace


class Command(ReportingCommand):
    """Rotates an API key."""

    help = "Make a new key like the old one; the old one ends after the grace time, never later than its own expiry."
    example = "manage.py rotate_api_key UUID --grace-hours 24"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the key and the time that its holder has to change over."""
        parser.add_argument("id", metavar="ID", help="The key's id, as list_api_keys shows it.")
        parser.add_argument(
            "--grace-hours", type=hours, default=timedelta(hours=24), metavar="N", help="Until the old key ends (24)."
        )

    def handle(self, *, id: str, grace_hours: timedelta, **options: Any) -> None:  # noqa: A002 - the argument's name.
        """Rotate it and show the new one."""
        old = find_key(id)
        try:
            key, plain = old.rotate(grace_hours)
        except (KeyEndedError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        lines = [
            f"{old.hint} ends at {moment(old.expires_at)}. Keep its successor now, it is not shown again:",
            plain.text,
        ]
        self.report({**shown_once(key, plain), "replaces": str(old.id)}, lines, as_json=options["json"])
