"""Making and changing keys in the admin: what is offered, what is refused, and that a key is shown once."""

import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apikeys.keys import PlainKey
from apikeys.models import ApiKey
from apikeys.states import KeyState
from organizations.models import Organization
from tests.apikeys.test_routes import rows
from tests.callers import Caller
from tests.factories import make_organization

KEY = re.compile(r"\bast_(?:live|test)_[0-9A-Za-z]{50}\b")
NOON = datetime(2026, 3, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ADD = "/admin/apikeys/apikey/add/"
LIST = "/admin/apikeys/apikey/"
FORM: dict[str, Any] = {"name": "CRM", "scopes": ["read:customers"], "per_minute": 60, "lifetime": "365"}


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization()


def create(admin_client: Client, owning: Organization, **fields: Any) -> Any:
    form = {**FORM, "organization": owning.pk, "key_id": uuid.uuid4(), **fields}
    return admin_client.post(ADD, {name: value for name, value in form.items() if value is not None})


def shown(response: Any) -> str:
    """Answer the key that a page shows."""
    text: str
    (text,) = set(KEY.findall(response.content.decode()))
    return text


def errors(response: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def page_of(key: ApiKey) -> str:
    return reverse("admin:apikeys_apikey_change", args=[key.pk])


# Making


def test_a_created_key_is_shown_in_the_answer_to_the_post_and_works(
    admin_client: Client, organization: Organization
) -> None:
    response = create(admin_client, organization)
    assert response.status_code == 200
    assert Caller(organization, ApiKey.objects.get(), shown(response)).get().status_code == 200


def test_beside_a_new_key_stands_a_command_that_uses_it(admin_client: Client, organization: Organization) -> None:
    response = create(admin_client, organization)
    assert f'-H &quot;x-api-key: {shown(response)}"'.replace("&quot;", '"') in response.content.decode()
    assert f"x-organization-id: {organization.pk}" in response.content.decode()


def test_the_answer_that_shows_a_key_is_stored_by_nobody(admin_client: Client, organization: Organization) -> None:
    response = create(admin_client, organization)
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "same-origin"  # under no-referrer its forms would be refused


def test_a_created_key_stands_nowhere_else(
    admin_client: Client, organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    text = shown(create(admin_client, organization))
    kept = [
        rows(),
        *(str(session.get_decoded()) for session in Session.objects.all()),
        *(admin_client.get(path).content.decode() for path in (LIST, ADD, page_of(ApiKey.objects.get()))),
        f"{admin_client.cookies} {caplog.text}",
    ]
    assert not [place for place in kept if text in place or text[21:53] in place]


@pytest.mark.parametrize("debug", [True, False])
def test_a_key_stands_in_no_report_of_an_error(
    admin_client: Client, organization: Organization, settings: Settings, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    broken = {"admin/apikeys/apikey/created.html": "{{ plain.text }}{% url 'nowhere' %}"}
    loaders = [("django.template.loaders.locmem.Loader", broken), "django.template.loaders.app_directories.Loader"]
    (engine,) = settings.TEMPLATES
    options = {**engine["OPTIONS"], "loaders": loaders, "debug": debug}
    settings.DEBUG, settings.TEMPLATES = debug, [{**engine, "APP_DIRS": False, "OPTIONS": options}]
    admin_client.raise_request_exception = False
    minted: list[str] = []
    with recording(minted):
        response = create(admin_client, organization)
    assert response.status_code == 500
    assert "nowhere" in caplog.text
    assert minted[0][21:53] not in f"{response.content.decode()}{caplog.text}"


@contextmanager
def recording(minted: list[str]) -> Iterator[None]:
    """Take down the texts of which digests are made."""

    def watch(frame: Any, event: str, value: Any) -> None:
        if event == "call" and frame.f_code is PlainKey.digest.__code__:
            minted.append(frame.f_locals["self"].text)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)


def test_sending_the_form_again_makes_no_second_key_and_shows_none(
    admin_client: Client, organization: Organization
) -> None:
    key_id = uuid.uuid4()
    text = shown(create(admin_client, organization, key_id=key_id))
    again = admin_client.post(ADD, {**FORM, "organization": organization.pk, "key_id": key_id}, follow=True)
    assert again.redirect_chain == [(page_of(ApiKey.objects.get()), 302)]
    assert "has made" in again.content.decode()
    assert text[21:53] not in again.content.decode()


def test_leaving_the_page_and_coming_back_makes_another_form(admin_client: Client) -> None:
    first, second = (admin_client.get(ADD).context["adminform"].form["key_id"].value() for _ in range(2))
    assert first != second


@pytest.mark.parametrize("key_id", [None, "", "1", "'; --"])
def test_a_form_without_an_id_of_its_own_makes_nothing(
    admin_client: Client, organization: Organization, key_id: Any
) -> None:
    assert set(errors(create(admin_client, organization, key_id=key_id))) == {"key_id"}
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("lifetime", "expires_at"),
    [
        ("30", NOON + 30 * DAY),
        ("90", NOON + 90 * DAY),
        ("365", NOON + 365 * DAY),
        ("never", None),
        ("date", NOON + timedelta(hours=1)),
    ],
)
def test_a_key_expires_as_chosen(
    admin_client: Client, organization: Organization, lifetime: str, expires_at: datetime | None
) -> None:
    with time_machine.travel(NOON, tick=False):
        create(admin_client, organization, lifetime=lifetime, expires_at_0="2026-03-23", expires_at_1="13:00:00")
    assert ApiKey.objects.get().expires_at == expires_at


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": ""}, {"name": ["This field is required."]}),
        ({"name": "a\0b"}, {"name": ["Null characters are not allowed."]}),
        ({"organization": ""}, {"organization": ["This field is required."]}),
        ({"organization": "nobody"}, {"organization": None}),
        ({"organization": str(uuid.UUID(int=7))}, {"organization": None}),
        ({"scopes": ["admin"]}, {"scopes": None}),
        ({"per_minute": "0"}, {"per_minute": ["Ensure this value is greater than or equal to 1."]}),
        ({"per_hour": "-1"}, {"per_hour": None}),
        ({"per_day": "99999999999999999999"}, {"per_day": None}),
        ({"lifetime": None}, {"lifetime": ["This field is required."]}),
        ({"lifetime": "400"}, {"lifetime": None}),
        ({"lifetime": "date"}, {"expires_at": ["Choose the date and the time at which it expires."]}),
        ({"lifetime": "date", "expires_at_0": "soon", "expires_at_1": "late"}, {"expires_at": None}),
        (
            {"lifetime": "date", "expires_at_0": "2020-01-01", "expires_at_1": "00:00"},
            {"expires_at": ["The expiry must lie in the future."]},
        ),
    ],
    ids=str,
)
def test_a_form_with_a_fault_makes_nothing_and_says_so(
    admin_client: Client, organization: Organization, fields: dict[str, Any], fault: dict[str, list[str] | None]
) -> None:
    found = errors(create(admin_client, organization, **fields))
    assert set(found) == set(fault)
    assert [messages for name, messages in fault.items() if messages not in (None, found[name])] == []
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("most", "offered", "usual"),
    [
        (0, ["30", "90", "365", "never", "date"], "365"),
        (7, ["7", "date"], "7"),
        (90, ["30", "90", "date"], "90"),
        (100, ["30", "90", "100", "date"], "100"),
        (365, ["30", "90", "365", "date"], "365"),
        (730, ["30", "90", "365", "date"], "365"),
    ],
)
def test_lifetimes_within_the_maximum_are_offered(
    admin_client: Client, settings: Settings, most: int, offered: list[str], usual: str
) -> None:
    settings.MAX_KEY_LIFETIME_DAYS = most
    field = admin_client.get(ADD).context["adminform"].form["lifetime"]
    assert [name for name, _ in field.field.choices] == offered
    assert field.value() == usual


