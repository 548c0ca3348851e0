"""Keys in the admin."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apikeys.models import ApiKey, KeyState
from tests.callers import Caller
from tests.factories import make_organization

KEY = re.compile(r"\bast_(?:live|test)_[0-9A-Za-z]{50}\b")
ADD = "/admin/apikeys/apikey/add/"
LIST = "/admin/apikeys/apikey/"


def create(admin_client: Client, **fields: Any) -> Any:
    organization = make_organization()
    form = {"organization": organization.pk, "name": "CRM", "scopes": ["read:customers"], "per_minute": 60, **fields}
    return admin_client.post(ADD, form)


def act(admin_client: Client, action: str, *keys: ApiKey) -> Any:
    return admin_client.post(LIST, {"action": action, "_selected_action": [str(key.pk) for key in keys]}, follow=True)


def test_a_created_key_is_shown_in_the_answer_to_the_post_and_works(admin_client: Client) -> None:
    response = create(admin_client)
    (text,) = set(KEY.findall(response.content.decode()))
    key = ApiKey.objects.get()
    assert response.status_code == 200
    assert Caller(key.organization, key, text).get().status_code == 200


def test_the_answer_that_shows_a_key_is_stored_by_nobody(admin_client: Client) -> None:
    response = create(admin_client)
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_a_created_key_stands_nowhere_else(admin_client: Client) -> None:
    (text,) = set(KEY.findall(create(admin_client).content.decode()))
    kept = [
        *(str(session.get_decoded()) for session in Session.objects.all()),
        *(f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()),
        *(str(row) for row in ApiKey.objects.values()),
        str(admin_client.cookies),
        admin_client.get(LIST).content.decode(),
        admin_client.get(reverse("admin:apikeys_apikey_change", args=[ApiKey.objects.get().pk])).content.decode(),
    ]
    assert not [place for place in kept if text in place or text[21:53] in place]


def test_a_new_key_needs_a_name_and_a_future(admin_client: Client) -> None:
    past = timezone.now() - timedelta(days=1)
    response = create(admin_client, name="", expires_at_0=past.date().isoformat(), expires_at_1="00:00:00")
    assert set(response.context["adminform"].form.errors) == {"name", "expires_at"}
    assert not ApiKey.objects.exists()


def test_a_made_key_can_be_renamed_and_stays_where_it_is(admin_client: Client, owner: Caller) -> None:
    url = reverse("admin:apikeys_apikey_change", args=[owner.key.pk])
    form = {"organization": make_organization().pk, "name": "Renamed", "scopes": ["read:customers"], "per_minute": 5}
    assert admin_client.post(url, form).status_code == 302
    owner.key.refresh_from_db()
    assert (owner.key.name, owner.key.organization, owner.key.per_minute) == ("Renamed", owner.organization, 5)
    assert owner.get().status_code == 200


def test_revoking_ends_the_chosen_keys(admin_client: Client, owner: Caller, outsider: Caller) -> None:
    response = act(admin_client, "revoke", owner.key, outsider.key)
    assert f"Revoked {owner.key}" in response.content.decode()
    assert (owner.get().status_code, outsider.get().status_code) == (401, 401)
    assert LogEntry.objects.filter(change_message="Revoked.").count() == 2


def test_rotating_shows_the_successor_and_leaves_the_old_key_its_grace(admin_client: Client, owner: Caller) -> None:
    response = act(admin_client, "rotate", owner.key)
    (text,) = set(KEY.findall(response.content.decode()))
    successor = ApiKey.objects.get(replaces=owner.key)
    assert "no-store" in response.headers["Cache-Control"]
    assert Caller(owner.organization, successor, text).get().status_code == 200
    assert ApiKey.objects.get(pk=owner.key.pk).state == KeyState.GRACE


@pytest.mark.parametrize("count", [2, 3])
def test_rotating_takes_one_key_at_a_time(admin_client: Client, owner: Caller, count: int) -> None:
    keys = [Caller.of(owner.organization).key for _ in range(count)]
    assert "Choose exactly one key" in act(admin_client, "rotate", *keys).content.decode()
    assert not ApiKey.objects.exclude(replaces=None).exists()


def test_rotating_a_revoked_key_says_that_it_cannot_be(admin_client: Client, owner: Caller) -> None:
    owner.key.revoke()
    assert "can&#x27;t be rotated" in act(admin_client, "rotate", owner.key).content.decode()


def test_the_list_says_where_each_key_stands(admin_client: Client, owner: Caller) -> None:
    Caller.of(owner.organization, per_minute=5, per_hour=60)
    page = admin_client.get(LIST, {"q": owner.organization.name}).content.decode()
    assert owner.key.hint in page
    assert "5 a minute, 60 a hour" in page


def test_keys_are_never_deleted(admin_client: Client, owner: Caller) -> None:
    assert admin_client.post(f"{LIST}{owner.key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in admin_client.get(LIST).content.decode()
