"""Fills an organization of a served database with customers, past the API: its walk is tested, not its making.

Run as `python -m tests.sdk.seeding ORGANIZATION COUNT`. Every ten customers share a moment, so that pages end in ties.
"""

import sys
from datetime import UTC, datetime, timedelta

import django

django.setup()

from customers.models import Customer  # noqa: E402 - models can be had once Django is set up.
from organizations.models import Organization  # noqa: E402

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def customer(organization: Organization, number: int) -> Customer:
    """Answer one customer, not yet stored."""
    made = Customer(
        organization=organization,
        account_type="business",
        email=f"walk-{number}@example.com",
        created_at=FIRST + timedelta(seconds=number // 10),
    )
    made.compute()
    return made


if __name__ == "__main__":
    organization = Organization.objects.get(pk=sys.argv[1])
    Customer.objects.bulk_create([customer(organization, number) for number in range(int(sys.argv[2]))], batch_size=500)
