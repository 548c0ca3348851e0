"""Organizations in the admin."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, connection
from django.db.models.signals import post_init, pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apikeys.models import ApiKey
from organizations.models import Environment, Organization
from tests.callers import CUSTOMERS, Caller, client
from tests.factories import make_customer, make_organization

LIST = "/admin/organizations/organization/"
HARBOR = {"name": "North Harbor Facilities", "environment": "sandbox", "region": "GB"}
KEY: dict[str, Any] = {
    "with_key": "on",
    "key-name": "CRM",
    "key-scopes": ["read:customers", "write:customers"],
    "key-per_minute": "60",
    "key-lifetime": "365",
}


def with_key(**fields: Any) -> dict[str, Any]:
    return {**HARBOR, **KEY, "key-key_id": str(uuid.uuid4()), **fields}


def user_with(*codenames: str) -> Client:
    user = User.objects.create_user("support", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def test_an_organization_is_made_with_its_first_key(admin_client: Client) -> None:
    shown = admin_client.post(f"{LIST}add/", with_key())
    assert (shown.status_code, "no-store" in shown.headers["Cache-Control"]) == (200, True)
    (text,) = set(re.findall(r"ast_test_[0-9A-Za-z]{50}", shown.content.decode()))
    organization = Organization.objects.get()
    headers = {"x-api-key": text, "x-organization-id": str(organization.pk)}
    assert client().get(CUSTOMERS, headers=headers).status_code == 200
    assert (organization.environment, organization.region, organization.name) == ("sandbox", "GB", HARBOR["name"])
    key = ApiKey.objects.get()
    assert (key.name, key.per_minute, list(map(str, key.scopes))) == ("CRM", 60, KEY["key-scopes"])
    assert key.expires_at is not None
    assert not [entry for entry in LogEntry.objects.all() if text in f"{entry.change_message}{entry.object_repr}"]
    assert LogEntry.objects.count() == 2


def test_the_same_form_sent_again_makes_nothing_and_shows_nothing(admin_client: Client) -> None:
    form = with_key()
    admin_client.post(f"{LIST}add/", form)
    again = admin_client.post(f"{LIST}add/", form)
    assert again.headers["Location"] == f"/admin/apikeys/apikey/{form['key-key_id']}/change/"
    assert (Organization.objects.count(), ApiKey.objects.count()) == (1, 1)


@contextmanager
def meanwhile(signal: Any, do: Callable[[ApiKey], None]) -> Iterator[None]:
    """Do something once, when a key is first made or saved in the block."""

    def receive(instance: ApiKey, **_: Any) -> None:
        signal.disconnect(receive, sender=ApiKey)
        do(instance)

    signal.connect(receive, sender=ApiKey)
    try:
        yield
    finally:
        signal.disconnect(receive, sender=ApiKey)


def test_of_two_clicks_at_once_one_makes_a_key(admin_client: Client, owner: Caller) -> None:
    form = with_key()
    with meanwhile(post_init, lambda _: quicker(owner, id=form["key-key_id"])):
        answer = admin_client.post(f"{LIST}add/", form)
    assert answer.headers["Location"] == f"/admin/apikeys/apikey/{form['key-key_id']}/change/"
    assert list(Organization.objects.all()) == [owner.organization]


def quicker(caller: Caller, **fields: Any) -> None:
    ApiKey.objects.issue(caller.organization, name="Quicker", scopes=[], **fields)


def test_a_key_that_cannot_be_stored_leaves_no_organization(admin_client: Client, owner: Caller) -> None:
    with meanwhile(pre_save, lambda key: setattr(key, "public_id", owner.key.public_id)), pytest.raises(IntegrityError):
        admin_client.post(f"{LIST}add/", with_key())
    assert list(Organization.objects.all()) == [owner.organization]


@pytest.mark.parametrize("expires_at", ["2100-01-31T12:30", "2100-01-31 12:30"])
def test_the_first_key_may_end_at_a_date(admin_client: Client, expires_at: str) -> None:
    form = with_key(**{"key-lifetime": "date", "key-expires_at": expires_at})
    assert admin_client.post(f"{LIST}add/", form).status_code == 200
    assert ApiKey.objects.get().expires_at == datetime(2100, 1, 31, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required."),
        ("name", "x" * 256, "at most 255 characters"),
        ("name", "Har\0bor", "Null characters are not allowed."),
        ("region", "ZZ", "ZZ is no region with phone numbers"),
        ("region", "", "This field is required."),
        ("environment", "mars", "Select a valid choice."),
        ("key-name", "", "This field is required."),
        ("key-scopes", "rule:world", "Select a valid choice."),
        ("key-per_minute", "0", "greater than or equal to 1"),
        ("key-lifetime", "x", "Select a valid choice."),
        ("key-lifetime", "date", "Choose the date"),
        ("key-key_id", "nonsense", "Enter a valid UUID."),
        ("key-key_id", "", "This field is required."),
    ],
)
def test_neither_is_made_where_one_is_faulty(admin_client: Client, field: str, value: str, message: str) -> None:
    shown = admin_client.post(f"{LIST}add/", with_key(**{field: value}))
    assert message in shown.content.decode()
    assert (Organization.objects.count(), ApiKey.objects.count()) == (0, 0)


def test_an_organization_is_made_without_a_key(admin_client: Client) -> None:
    assert admin_client.post(f"{LIST}add/", {**HARBOR, "region": " gb "}).status_code == 302
    organization = Organization.objects.get()
    assert (organization.environment, organization.region) == (Environment.SANDBOX, "GB")
    assert not ApiKey.objects.exists()


def test_the_form_offers_a_key_to_who_may_make_one(admin_client: Client, db: None) -> None:
    assert 'name="key-name"' in admin_client.get(f"{LIST}add/").content.decode()
    operator = user_with("add_organization", "view_organization")
    assert "key-name" not in operator.get(f"{LIST}add/").content.decode()
    assert operator.post(f"{LIST}add/", with_key()).status_code == 302
    assert (Organization.objects.count(), ApiKey.objects.count()) == (1, 0)


@pytest.mark.parametrize("path", ["add/", "suspend", "reactivate"])
def test_who_only_looks_changes_nothing(owner: Caller, path: str) -> None:
    url = f"{LIST}{path}" if path == "add/" else f"{LIST}{owner.organization.pk}/{path}/"
    support = user_with("view_organization")
    assert [support.get(url).status_code, support.post(url, with_key()).status_code] == [403, 403]
    page = support.get(f"{LIST}{owner.organization.pk}/change/").content.decode()
    assert "/suspend/" not in page


def test_the_environment_stays_as_it_is(admin_client: Client, owner: Caller) -> None:
    url = f"{LIST}{owner.organization.pk}/change/"
    admin_client.post(url, {"name": "Renamed", "environment": "sandbox", "region": "US"})
    owner.organization.refresh_from_db()
    assert (owner.organization.name, owner.organization.environment) == ("Renamed", Environment.LIVE)


def test_suspending_and_reactivating_take_effect_on_the_next_request(admin_client: Client, owner: Caller) -> None:
    statuses = [owner.get().status_code]
    for action in ("suspend", "suspend", "reactivate"):
        url = f"{LIST}{owner.organization.pk}/{action}/"
        assert action.title() in admin_client.get(url).content.decode()
        statuses.append(owner.get().status_code)  # asking changes nothing
        assert admin_client.post(url, follow=True).status_code == 200
        statuses.append(owner.get().status_code)
    assert statuses == [200, 200, 403, 403, 403, 403, 200]


def test_the_actions_of_the_list_do_so_too(admin_client: Client, owner: Caller) -> None:
    chosen = {"_selected_action": [str(owner.organization.pk)]}
    statuses = [owner.get().status_code]
    for action in ("suspend", "reactivate"):
        admin_client.post(LIST, {"action": action, **chosen})
        statuses.append(owner.get().status_code)
    assert statuses == [200, 403, 200]


@pytest.mark.parametrize("action", ["suspend", "reactivate"])
def test_an_organization_that_is_none_is_not_found(admin_client: Client, db: None, action: str) -> None:
    assert admin_client.post(f"{LIST}{uuid.uuid4()}/{action}/").status_code == 404


def test_a_page_shows_what_there_is(admin_client: Client, owner: Caller) -> None:
    for kind in ("business", "business", "individual"):
        make_customer(owner.organization, account_type=kind)
    Caller.of(owner.organization).key.revoke()
    url = f"{LIST}{owner.organization.pk}/change/"
    page = " ".join(admin_client.get(url).content.decode().split())
    shown = ("<dd>3</dd>", "2 business", "1 individual", ">1 active</a>", "&amp;state=revoked", "/suspend/", "</svg>")
    assert [what for what in shown if what not in page] == []
    owner.organization.suspend()
    page = admin_client.get(url).content.decode()
    assert "/reactivate/" in page
    assert ">1 suspended</a>" in page


def test_the_list_shows_numbers_at_a_price_that_does_not_grow(admin_client: Client, owner: Caller) -> None:
    make_customer(owner.organization)
    costs = []
    for count in (1, 8):
        for _ in range(count):
            Caller.of(make_organization())
        with CaptureQueriesContext(connection) as sent:
            page = admin_client.get(LIST)
        costs.append(len(sent))
    assert (
        costs[0] == costs[1] <= 12
    )  # session, user, device, count, page, customers, keys, requests; the session's four when it's kept
    owners = next(row for row in page.context["cl"].result_list if row == owner.organization)
    assert (owners.glance.all_customers, owners.glance.keys, owners.glance.requests) == (1, {"active": 1}, 0)


def test_the_list_shows_who_is_suspended_and_who_has_nothing(admin_client: Client, db: None) -> None:
    make_organization().suspend()
    page = admin_client.get(LIST).content.decode()
    assert "icon-no" in page
    assert "none" in page


@pytest.mark.parametrize("term", ["harbor", "NORTH", "id"])
def test_an_organization_is_found_by_name_and_id(admin_client: Client, db: None, term: str) -> None:
    found = make_organization(name="North Harbor")
    make_organization()
    page = admin_client.get(LIST, {"q": str(found.pk) if term == "id" else term})
    assert list(page.context["cl"].result_list) == [found]


@pytest.mark.parametrize(
    "query", ["o=3", "o=9", "q=%25", "suspended_at__isempty=x", "environment__exact=mars", "p=9999"]
)
def test_an_address_that_makes_no_sense_is_no_crash(admin_client: Client, owner: Caller, query: str) -> None:
    assert admin_client.get(f"{LIST}?{query}").status_code in (200, 302, 400)


def test_organizations_are_never_deleted(admin_client: Client, owner: Caller) -> None:
    assert admin_client.post(f"{LIST}{owner.organization.pk}/delete/", {"post": "yes"}).status_code == 403
