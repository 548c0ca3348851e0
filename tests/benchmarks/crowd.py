"""A crowd: as much of everything as staff may ever look through, loaded by the project's own ways of loading."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from apikeys.keys import KeyFault
from apikeys.models import ApiKey
from apikeys.scopes import Scope
from apikeys.usage.gathering import Gathered
from apikeys.usage.models import COUNTERS
from apikeys.usage.writing import SECONDS_AN_HOUR, write
from asteri.api.exchange import Exchange
from asteri.audit.actor import acting
from customers.fiction import PLACES, TOWNS, TRADES, records_of
from customers.loading import BATCH, ahead, batches, store
from customers.models import Customer
from organizations.models import Environment, Organization

ORGANIZATIONS, LARGEST = 3_000, 0.4  # of all customers, the share of the one organization that has the most
DAYS, HOURS_IN_USE = 30, 6  # of usage; hours of the last day in which a key is in use, and one of each day before
REFUSED_DAYS = 7
CHANGES, ACTORS = 3_000, 20  # customers that keys and users change after the loading
AT_ONCE = 1_000
CHANCE = Random(5)  # the same crowd every time
REFUSALS = (
    (401, "Invalid API key", (), KeyFault.EXPIRED.value),
    (403, "API key missing required scopes", (), ""),
    (400, "Invalid request payload", ("email",), ""),
    (404, "Customer not found", (), ""),
    (429, "API key minute rate limit exceeded", (), ""),
)


def load(customers: int, keys: int) -> None:
    """Fill an empty database."""
    with acting("command", "benchmark"):
        organizations = make_organizations(min(ORGANIZATIONS, max(1, customers // 100)))
        make_customers(organizations, customers)
        made = make_keys(organizations, keys)
    make_usage(made)
    make_refusals(made, customers // 3)
    make_changes(made)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def bar(items: Iterable[Any], what: str, total: int | None = None) -> Iterable[Any]:
    """Answer the items, shown as they pass where somebody watches."""
    passing: Iterable[Any] = tqdm(items, what, total, disable=None)
    return passing


def make_organizations(number: int) -> list[Organization]:
    """Make tenants; some are sandboxes, some suspended."""
    names = (f"{PLACES[i % len(PLACES)]} {TRADES[i % len(TRADES)]} {TOWNS[i % len(TOWNS)]} {i}" for i in range(number))
    made = [
        Organization(
            name=name,
            environment=Environment.SANDBOX if i % 9 == 4 else Environment.LIVE,
            region=("US", "US", "GB", "DE")[i % 4],
            suspended_at=timezone.now() if i % 50 == 49 else None,
        )
        for i, name in enumerate(names)
    ]
    return Organization.objects.bulk_create(made, AT_ONCE)


def make_customers(organizations: list[Organization], number: int) -> None:
    """Store customers, no two of them alike; the first organization has the most."""
    for batch in bar(ahead(batches(everybody(organizations, number), BATCH)), "customers", -(-number // BATCH)):
        store(batch)


def everybody(organizations: list[Organization], number: int) -> Iterator[dict[str, Any]]:
    """Yield the records of all organizations."""
    most = int(number * LARGEST)
    others, first = max(1, (number - most) // max(1, len(organizations) - 1)), 1
    for organization in organizations:
        share = min(most if first == 1 else others, number - first + 1)
        yield from islice(records_of(organization, max(1, share), first), share)
        first += share


def make_keys(organizations: list[Organization], number: int) -> list[ApiKey]:
    """Make keys in every state; the first organization has a tenth of them."""
    made = [new_key(organizations, i) for i in bar(range(number), "keys")]
    return ApiKey.objects.bulk_create(made, AT_ONCE)


def new_key(organizations: list[Organization], i: int) -> ApiKey:
    """Answer the key of a number, which says in what state it is."""
    now, day = timezone.now(), timedelta(days=1)
    organization = organizations[0 if i % 10 == 0 else i % len(organizations)]
    key = ApiKey(
        organization=organization,
        name=f"{TRADES[i % len(TRADES)]} dispatch {i}",
        scopes=list(Scope)[: i % 7],  # type: ignore[misc]  # a field of lists
        per_minute=(60, 60, 30, 600)[i % 4],
        per_day=10_000 if i % 3 else None,
        expires_at=(None, now - 5 * day, now + 5 * day, now + 200 * day, now + 365 * day)[i % 5],
        revoked_at=now - 30 * day if i % 17 == 3 else None,
        last_used_at=(None, now, now - 40 * day, now - 120 * day)[i % 4],
        created_at=now - timedelta(minutes=37 * i),
    )
    key.mint()
    return key


def make_usage(keys: list[ApiKey]) -> None:
    """Write a month in which each key is used a few hours a day; one in twenty is refused often."""
    now = int(timezone.now().timestamp()) // SECONDS_AN_HOUR
    for day in bar(range(DAYS), "days of usage"):
        gathered = Gathered()
        for i, key in enumerate(keys):
            for hour in range(1 if day else HOURS_IN_USE):
                ago = day * 24 + (i * 7 + hour * 4) % 24
                gathered.counts[now - ago, key.public_id, str(key.organization_id)] = numbers(i)
        write(gathered)


def numbers(i: int) -> list[int]:
    """Answer the counts of an hour, in the order of COUNTERS."""
    refused = CHANCE.randrange(9) if i % 20 == 0 else 0
    return [CHANCE.randrange(500), CHANCE.randrange(20) if i % 8 == 0 else 0, *[refused] * (len(COUNTERS) - 2)]


def make_refusals(keys: list[ApiKey], number: int) -> None:
    """Write the refusals of a week, those of one minute beside each other."""
    now = timezone.now().timestamp()
    for some in bar(batches(range(number), AT_ONCE), "refusals", -(-number // AT_ONCE)):
        gathered = Gathered()
        for i in some:
            moment = datetime.fromtimestamp(now - REFUSED_DAYS * 86_400 * (1 - i / number), UTC)
            gathered.refusals.append((moment, refused(keys[CHANCE.randrange(len(keys))], i)))
        write(gathered)


def refused(key: ApiKey, i: int) -> Exchange:
    """Answer a request that was refused."""
    status, refusal, paths, fault = REFUSALS[i % len(REFUSALS)]
    is_valid = status != 401
    return Exchange(
        request_id=uuid4().hex,
        method="POST" if status == 400 else "GET",
        route="customers-list",
        status=status,
        size=100,
        seconds=0.01,
        address=f"192.0.2.{i % 250}",
        key=key.public_id if is_valid else None,
        organization=str(key.organization_id) if is_valid else None,
        refusal=refusal,
        paths=paths,
        key_fault=fault or None,
        claimed_key=None if is_valid else key.public_id,
    )


def make_changes(keys: list[ApiKey]) -> None:
    """Have keys and staff users change customers, for the audit trail."""
    names = [User.objects.create_user(f"staff-{i}", password=None, is_staff=True).username for i in range(ACTORS)]
    actors = [*(("user", name) for name in names), *(("api_key", key.public_id) for key in keys[:ACTORS])]
    for i, customer in enumerate(bar(Customer.objects.select_related("organization")[:CHANGES], "changes", CHANGES)):
        with acting(*actors[i % len(actors)], request_id=uuid4().hex, address="192.0.2.7"):
            customer.change({"phone": f"+1-404-555-01{i % 100:02}"})