@pytest.mark.parametrize("fields", [{"lifetime": "never"}, {"lifetime": "365"}, {"lifetime": "date"}])
def test_nothing_beyond_the_maximum_is_taken(
    admin_client: Client, organization: Organization, settings: Settings, fields: dict[str, str]
) -> None:
    settings.MAX_KEY_LIFETIME_DAYS = 90
    later = {"expires_at_0": "2199-01-01", "expires_at_1": "00:00"}
    assert errors(create(admin_client, organization, **later, **fields))
    assert not ApiKey.objects.exists()


def test_the_longest_lifetime_that_is_offered_is_taken(
    admin_client: Client, organization: Organization, settings: Settings
) -> None:
    settings.MAX_KEY_LIFETIME_DAYS = 90
    assert create(admin_client, organization, lifetime="90").status_code == 200
    assert ApiKey.objects.count() == 1


def test_an_address_names_the_organization(admin_client: Client, organization: Organization) -> None:
    page = admin_client.get(ADD, {"organization": str(organization.pk)})
    assert f'<option value="{organization.pk}" selected>' in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [{"organization": "nobody"}, {"organization": str(uuid.UUID(int=7))}, {"expires_at": "soon"}, {"key_id": "mine"}],
)
def test_an_address_that_makes_no_sense_fills_nothing_in(admin_client: Client, query: dict[str, str]) -> None:
    page = admin_client.get(ADD, query)
    assert page.status_code == 200
    assert next(iter(query.values())) not in page.content.decode().replace("organization=nobody", "")


