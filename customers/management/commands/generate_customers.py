import argparse
import uuid
from typing import Any

from django.core.management import CommandParser
from tqdm import tqdm

from asteri.management.base import Command as ReportingCommand
from customers.fiction import generate, made_for
from customers.management.base import stopping_in_words
from organizations.management.base import find_organization, take_organization


def whole_number(text: str) -> int:
    """Read how many customers to make, one or more."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is no whole number of 1 or more.")
    return int(text)


class Command(ReportingCommand):
    """Makes demonstration customers."""

    help = (
        "Create that many believable customers more, for a demonstration or a measurement: about as many people as\n"
        "businesses, with telephone numbers and e-mail domains that are reserved for fiction, spread over the last\n"
        "five years. Their external ids are DEMO-000000001 and on; run it again, and it goes on from there."
    )
    example = "manage.py generate_customers 1000000 --organization UUID"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many, and whose they are."""
        parser.add_argument("number", type=whole_number, metavar="N", help="How many.")
        take_organization(parser, "Whose customers they become.")

    def handle(self, *, number: int, organization: uuid.UUID, **options: Any) -> None:
        """Make them, and say so."""
        owner = find_organization(organization)
        before = made_for(owner).count()
        with (
            stopping_in_words("", lambda: f"{made_for(owner).count() - before} customers were created before that."),
            tqdm(total=number, disable=None) as bar,
        ):
            for created in generate(owner, number):
                bar.update(created)
        self.report({"created": number}, [f"Created {number} customers."], as_json=options["json"])
