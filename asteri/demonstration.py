"""Demonstration data: the reference page's organization and customer, and about forty others to page through."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID, uuid5

from customers.models import AccountType, Customer
from organizations.models import Organization

ORGANIZATION_ID = UUID("dce3853d-4f94-4bc8-a816-4d0d74c11a9d")
CUSTOMER_ID = UUID("8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3")
CREATED_AT = datetime(2026, 3, 18, 15, 40, 12, tzinfo=UTC)
PAGE_CUSTOMER = {
    "account_type": AccountType.BUSINESS,
    "display_name": "North Harbor Facilities",
    "company_name": "North Harbor Facilities",
    "first_name": "Nora",
    "last_name": "Harbor",
    "email": "ops@northerborfacilities.com",
    "phone": "+1-404-555-0128",
}
# The page's own create carries the e-mail of the customer that is already there; this one gets its 201.
CREATE_EXAMPLE = json.dumps({**PAGE_CUSTOMER, "email": "billing@northerborfacilities.com"})

PLACES = ("Cedar", "Granite", "Juniper", "Lakeside", "Maple")
TRADES = ("Cleaning", "Electric", "Facilities", "Plumbing")
FIRST_NAMES = ("Ada", "Ben", "Carla", "Dev", "Elena")
LAST_NAMES = ("Brook", "Field", "Marsh", "Stone")
COUNT = 1 + len(PLACES) * len(TRADES) + len(FIRST_NAMES) * len(LAST_NAMES)


def prepare() -> Organization:
    """Answer the demonstration organization, made with its customers unless it's there, and left alone if it is."""
    organization, is_new = Organization.objects.get_or_create(
        id=ORGANIZATION_ID, defaults={"name": "North Harbor Demonstration"}
    )
    if is_new:
        for customer in [page_customer(), *businesses(), *individuals()]:
            customer.organization = organization
            customer.save(force_insert=True)
    return organization


def page_customer() -> Customer:
    """Answer the customer that the reference page shows."""
    return Customer(id=CUSTOMER_ID, created_at=CREATED_AT, **PAGE_CUSTOMER)


def businesses() -> list[Customer]:
    """Answer the businesses: a place and a trade each."""
    names = [f"{place} {trade}" for place, trade in product(PLACES, TRADES)]
    return [
        other(
            number,
            account_type=AccountType.BUSINESS,
            company_name=name,
            email=f"office@{name.lower().replace(' ', '-')}.example",
        )
        for number, name in enumerate(names)
    ]


def individuals() -> list[Customer]:
    """Answer the individuals: a first and a last name each."""
    return [
        other(
            100 + number,
            account_type=AccountType.INDIVIDUAL,
            first_name=first,
            last_name=last,
            email=f"{first}.{last}@example.com".lower(),
        )
        for number, (first, last) in enumerate(product(FIRST_NAMES, LAST_NAMES))
    ]


def other(number: int, **fields: str) -> Customer:
    """Answer one more customer, older than the page's, with an id of its own and a number reserved for fiction."""
    return Customer(
        id=uuid5(ORGANIZATION_ID, str(number)),
        phone=f"+1-404-555-01{number % 100:02}",
        created_at=CREATED_AT - timedelta(days=1, hours=7 * number, minutes=13 * number),
        **fields,
    )