# Changing


def change(admin_client: Client, key: ApiKey, **fields: Any) -> Any:
    form = {"name": key.name, "scopes": [str(scope) for scope in key.scopes], "per_minute": key.per_minute, **fields}
    return admin_client.post(page_of(key), form, follow=True)


def test_a_made_key_can_be_changed_and_stays_where_it_is(admin_client: Client, owner: Caller) -> None:
    form = {"organization": make_organization().pk, "name": "Renamed", "scopes": ["read:customers"], "per_minute": 5}
    change(admin_client, owner.key, **form)
    owner.key.refresh_from_db()
    assert (owner.key.name, owner.key.organization, owner.key.per_minute) == ("Renamed", owner.organization, 5)
    assert owner.get().status_code == 200


def test_a_change_writes_what_was_changed_and_leaves_the_rest_to_others(admin_client: Client, owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        key = Caller.of(owner.organization, expires_at=NOON + timedelta(days=1, microseconds=7)).key
        ApiKey.objects.filter(pk=key.pk).update(per_day=7, last_used_at=NOON)
        when = {"expires_at_0": "2026-03-24", "expires_at_1": "12:00:00"}
        change(admin_client, key, name="Renamed", per_day=7, **when)
    key.refresh_from_db()
    assert (key.name, key.per_day, key.last_used_at) == ("Renamed", 7, NOON)
    assert key.expires_at == NOON + timedelta(days=1, microseconds=7)


@pytest.mark.parametrize("end", ["revoke", "expire"])
def test_what_has_ended_is_changed_no_more(admin_client: Client, owner: Caller, end: str) -> None:
    owner.key.revoke() if end == "revoke" else owner.key.end_by(NOON)
    response = change(admin_client, owner.key, name="Renamed")
    assert "nothing of it can be changed any more" in response.content.decode()
    assert ApiKey.objects.get().name == "Test"
    assert ApiKey.objects.get().state in (KeyState.REVOKED, KeyState.EXPIRED)


@pytest.mark.parametrize(
    ("date", "fault"),
    [
        ("2020-01-01", "The expiry must lie in the future."),
        ("2199-01-01", "A key must expire within 90 days (MAX_KEY_LIFETIME_DAYS)."),
    ],
)
def test_a_new_expiry_has_to_be_allowed(
    admin_client: Client, owner: Caller, settings: Settings, date: str, fault: str
) -> None:
    settings.MAX_KEY_LIFETIME_DAYS = 90
    response = change(admin_client, owner.key, expires_at_0=date, expires_at_1="00:00:00")
    assert errors(response) == {"expires_at": [fault]}


def test_an_expiry_from_before_the_maximum_may_stay(admin_client: Client, owner: Caller, settings: Settings) -> None:
    settings.MAX_KEY_LIFETIME_DAYS = 90
    change(admin_client, owner.key, name="Renamed")
    assert (ApiKey.objects.get().name, ApiKey.objects.get().expires_at) == ("Renamed", None)


def test_a_keys_page_shows_its_usage_and_both_its_neighbours(admin_client: Client, owner: Caller) -> None:
    second, _ = owner.key.rotate(DAY)
    third, _ = second.rotate(DAY)
    page = admin_client.get(page_of(second)).content.decode()
    assert {page_of(owner.key), page_of(third)} <= set(re.findall(r'href="([^"?]+)"', page))
    assert page.count('role="img"') == 2


def test_a_keys_page_tells_its_history(admin_client: Client, owner: Caller) -> None:
    change(admin_client, owner.key, name="Renamed")
    response = admin_client.get(page_of(owner.key))
    assert [record.action for record in response.context["records"]] == ["changed", "created"]
    assert f"?subject={owner.key.pk}" in response.content.decode()


@pytest.mark.parametrize("path", ["nothing", str(uuid.UUID(int=7))])
@pytest.mark.parametrize("page", ["change", "rotate", "revoke", "expire"])
def test_a_key_that_does_not_exist_has_no_pages(admin_client: Client, path: str, page: str) -> None:
    response = admin_client.post(f"{LIST}{path}/{page}/", follow=True)
    assert response.status_code in (200, 404)
    assert not ApiKey.objects.exists()


def test_keys_are_never_deleted(admin_client: Client, owner: Caller) -> None:
    assert admin_client.post(f"{LIST}{owner.key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in admin_client.get(LIST).content.decode()
