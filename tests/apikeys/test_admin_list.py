"""The list of keys: its states, filters and search, what it costs, and that no key is searched for as a whole."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apikeys.models import ApiKey
from apikeys.stages import Stage
from apikeys.usage.models import Day
from tests.callers import Caller
from tests.factories import make_organization

NOON = datetime(2026, 3, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LIST = "/admin/apikeys/apikey/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def listed(admin_client: Client, **query: str) -> list[ApiKey]:
    response = admin_client.get(LIST, query)
    assert response.status_code == 200
    keys: list[ApiKey] = response.context["cl"].result_list
    return keys


def names(admin_client: Client, **query: str) -> set[str]:
    return {key.name for key in listed(admin_client, **query)}


@pytest.fixture
def keys(owner: Caller) -> dict[str, ApiKey]:
    """One key at each stage, and some that differ otherwise, by name; nobody else has any."""
    organization, suspended = owner.organization, make_organization()
    sandbox = make_organization(environment="sandbox")
    fields: dict[str, dict[str, Any]] = {
        "active": {"per_minute": 60},
        "expiring": {"expires_at": NOON + DAY, "per_minute": 5, "scopes": ["read:customers"]},
        "grace": {"expires_at": NOON + 100 * DAY},
        "expired": {"expires_at": NOON + DAY, "per_hour": 9},
        "revoked": {"per_day": 9, "scopes": []},
    }
    made = {name: Caller.of(organization, name=name, **given).key for name, given in fields.items()}
    made |= {"suspended": Caller.of(suspended, name="suspended").key, "sandbox": Caller.of(sandbox, name="sandbox").key}
    made["grace"].rotate(DAY)[0].delete()  # leaves it as it is but for what it was rotated into
    made["grace"].refresh_from_db()
    Caller.of(organization, name="successor", replaces=made["grace"], expires_at=NOON + 50 * DAY)
    made["expired"].end_by(NOON - DAY)
    made["revoked"].revoke()
    suspended.suspend()
    ApiKey.objects.filter(name="active").update(last_used_at=NOON - timedelta(hours=1))
    ApiKey.objects.filter(name="expiring").update(last_used_at=NOON - 95 * DAY)
    owner.key.delete()
    return made


EVERYBODY = {"active", "expiring", "grace", "expired", "revoked", "suspended", "sandbox", "successor"}
FILTERS: dict[str, tuple[dict[str, str], set[str]]] = {
    "active": ({"state": "active"}, {"active", "sandbox", "successor"}),
    **{stage.value: ({"state": stage.value}, {stage.value}) for stage in Stage if stage is not Stage.ACTIVE},
    "scope": ({"scope": "read:customers"}, EVERYBODY - {"revoked"}),
    "another scope": ({"scope": "write:api_keys"}, EVERYBODY - {"revoked", "expiring"}),
    "no scopes": ({"scope": "none"}, {"revoked"}),
    "environment": ({"environment": "sandbox"}, {"sandbox"}),
    "never expires": ({"expiry": "never"}, {"active", "revoked", "suspended", "sandbox"}),
    "expired before": ({"expiry": "past"}, {"expired"}),
    "expires in 14 days": ({"expiry": "14"}, {"expiring", "grace"}),
    "expires in 90 days": ({"expiry": "90"}, {"expiring", "grace", "successor"}),
    "expires later": ({"expiry": "later"}, set()),
    "never used": ({"used": "never"}, EVERYBODY - {"active", "expiring"}),
    "used today": ({"used": "1"}, {"active"}),
    "used this week": ({"used": "7"}, {"active"}),
    "used long ago": ({"used": "over30"}, {"expiring"}),
    "used longer ago": ({"used": "over90"}, {"expiring"}),
    "usual limit": ({"limits": "usual"}, {"active"}),
    "lower limit": ({"limits": "less"}, {"expiring"}),
    "higher limit": ({"limits": "more"}, EVERYBODY - {"active", "expiring"}),
    "hours": ({"limits": "hour"}, {"expired"}),
    "days": ({"limits": "day"}, {"revoked"}),
    "never expires, works": ({"concern": "never_expiring"}, {"active", "sandbox"}),
    "idle": ({"concern": "idle"}, {"expiring"}),
    "expiring": ({"concern": "expiring_soon"}, {"expiring"}),
    "refused": ({"concern": "often_refused"}, set()),
    "both": ({"limits": "more", "environment": "sandbox"}, {"sandbox"}),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_filters_find_their_keys(
    admin_client: Client, keys: dict[str, ApiKey], query: dict[str, str], expected: set[str]
) -> None:
    assert names(admin_client, **query) == expected


def test_an_organizations_keys_are_found_by_its_id(admin_client: Client, keys: dict[str, ApiKey]) -> None:
    assert names(admin_client, organization=str(keys["sandbox"].organization_id)) == {"sandbox"}


@pytest.mark.parametrize(
    "query",
    [
        *({name: "nonsense"} for name in ("state", "scope", "environment", "expiry", "used", "limits", "concern")),
        {"organization": "nonsense"},
        {"state": ""},
        {"p": "nonsense"},
        {"o": "nonsense"},
    ],
    ids=str,
)
def test_an_address_that_makes_no_sense_leads_back_to_the_list(
    admin_client: Client, owner: Caller, query: dict[str, str]
) -> None:
    assert admin_client.get(LIST, query, follow=True).status_code == 200


SEARCHES: dict[str, Callable[[ApiKey], str]] = {
    "a hint": lambda key: key.hint,
    "a hint with dots": lambda key: key.hint.replace("…", "..."),
    "a hint without": lambda key: key.hint.rstrip("…"),
    "the beginning of a hint": lambda key: f"{key.hint[:15]}…",
    "a public id": lambda key: key.public_id,
    "an id": lambda key: str(key.pk),
    "an organization's id": lambda key: str(key.organization_id),
    "a name": lambda _: " partner NORTH ",
    "an organization's name": lambda _: "North harbor",
    "both": lambda _: "harbor partner",
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_key_is_found(admin_client: Client, outsider: Caller, search: Callable[[ApiKey], str]) -> None:
    key = Caller.of(make_organization(name="North Harbor Facilities"), name="Partner").key
    assert listed(admin_client, q=search(key)) == [key]


@pytest.mark.parametrize("search", ["nothing like it", "ast_live_000000000000…", "ast_live_", "%", "_", "'", "\\", "🗝"])
def test_nothing_is_found_for_what_is_not_there(admin_client: Client, owner: Caller, search: str) -> None:
    assert listed(admin_client, q=search) == []


@pytest.mark.parametrize("cut", [0, 1, 20], ids="{} characters short".format)
@pytest.mark.parametrize("around", ["{}", "  {} ", "x-api-key: {}", "{}."])
def test_a_key_in_an_address_is_replaced_by_its_hint(
    admin_client: Client, owner: Caller, outsider: Caller, cut: int, around: str
) -> None:
    pasted = owner.text[: len(owner.text) - cut]
    response = admin_client.get(LIST, {"q": around.format(pasted), "state": "active"})
    assert response.status_code == 302
    assert owner.text[21:][: 38 - cut] not in f"{response.headers}{response.content!r}{response.cookies}"
    assert owner.key.public_id in response.headers["Location"]
    assert "state=active" in response.headers["Location"]
    (message,) = map(str, get_messages(response.wsgi_request))
    assert "Never search for a whole key" in message
    assert owner.key.public_id not in message


def test_what_is_left_of_a_pasted_key_finds_it(admin_client: Client, owner: Caller, outsider: Caller) -> None:
    response = admin_client.get(LIST, {"q": owner.text}, follow=True)
    assert response.context["cl"].result_list == [owner.key]


def test_a_row_says_what_there_is_to_know(admin_client: Client, owner: Caller) -> None:
    key = Caller.of(owner.organization, per_minute=5, per_hour=6000, per_day=7, scopes=["read:customers"]).key
    page = admin_client.get(LIST, {"q": key.hint}).content.decode()
    assert key.hint in page
    assert "5 a minute, 6,000 an hour, 7 a day" in page
    assert '<span class="key-state key-active">active</span>' in page
    assert '<code class="key-scope">read:customers</code>' in page


def test_a_key_without_scopes_says_so(admin_client: Client, owner: Caller) -> None:
    Caller.of(owner.organization, name="Useless", scopes=[])
    assert '<td class="field-granted">none</td>' in admin_client.get(LIST, {"q": "Useless"}).content.decode()


def test_the_busiest_key_of_a_page_is_the_measure_of_its_bars(
    admin_client: Client, owner: Caller, outsider: Caller
) -> None:
    for caller, granted in ((owner, 40), (outsider, 10)):
        whose = {"public_id": caller.key.public_id, "organization": caller.organization}
        Day.objects.create(**whose, day=NOON.date(), granted=granted)
    bars = {key.pk: key.bar_of_today for key in listed(admin_client)}  # type: ignore[attr-defined]
    assert 'width="100" height="8"></rect></svg> <span>40</span>' in bars[owner.key.pk]
    assert 'width="25" height="8"></rect></svg> <span>10</span>' in bars[outsider.key.pk]


def test_a_page_of_keys_costs_no_more_than_a_page_of_one(admin_client: Client, owner: Caller) -> None:
    costs = []
    for count in (1, 9):
        for _ in range(count):
            Caller.of(make_organization()).key.rotate(DAY)
        with CaptureQueriesContext(connection) as sent:
            admin_client.get(LIST)
        costs.append(len(sent))
    assert costs[0] == costs[1] <= 9, costs  # session, user, count, keys, usage, and Django's own few
