"""What staff find in a quickstart that has been in use: keys in every state, a month of requests, refusals, changes.

Run as `python -m tests.browser.preparation KEY NAME PASSWORD`: the quickstart's own key, and who else is on the staff.
Prints the ids of what tests visit.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - models can be had once Django is set up.
from django.utils import timezone  # noqa: E402

from apikeys.keys import PlainKey  # noqa: E402
from apikeys.models import ApiKey  # noqa: E402
from apikeys.scopes import Scope  # noqa: E402
from apikeys.usage.gathering import Gathered  # noqa: E402
from apikeys.usage.models import COUNTERS, Refusal  # noqa: E402
from apikeys.usage.writing import SECONDS_AN_HOUR, write  # noqa: E402
from asteri.api.exchange import Exchange  # noqa: E402
from asteri.audit.actor import acting  # noqa: E402
from asteri.audit.models import Record  # noqa: E402
from asteri.demonstration import CUSTOMER_ID, ORGANIZATION_ID  # noqa: E402
from customers.models import Customer  # noqa: E402
from organizations.models import Organization  # noqa: E402

DAY = timedelta(days=1)
KEYS: dict[str, tuple[int | None, int | None]] = {  # in how many days each expires, how many ago it was used last
    "Dispatch board": (300, 0),
    "Website form": (None, 2),
    "Nightly mirror": (9, 0),
    "Old integration": (200, 120),
}
UNEVEN = (3, 5, 9, 14, 21, 26, 30, 28, 24, 19, 13, 7)  # a working day's requests, two hours each


def make_keys(organization: Organization) -> list[ApiKey]:
    """Make the keys, all of them half a year old."""
    now, made = timezone.now(), []
    for name, (expires, used) in KEYS.items():
        made.append(
            ApiKey.objects.issue(
                organization,
                name=name,
                scopes=[Scope.READ_CUSTOMERS, Scope.WRITE_CUSTOMERS],
                expires_at=now + expires * DAY if expires else None,
                last_used_at=now - used * DAY if used is not None else None,
                created_at=now - 180 * DAY,
            )[0]
        )
    made[0].rotate(timedelta(days=7))
    return made


def make_usage(keys: list[ApiKey]) -> None:
    """Write a month of requests, fewer with each key; the last key but one is refused often."""
    gathered, now = Gathered(), int(timezone.now().timestamp()) // SECONDS_AN_HOUR
    for number, key in enumerate(keys):
        for ago in range(30 * 24):
            moment = datetime.fromtimestamp((now - ago) * SECONDS_AN_HOUR, UTC)
            busy = UNEVEN[moment.hour // 2] * (1 if moment.weekday() < 5 else 0.3) * (len(keys) - number)
            refused = int(busy / 9) if number == len(keys) - 2 else int(ago % 24 == 0)
            counts = [int(busy) + ago % 5, int(busy / 25), *[0] * (len(COUNTERS) - 3), refused]
            gathered.counts[now - ago, key.public_id, str(key.organization_id)] = counts
    gathered.refusals = [(timezone.now() - timedelta(minutes=n), refused_with(keys[0], n)) for n in range(1, 30)]
    write(gathered)


def refused_with(key: ApiKey, number: int) -> Exchange:
    """Answer a request that was refused."""
    said: dict[str, Any] = {"status": 403, "refusal": "API key missing required scopes"}
    if number % 3 == 0:
        said = {"status": 400, "refusal": "Invalid request payload", "paths": ("email",)}
    return Exchange(
        request_id=f"request-{number}",
        method="POST",
        route="customers-list",
        size=90,
        seconds=0.01,
        address="192.0.2.7",
        key=key.public_id,
        organization=str(key.organization_id),
        **said,
    )


def main(text: str, name: str, password: str) -> None:
    """Prepare everything; print the ids of what tests visit."""
    plain, organization = PlainKey.parse(text), Organization.objects.get(pk=ORGANIZATION_ID)
    assert plain
    first = ApiKey.objects.get(public_id=plain.public_id)
    ApiKey.objects.filter(pk=first.pk).update(last_used_at=timezone.now())
    User.objects.create_superuser(name, password=password)
    with acting("command", "preparation"):
        keys = [first, *make_keys(organization)]
    with acting("user", name, "request-1", "192.0.2.7"):
        Customer.objects.get(pk=CUSTOMER_ID).change({"last_name": "Harbour"})
    make_usage(keys)
    made = {
        "customer": CUSTOMER_ID,
        "organization": ORGANIZATION_ID,
        "key": first.pk,
        "refusal": Refusal.objects.latest("at").pk,
        "record": Record.objects.latest("id").pk,
    }
    sys.stdout.write(json.dumps({name: str(value) for name, value in made.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
