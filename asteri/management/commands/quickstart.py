import argparse
import os
import secrets
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandParser, call_command
from django.db import transaction

from apikeys.models import ApiKey
from apikeys.scopes import Scope
from asteri import demonstration, dotenv
from asteri.management.base import Command as ReportingCommand
from organizations.models import Organization

STAFF = "admin"
MOST_PORT = 65_535
GENEROUS = 600  # requests a minute: enough to play with


class Command(ReportingCommand):
    """Sets everything up and serves."""

    help = (
        "Set everything up and serve: settings, tables, demonstration data, a key and a staff user. "
        "Run it as often as you like."
    )
    example = "manage.py quickstart --port 3000"
    requires_system_checks = []  # noqa: RUF012 - Django's own declaration; what the checks ask for is made here.

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port, or the wish not to serve."""
        parser.add_argument(
            "--port", type=port_number, default=settings.PORT, help=f"Where to serve ({settings.PORT})."
        )
        parser.add_argument("--no-serve", action="store_true", help="Set up, say so and end.")

    def handle(self, *, port: int, no_serve: bool, **options: Any) -> None:
        """Set up, say what was done, serve."""
        if dotenv.make_secrets(settings.ENV_FILE, known=os.environ):
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - once more, with the secrets just made.
        call_command("migrate", verbosity=0)
        kept = dotenv.read(settings.ENV_FILE)
        with transaction.atomic():
            organization = demonstration.prepare()
            key = keep_key(organization, kept.get("ASTERI_API_KEY", ""))
            password = keep_staff(kept.get("ASTERI_STAFF_PASSWORD", ""))
        dotenv.keep(
            settings.ENV_FILE,
            {"ASTERI_ORG_ID": str(organization.id), "ASTERI_API_KEY": key, "ASTERI_STAFF_PASSWORD": password},
        )
        result = {
            "base_url": f"http://localhost:{port}",
            "organization_id": str(organization.id),
            "api_key": key,
            "staff_username": STAFF,
            "staff_password": password,
        }
        self.report(result, lines(result), as_json=options["json"])
        if not no_serve:
            serve(port)


def port_number(text: str) -> int:
    """Read a port from 1 to 65535."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PORT):
        raise argparse.ArgumentTypeError(f"{text} is no port from 1 to {MOST_PORT}.")
    return int(text)


def keep_key(organization: Organization, kept: str) -> str:
    """Answer the key of an earlier run where it still works for the organization, else a new one with every scope."""
    known = ApiKey.objects.verify(kept)
    if known and known.organization_id == organization.id:
        return kept
    return ApiKey.objects.issue(organization, name="Quickstart", scopes=list(Scope), per_minute=GENEROUS)[1].text


def keep_staff(kept: str) -> str:
    """Answer the password of the staff user: the one of an earlier run where it still works, else a new one."""
    user, _ = get_user_model().objects.get_or_create(username=STAFF, defaults={"is_staff": True, "is_superuser": True})
    if kept and user.check_password(kept):
        return kept
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save()
    return password


def lines(result: dict[str, str]) -> list[str]:
    """Answer what a newcomer needs to see."""
    url = f"{result['base_url']}/api/public/v1/customers"
    headers = f'-H "x-api-key: {result["api_key"]}" -H "x-organization-id: {result["organization_id"]}"'
    body = demonstration.CREATE_EXAMPLE
    return [
        f"Ready: tables, {demonstration.COUNT} demonstration customers, a key and a staff user.",
        f"  organization  {result['organization_id']}",
        f"  API key       {result['api_key']}",
        f"  admin         {result['base_url']}/admin/  {result['staff_username']} / {result['staff_password']}",
        "",
        "Ask it something:",
        f"  curl {headers} {url}",
        f"  curl {headers} {url}/{demonstration.CUSTOMER_ID}",
        f"  curl -X POST {headers} -H 'Content-Type: application/json' -d '{body}' {url}",
        "",
    ]


def serve(port: int) -> None:
    """Become gunicorn, for this machine alone."""
    os.chdir(settings.BASE_DIR)
    sys.stdout.flush()
    command = [sys.executable, "-m", "gunicorn", "asteri.wsgi", "--bind", f"127.0.0.1:{port}"]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell.
