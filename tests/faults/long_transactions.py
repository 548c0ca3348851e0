"""A neighbour that writes customers past the API, in transactions that stay open for long: every other one is undone.

Run as `python -m tests.faults.long_transactions ORGANIZATION SECONDS HOLD`; prints as JSON how many ended in which way.
"""

import json
import random
import sys
import time
import uuid
from collections import Counter

import django

django.setup()

from django.db import OperationalError, transaction  # noqa: E402 - models can be had once Django is set up.

from customers.models import Customer  # noqa: E402
from organizations.models import Organization  # noqa: E402

LEAST = 2  # turns, however slow the machine
TOUCHED = 3  # customers


def write(organization: Organization) -> None:
    """Create, change and delete some customers."""
    for _ in range(TOUCHED):
        name = uuid.uuid4().hex
        Customer.objects.create(organization=organization, account_type="business", email=f"{name}@example.org")
    mine = Customer.objects.of(organization)
    found = random.sample(list(mine.values_list("pk", flat=True)), TOUCHED)
    customers = list(mine.select_for_update(of=("self",)).filter(pk__in=found).order_by("pk"))
    for customer in customers[1:]:
        customer.change({"display_name": f"Written past the API {uuid.uuid4().hex}"})
    for customer in customers[:1]:
        customer.delete()


def take_turn(organization: Organization, hold: float, *, undo: bool) -> str:
    """Write in one transaction and keep it open for up to `hold` seconds; answer how it ended."""
    try:
        with transaction.atomic():
            write(organization)
            time.sleep(random.uniform(hold / 4, hold))
            transaction.set_rollback(undo)
    except OperationalError:
        return "refused"
    return "undone" if undo else "committed"


def main(organization_id: str, seconds: str, hold: str) -> None:
    """Take turns for so many seconds."""
    organization, end = Organization.objects.get(pk=organization_id), time.monotonic() + float(seconds)
    ends, turn = Counter[str](), 0
    while turn < LEAST or time.monotonic() < end:
        ends[take_turn(organization, float(hold), undo=turn % 2 == 1)] += 1
        turn += 1
        time.sleep(random.uniform(0, float(hold)))  # SQLite lets the others write then
    sys.stdout.write(json.dumps(ends))


if __name__ == "__main__":
    main(*sys.argv[1:])
