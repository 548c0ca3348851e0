"""Refusals in the admin: found by request, key and address, changed by nobody, and explained."""

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from apikeys.usage.models import Refusal
from tests.callers import Caller

LIST, EXPLAIN = "/admin/usage/refusal/", "/admin/usage/refusal/explain/"
NOW = datetime(2026, 3, 23, 14, 20, tzinfo=UTC)


@pytest.fixture
def support(db: None) -> Client:
    """Signed in, and may see refusals."""
    user = User.objects.create_user("support", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_refusal"))
    client = Client()
    client.force_login(user)
    return client


def kept(request_id: str, **fields: Any) -> Refusal:
    told = {"at": NOW, "status": 400, "kind": "bad_request", "reason": "Invalid", "address": "192.0.2.1"}
    return Refusal.objects.create(request_id=request_id, **{**told, **fields})


def listed(client: Client, **query: str) -> set[str]:
    page = client.get(LIST, query)
    assert page.status_code == 200
    return set(re.findall(r'field-request_id"><a [^>]*>([^<]*)</a>', page.content.decode()))


@pytest.fixture
def three(owner: Caller, outsider: Caller) -> None:
    kept("first", public_id=owner.key.public_id, organization=owner.organization)
    kept("second", public_id=outsider.key.public_id, organization=outsider.organization, status=404, kind="not_found")
    kept("third", address="2001:db8::/64", status=401, kind="key", at=NOW - timedelta(days=1))


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("", {"first", "second", "third"}),
        ("first", {"first"}),
        ("fir", set()),
        ("192.0.2.1", {"first", "second"}),
        ("2001:db8::/64", {"third"}),
        ("2001:db8::7", {"third"}),
        ("{hint}", {"first"}),
        ("{public_id}", {"first"}),
        ("ast_live_000000000000…", set()),
    ],
)
def test_a_search_is_exact(support: Client, owner: Caller, term: str, found: set[str]) -> None:
    assert listed(support, q=term.format(hint=owner.key.hint, public_id=owner.key.public_id)) == found


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "404"}, {"second"}),
        ({"status": "x"}, {"first", "second", "third"}),
        ({"kind__exact": "key"}, {"third"}),
        ({"day": "2026-03-22"}, {"third"}),
        ({"day": "2026-03-23"}, {"first", "second"}),
        ({"day": "nonsense"}, {"first", "second", "third"}),
        ({"key": "{hint}"}, {"first"}),
        ({"organization": "{organization}"}, {"first"}),
    ],
)
def test_filters(support: Client, owner: Caller, query: dict[str, str], found: set[str]) -> None:
    given = {"hint": owner.key.hint, "organization": owner.organization.id}
    with time_machine.travel(NOW, tick=False):
        assert listed(support, **{name: value.format(**given) for name, value in query.items()}) == found


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("order", ["", "2", "-9.1", "nonsense"])
def test_the_latest_comes_first_whatever_is_asked_for(support: Client, order: str) -> None:
    page = support.get(LIST, {"o": order}).content.decode()
    assert re.findall(r'field-request_id"><a [^>]*>([^<]*)</a>', page) == ["second", "first", "third"]


@pytest.mark.parametrize("name", ["q", "key", "nonsense"])
def test_a_whole_key_in_an_address_leads_away_from_it(support: Client, owner: Caller, name: str) -> None:
    response = support.get(LIST, {name: owner.text})
    assert (response.status_code, response.headers["Location"]) == (302, EXPLAIN)
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.usefixtures("three")
def test_a_list_costs_few_queries(support: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(20):
        support.get(LIST)


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/"])
def test_nobody_adds_or_deletes_a_refusal(admin_client: Client, path: str) -> None:
    address = LIST + path.format(pk=kept("first").pk)
    assert admin_client.post(address, {"post": "yes"}).status_code == 403
    assert Refusal.objects.count() == 1


def test_nobody_changes_a_refusal(admin_client: Client) -> None:
    row = kept("first")
    admin_client.post(f"{LIST}{row.pk}/change/", {"request_id": "changed"})
    assert Refusal.objects.get().request_id == "first"


def test_a_refusals_page_explains_it(support: Client, owner: Caller) -> None:
    row = kept("first", public_id=owner.key.public_id, organization=owner.organization, paths="limt", key_fault="")
    page = support.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "The request itself was at fault." in page
    assert "No check of the key fails" in page


def test_a_refusal_that_is_not_there_leads_back(support: Client) -> None:
    assert support.get(f"{LIST}7/change/").status_code == 302


@pytest.mark.parametrize("path", [LIST, EXPLAIN, f"{LIST}1/change/"])
def test_only_who_may_see_refusals_does(db: None, client: Client, path: str) -> None:
    assert client.get(path).status_code == 302
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    kept("first", pk=1)
    assert [client.get(path).status_code, client.post(path).status_code] == [403, 403]


def asked(client: Client, subject: str, **fields: Any) -> Any:
    return client.post(EXPLAIN, {"subject": subject, **fields})


def test_a_whole_key_is_explained_and_kept_nowhere(
    support: Client, owner: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    response = asked(support, owner.text, organization=owner.organization.id, action="customers.list")
    page = response.content.decode()
    assert "No check of the key fails" in page
    kept_somewhere = [
        page,
        str(response.headers),
        str(support.cookies),
        caplog.text,
        *(str(session.get_decoded()) for session in Session.objects.all()),
        *(f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()),
        str(list(Refusal.objects.values())),
    ]
    assert [place for place in kept_somewhere if owner.text[21:] in place] == []
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"subject": ""}, "This field is required."),
        ({"subject": "ast_live_" + "sekrit" * 200}, "At most 1000 characters."),
        ({"subject": "ast_live_sekrit\0"}, "Null characters are not allowed."),
        ({"subject": "sekrit-request"}, "No refusal with that request id is kept."),
        ({"subject": "sekrit-request", "organization": "sekrit"}, "Enter a valid UUID."),
        ({"subject": "sekrit-request", "action": "sekrit"}, "Choose one of the actions."),
        ({"subject": "<b>sekrit"}, "have the form of a key"),
    ],
)
def test_what_makes_no_sense_is_told_and_not_repeated(support: Client, fields: dict[str, str], message: str) -> None:
    page = support.post(EXPLAIN, fields).content.decode()
    assert message in page
    assert "sekrit" not in page


def test_a_page_that_nobody_asked_yet_explains_nothing(support: Client) -> None:
    page = support.get(EXPLAIN, {"subject": "ast_live_sekrit"})
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert "usage-verdict" not in page.content.decode()


def test_who_may_see_keys_is_led_to_the_key(support: Client, admin_client: Client, owner: Caller) -> None:
    link = reverse("admin:apikeys_apikey_change", args=[owner.key.pk])
    assert [link in asked(client, owner.key.hint).content.decode() for client in (support, admin_client)] == [
        False,
        True,
    ]


def test_no_page_has_a_style_or_a_script_of_its_own(support: Client, owner: Caller) -> None:
    page = asked(support, owner.key.hint).content.decode()
    assert not re.search(r"\sstyle=|<style|<script>|\son\w+=", page)
