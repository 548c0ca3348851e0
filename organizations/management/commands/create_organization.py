import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError, CommandParser

from asteri.management.base import Command as ReportingCommand
from organizations.models import Environment, Organization


class Command(ReportingCommand):
    """Creates an organization."""

    help = "Create an organization, whose customers and keys are its own."
    example = 'manage.py create_organization "North Harbor Facilities" --region US'

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the name and what may be chosen once and for all."""
        parser.add_argument("name", metavar="NAME", help="What people call it.")
        parser.add_argument("--id", type=uuid.UUID, metavar="UUID", help="Its id (a new one unless given).")
        parser.add_argument("--sandbox", action="store_true", help="For tests: its keys begin with ast_test_.")
        parser.add_argument("--region", default="US", help="Where phone numbers without a country code belong (US).")

    def handle(self, *, name: str, id: uuid.UUID | None, sandbox: bool, region: str, **options: Any) -> None:  # noqa: A002 - the option's name.
        """Create it and say so."""
        organization = Organization(
            id=id or uuid.uuid4(),
            name=name.strip(),
            environment=Environment.SANDBOX if sandbox else Environment.LIVE,
            region=region.upper(),
        )
        try:
            organization.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        organization.save(force_insert=True)
        result = {"id": str(organization.id), "name": organization.name, "environment": organization.environment}
        self.report(
            result,
            [f"Created {organization.name} ({organization.environment}): {organization.id}"],
            as_json=options["json"],
        )
