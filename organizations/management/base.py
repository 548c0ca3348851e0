"""What the commands about one organization share."""

import uuid

from django.core.management import CommandError, CommandParser

from organizations.models import Organization


def take_organization(parser: CommandParser, help: str) -> None:  # noqa: A002 - argparse's name.
    """Let a command take the organization's id."""
    parser.add_argument("--organization", type=uuid.UUID, required=True, metavar="UUID", help=help)


def find_organization(pk: uuid.UUID) -> Organization:
    """Answer the organization with that id; CommandError where there is none."""
    try:
        return Organization.objects.get(pk=pk)
    except Organization.DoesNotExist:
        raise CommandError(f"There is no organization with the id {pk}.") from None
