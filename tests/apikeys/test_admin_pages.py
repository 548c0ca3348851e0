"""Rotating and revoking in the admin, and the hygiene page: confirmed, once, and by those who may."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from apikeys.models import ApiKey
from apikeys.states import KeyState
from apikeys.usage.models import Day
from tests.callers import Caller
from tests.factories import make_organization

KEY = re.compile(r"\bast_(?:live|test)_[0-9A-Za-z]{50}\b")
NOON = datetime(2026, 3, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIST = "/admin/apikeys/apikey/"
HYGIENE = f"{LIST}hygiene/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def path(key: ApiKey, page: str) -> str:
    return f"{LIST}{key.pk}/{page}/"


def act(admin_client: Client, action: str, *keys: ApiKey, **more: str) -> Any:
    form = {"action": action, "_selected_action": [str(key.pk) for key in keys], **more}
    return admin_client.post(LIST, form, follow=True)


def rotate(admin_client: Client, key: ApiKey, **fields: Any) -> Any:
    return admin_client.post(path(key, "rotate"), {"grace": "24", "lifetime": "same", **fields}, follow=True)


def seen(response: Any) -> str:
    text: str = response.content.decode()
    return text


# Rotating


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"grace": "0"}, NOON),
        ({"grace": "1"}, NOON + HOUR),
        ({"grace": "24"}, NOON + DAY),
        ({"grace": "168"}, NOON + 7 * DAY),
        ({"grace": "own", "hours": "0"}, NOON),
        ({"grace": "own", "hours": "36"}, NOON + 36 * HOUR),
        ({"grace": "own", "hours": "8760"}, NOON + 99 * DAY),
    ],
    ids=str,
)
def test_the_old_key_goes_on_for_as_long_as_chosen(
    admin_client: Client, owner: Caller, fields: dict[str, str], ends: datetime
) -> None:
    old = Caller.of(owner.organization, expires_at=NOON + 99 * DAY)
    response = rotate(admin_client, old.key, **fields)
    (text,) = set(KEY.findall(seen(response)))
    new = ApiKey.objects.get(replaces=old.key)
    assert "no-store" in response.headers["Cache-Control"]
    assert ApiKey.objects.get(pk=old.key.pk).expires_at == ends
    assert Caller(owner.organization, new, text).get().status_code == 200
    assert old.get().status_code == (401 if ends == NOON else 200)


@pytest.mark.parametrize(
    ("lifetime", "expires_at"), [("same", NOON + 99 * DAY), ("30", NOON + 30 * DAY), ("never", None)]
)
def test_the_new_key_lives_for_as_long_as_chosen(
    admin_client: Client, owner: Caller, lifetime: str, expires_at: datetime | None
) -> None:
    old = Caller.of(owner.organization, expires_at=NOON + 99 * DAY).key
    rotate(admin_client, old, lifetime=lifetime)
    assert ApiKey.objects.get(replaces=old).expires_at == expires_at


@pytest.mark.parametrize(("expires_at", "offered"), [(None, "same"), (NOON + 15 * DAY, "same"), (NOON + DAY, "365")])
def test_a_successor_of_a_key_that_expires_soon_is_offered_a_year(
    admin_client: Client, owner: Caller, expires_at: datetime | None, offered: str
) -> None:
    key = Caller.of(owner.organization, expires_at=expires_at).key
    assert admin_client.get(path(key, "rotate")).context["form"]["lifetime"].value() == offered


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"grace": ""}, "grace"),
        ({"grace": "2"}, "grace"),
        ({"grace": "own"}, "hours"),
        ({"grace": "own", "hours": "-1"}, "hours"),
        ({"grace": "own", "hours": "8761"}, "hours"),
        ({"grace": "own", "hours": "soon"}, "hours"),
        ({"lifetime": "date"}, "lifetime"),
        ({"lifetime": "9" * 30}, "lifetime"),
    ],
    ids=str,
)
def test_a_form_with_a_fault_rotates_nothing(
    admin_client: Client, owner: Caller, fields: dict[str, str], fault: str
) -> None:
    assert set(rotate(admin_client, owner.key, **fields).context["form"].errors) == {fault}
    assert ApiKey.objects.count() == 1


def test_rotating_again_makes_no_third_key_and_shows_none(admin_client: Client, owner: Caller) -> None:
    (text,) = set(KEY.findall(seen(rotate(admin_client, owner.key))))
    for again in (rotate(admin_client, owner.key), admin_client.get(path(owner.key, "rotate"), follow=True)):
        assert f"{text[:21]}… takes over" in seen(again)
        assert text[21:53] not in seen(again)
    assert ApiKey.objects.count() == 2


@pytest.mark.parametrize("state", ["revoked", "expired"])
def test_what_has_ended_is_not_rotated(admin_client: Client, owner: Caller, state: str) -> None:
    owner.key.revoke() if state == "revoked" else owner.key.end_by(NOON)
    assert f"is {state} and can&#x27;t be rotated" in seen(rotate(admin_client, owner.key))
    assert ApiKey.objects.count() == 1


def test_rotating_within_the_maximum(admin_client: Client, owner: Caller, settings: Settings) -> None:
    settings.MAX_KEY_LIFETIME_DAYS = 90
    rotate(admin_client, owner.key)
    assert ApiKey.objects.get(replaces=owner.key).expires_at == NOON + 90 * DAY


def test_the_action_leads_to_the_page_that_rotates(admin_client: Client, owner: Caller) -> None:
    assert act(admin_client, "rotate", owner.key).redirect_chain == [(path(owner.key, "rotate"), 302)]
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("count", [2, 3])
def test_one_key_is_rotated_at_a_time(admin_client: Client, owner: Caller, count: int) -> None:
    keys = [Caller.of(owner.organization).key for _ in range(count)]
    assert "Choose exactly one key" in seen(act(admin_client, "rotate", *keys))


# Revoking


def test_revoking_is_confirmed_with_the_last_use_in_sight(admin_client: Client, owner: Caller) -> None:
    ApiKey.objects.update(last_used_at=NOON - 3 * HOUR)
    page = admin_client.get(path(owner.key, "revoke"))
    assert "3\xa0hours ago" in seen(page)
    assert owner.get().status_code == 200


def test_a_revoked_key_is_refused_at_once(admin_client: Client, owner: Caller) -> None:
    response = admin_client.post(path(owner.key, "revoke"), {"confirmed": "yes"}, follow=True)
    assert response.redirect_chain == [(path(owner.key, "change"), 302)]
    assert f"Revoked {owner.key}" in seen(response)
    assert owner.get().status_code == 401
    assert LogEntry.objects.filter(change_message="Revoked.").count() == 1


def test_revoking_again_says_since_when(admin_client: Client, owner: Caller, clock: time_machine.Traveller) -> None:
    owner.key.revoke()
    clock.shift(60)
    assert "was revoked at 2026-03-23 12:00 UTC" in seen(admin_client.post(path(owner.key, "revoke"), follow=True))
    assert ApiKey.objects.get().revoked_at == NOON


def test_the_action_asks_first_then_revokes_the_chosen(
    admin_client: Client, owner: Caller, outsider: Caller, colleague: Caller
) -> None:
    asked = act(admin_client, "revoke", owner.key, outsider.key)
    assert "Revoke 2 keys for good" in seen(asked)
    assert (owner.get().status_code, outsider.get().status_code) == (200, 200)
    done = act(admin_client, "revoke", owner.key, outsider.key, confirmed="yes")
    assert f"Revoked {owner.key}" in seen(done) or f"{owner.key}." in seen(done)
    assert [caller.get().status_code for caller in (owner, outsider, colleague)] == [401, 401, 200]


def test_the_action_passes_over_what_is_revoked_already(admin_client: Client, owner: Caller) -> None:
    owner.key.revoke()
    assert "Choose from 1 to 100 keys that are not revoked" in seen(act(admin_client, "revoke", owner.key))


def test_no_more_than_a_hundred_are_revoked_at_once(admin_client: Client, owner: Caller) -> None:
    ApiKey.objects.bulk_create(
        ApiKey(organization=owner.organization, name="x", public_id=f"{n:012}", digest="", pepper_id=1)
        for n in range(100)
    )
    response = act(admin_client, "revoke", owner.key, select_across="1", confirmed="yes")
    assert "Choose from 1 to 100 keys" in seen(response)
    assert not ApiKey.objects.exclude(revoked_at=None).exists()


# Hygiene


def test_the_page_names_each_key_that_needs_a_look(admin_client: Client, owner: Caller) -> None:
    soon = Caller.of(owner.organization, expires_at=NOON + DAY).key
    fine = Caller.of(owner.organization, expires_at=NOON + 365 * DAY).key
    page = admin_client.get(HYGIENE)
    found = {about["concern"].value: [key for key, _ in about["rows"]] for about in page.context["concerns"]}
    assert found == {"never_expiring": [owner.key], "idle": [], "expiring_soon": [soon], "often_refused": []}
    assert fine.hint not in seen(page)


@pytest.mark.parametrize(("most", "days"), [(0, 365), (90, 90), (730, 365)])
def test_an_expiry_mends_what_never_ends(
    admin_client: Client, owner: Caller, settings: Settings, most: int, days: int
) -> None:
    settings.MAX_KEY_LIFETIME_DAYS = most
    response = admin_client.post(path(owner.key, "expire"), {"from": "hygiene"}, follow=True)
    assert response.redirect_chain == [(HYGIENE, 302)]
    assert ApiKey.objects.get().expires_at == NOON + days * DAY
    assert owner.get().status_code == 200


@pytest.mark.parametrize("state", [KeyState.REVOKED, KeyState.GRACE])
def test_what_is_meant_to_end_gets_no_other_expiry(admin_client: Client, owner: Caller, state: KeyState) -> None:
    owner.key.revoke() if state is KeyState.REVOKED else owner.key.rotate(DAY)
    before = ApiKey.objects.get(pk=owner.key.pk).expires_at
    response = admin_client.post(path(owner.key, "expire"), follow=True)
    assert f"is {state}: its expiry stays" in seen(response)
    assert ApiKey.objects.get(pk=owner.key.pk).expires_at == before


def test_an_expiry_is_never_given_by_a_link(admin_client: Client, owner: Caller) -> None:
    assert admin_client.get(path(owner.key, "expire")).status_code == 405
    assert ApiKey.objects.get().expires_at is None


@pytest.mark.parametrize("origin", ["hygiene", "", "//evil.example.com"])
def test_revoking_leads_back_to_where_it_was_asked_for(admin_client: Client, owner: Caller, origin: str) -> None:
    page = admin_client.get(path(owner.key, "revoke"), {"from": origin})
    response = admin_client.post(path(owner.key, "revoke"), {"from": page.context["origin"]})
    assert response.headers["Location"] == (HYGIENE if origin == "hygiene" else path(owner.key, "change"))


def test_the_page_shows_the_first_of_many_and_says_how_many(admin_client: Client, owner: Caller) -> None:
    ApiKey.objects.bulk_create(
        ApiKey(organization=owner.organization, name="x", public_id=f"{n:012}", digest="", pepper_id=1)
        for n in range(2_001)
    )
    with CaptureQueriesContext(connection) as sent:
        page = admin_client.get(HYGIENE)
    (never, *_) = page.context["concerns"]
    assert (len(never["rows"]), never["counted"], never["has_more"]) == (50, "2,000+", True)
    assert f"{LIST}?concern=never_expiring" in seen(page)
    assert len(sent) <= 11, [query["sql"] for query in sent]  # the four lists and a count, refusals, session, user


def test_a_key_that_is_refused_often_leads_to_its_refusals_and_their_explanation(
    admin_client: Client, owner: Caller
) -> None:
    key = owner.key
    Day.objects.create(public_id=key.public_id, organization=owner.organization, day=NOON.date(), missing_scope=70)
    page = admin_client.get(HYGIENE)
    assert page.context["concerns"][-1]["rows"] == [(key, 70)]
    assert f"/admin/usage/refusal/?key={key.public_id}" in seen(page)
    explained = admin_client.post(reverse("admin:usage_refusal_explain"), {"subject": key.hint})
    assert explained.context["explanation"] is not None


def test_todays_requests_are_in_sight_before_a_key_is_revoked(admin_client: Client, owner: Caller) -> None:
    Day.objects.create(public_id=owner.key.public_id, organization=owner.organization, day=NOON.date(), granted=12345)
    pages = [admin_client.get(path(owner.key, "revoke")), act(admin_client, "revoke", owner.key)]
    assert [page.context["rows"] for page in pages] == [[(owner.key, 12345)]] * 2


# Who may

ROLES: dict[str, tuple[set[str], dict[str, int]]] = {
    "nobody": (set(), {"list": 403, "add": 403, "change": 403, "rotate": 403, "revoke": 403, "hygiene": 403}),
    "support": (
        {"view"},
        {"list": 200, "add": 403, "change": 200, "rotate": 403, "revoke": 403, "hygiene": 200},
    ),
    "changes": (
        {"view", "change"},
        {"list": 200, "add": 403, "change": 200, "rotate": 403, "revoke": 200, "hygiene": 200},
    ),
    "operations": (
        {"view", "change", "add"},
        {"list": 200, "add": 200, "change": 200, "rotate": 200, "revoke": 200, "hygiene": 200},
    ),
}


def staff(may: set[str]) -> Client:
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=[f"{each}_apikey" for each in may]))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(("may", "expected"), ROLES.values(), ids=ROLES)
def test_a_page_is_for_those_who_may(owner: Caller, may: set[str], expected: dict[str, int]) -> None:
    client = staff(may)
    paths = {"list": LIST, "add": f"{LIST}add/", "hygiene": HYGIENE}
    paths |= {page: path(owner.key, page) for page in ("change", "rotate", "revoke")}
    assert {page: client.get(path).status_code for page, path in paths.items()} == expected


@pytest.mark.parametrize("page", ["rotate", "revoke", "expire"])
def test_who_only_looks_changes_nothing(owner: Caller, page: str) -> None:
    client = staff({"view"})
    form = {"grace": "0", "lifetime": "same", "confirmed": "yes"}
    assert client.post(path(owner.key, page), form).status_code == 403
    act(client, page, owner.key, confirmed="yes")
    assert (owner.get().status_code, ApiKey.objects.count(), ApiKey.objects.get().expires_at) == (200, 1, None)


def test_who_only_looks_sees_no_button_that_changes(owner: Caller) -> None:
    client = staff({"view"})
    pages = "".join(seen(client.get(page)) for page in (LIST, path(owner.key, "change"), HYGIENE))
    assert not re.findall(r"/(?:rotate|revoke|expire|add)/", pages)


@pytest.mark.parametrize("page", ["rotate", "revoke", "expire"])
def test_another_site_changes_nothing(owner: Caller, admin_user: User, page: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(path(owner.key, page), {"grace": "0", "lifetime": "same"}).status_code == 403
    assert ApiKey.objects.count() == 1


def test_keys_of_a_suspended_organization_are_looked_after_too(admin_client: Client) -> None:
    organization = make_organization()
    key = Caller.of(organization).key
    organization.suspend()
    assert "suspended" in seen(admin_client.get(path(key, "change")))
    admin_client.post(path(key, "revoke"))
    assert ApiKey.objects.get().state == KeyState.REVOKED
