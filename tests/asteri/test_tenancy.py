"""The tenant walk: on no route, by no method, does an outsider see or change anything of another organization."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apikeys.models import ApiKey
from customers.models import Customer, CustomerChange, IdempotencyRecord, Tombstone
from organizations.models import Organization
from tests.callers import CUSTOMERS, ROOT, Caller, issues
from tests.factories import make_customer, make_organization

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
UUID_IN_PATH = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Victim:
    """The first organization: what it owns, and a cursor of each of its lists."""

    caller: Caller
    customers: tuple[Customer, ...]
    cursors: dict[str, str]

    @property
    def secrets(self) -> list[str]:
        """Whatever may stand in no answer to an outsider, in small letters."""
        organization, keys = self.caller.organization, list(self.caller.organization.api_keys.all())
        ids = [organization.id, *(key.id for key in keys), *(customer.id for customer in self.customers)]
        texts = [organization.name, self.caller.text, *self.cursors.values()]
        texts += [text for key in keys for text in (key.name, key.public_id)]
        for customer in self.customers:
            texts += [customer.display_name, customer.company_name, customer.first_name, customer.last_name]
            texts += [customer.email or "", customer.phone or "", customer.phone_key, customer.external_id or ""]
        return [text.lower() for text in (*map(str, ids), *(id_.hex for id_ in ids), *texts) if text]


@pytest.fixture
def victim(db: None) -> Victim:
    caller = Caller.of(make_organization(name="Quagga Plumbing"), name="Quagga key")
    ApiKey.objects.issue(caller.organization, name="Thylacine key")
    names = {"display_name": "Quokka", "company_name": "Numbat Ltd", "first_name": "Wallaby", "last_name": "Dunnart"}
    customers = [
        make_customer(
            caller.organization,
            email=f"bilby{number}@quoll.example",
            phone="+1-404-555-0177",
            external_id=f"dasyure-{number}",
            **names,
        )
        for number in range(3)
    ]
    return Victim(caller, tuple(customers), {route: cursor_of(caller, path) for route, path in LISTS.items()})


LISTS = {
    "customers-list": CUSTOMERS,
    "customers-changes": f"{CUSTOMERS}/changes",
    "api-keys-list": f"{ROOT}/api-keys",
}


def cursor_of(caller: Caller, path: str) -> str:
    """Answer the cursor of a list's second page."""
    cursor: str = caller.get(path, query={"limit": "1"}).json()["pagination"]["next_cursor"]
    return cursor


# How a path of each route is built with the victim's ids. A route that is missing here fails the walk.
PATHS: dict[str, Callable[[Victim], str]] = {
    "customers-list": lambda _: CUSTOMERS,
    "customers-detail": lambda victim: f"{CUSTOMERS}/{victim.customers[0].id}",
    "customers-bulk": lambda _: f"{CUSTOMERS}/bulk",
    "customers-upsert": lambda victim: f"{CUSTOMERS}/by-external-id/{victim.customers[0].external_id}",
    "customers-changes": lambda _: LISTS["customers-changes"],
    "organizations-list": lambda _: f"{ROOT}/organizations",
    "organizations-detail": lambda victim: f"{ROOT}/organizations/{victim.caller.organization.id}",
    "api-keys-list": lambda _: LISTS["api-keys-list"],
    "api-keys-current": lambda _: f"{ROOT}/api-keys/current",
    "api-keys-detail": lambda victim: f"{ROOT}/api-keys/{victim.caller.key.id}",
    "api-keys-rotate": lambda victim: f"{ROOT}/api-keys/{victim.caller.key.id}/rotate",
    "unknown": lambda victim: f"{ROOT}/organizations/{victim.caller.organization.id}/customers",
}


def routes_below(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Answer every route under api/ that asks for a key, which the contract's document doesn't: its name, its view."""
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            yield from routes_below(entry, pattern)
        elif isinstance(entry, URLPattern) and pattern.startswith("api") and entry.name != "openapi":
            yield entry.name or "", entry.callback


ROUTES = dict(routes_below(get_resolver()))


def has(route: str, method: str) -> bool:
    """Whether a route has a method; what is no route of a resource is walked as if it had two."""
    actions = getattr(ROUTES[route], "actions", ("get", "post"))
    return method.lower().replace("head", "get") in actions


def own_body(**more: Any) -> dict[str, Any]:
    """Answer a body that an outsider may send, and what it adds to it."""
    return {"account_type": "business", "email": "outsider@example.com", "phone": "+1-212-555-0100", **more}


# What an outsider may send to each route, if the id in its path were its own; to any other, a customer.
BODIES: dict[str, dict[str, Any]] = {
    "customers-detail": {"display_name": "Changed"},
    "customers-bulk": {"customers": [own_body()]},
    "api-keys-list": {"name": "Made", "scopes": ["read:customers"]},
    "api-keys-rotate": {"grace_hours": 0},
}


def body(route: str, **more: Any) -> dict[str, Any]:
    """Answer how a body is sent."""
    content = {**BODIES.get(route, own_body()), **more}
    return {"data": json.dumps(content), "content_type": "application/json"}


def cursor(victim: Victim, route: str) -> dict[str, str]:
    """Answer the victim's own cursor for a list; for what is none, that of its customers."""
    return {"limit": "1", "cursor": victim.cursors.get(route, victim.cursors["customers-list"])}


def named(victim: Victim) -> dict[str, str]:
    """Answer the header that names the victim's organization."""
    return {"x-organization-id": str(victim.caller.organization.id)}


ATTACKS: dict[str, Callable[[Victim, str], dict[str, Any]]] = {
    "as oneself": lambda *_: {},
    "as the victim": lambda victim, _: {"headers": named(victim)},
    "as the victim, with a body": lambda victim, route: {"headers": named(victim), **body(route)},
    "with the victim's cursor": lambda victim, route: {"query_params": cursor(victim, route)},
    "with the victim's cursor as the victim": lambda victim, route: {
        "headers": named(victim),
        "query_params": cursor(victim, route),
    },
    "with a parameter that names the victim": lambda victim, _: {
        "query_params": {"organization_id": str(victim.caller.organization.id)}
    },
    "with a parameter that names a customer": lambda victim, _: {"query_params": {"id": str(victim.customers[0].id)}},
    "with the victim's e-mail for a filter": lambda victim, _: {"query_params": {"email": victim.customers[0].email}},
    "with the victim's phone for a filter": lambda victim, _: {"query_params": {"phone": victim.customers[0].phone}},
    "with the victim's external id for a filter": lambda victim, _: {
        "query_params": {"external_id": victim.customers[0].external_id}
    },
    "with the victim's name for a search": lambda victim, _: {
        "query_params": {"search": victim.customers[0].display_name}
    },
    "with all that can be shown": lambda *_: {"query_params": {"expand": "profile"}},
    "with a body": lambda _, route: body(route),
    "with a body and its version": lambda victim, route: {
        "headers": {"if-match": victim.customers[0].etag},
        **body(route),
    },
    "with a body that names the victim": lambda victim, route: body(
        route, organization_id=str(victim.caller.organization.id)
    ),
    "with a body that names a customer": lambda victim, route: body(route, id=str(victim.customers[0].id)),
    "with a body of many": lambda victim, route: body(route, customers=[own_body(id=str(victim.customers[0].id))]),
    "with two headers": lambda victim, _: {
        "headers": {"x-organization": str(victim.caller.organization.id), "x-http-method-override": "DELETE"}
    },
    "with two organizations in one header": lambda victim, _: {
        "headers": {"x-organization-id": f"{victim.caller.organization.id}, {victim.caller.organization.id}"}
    },
}


def attacks_on(route: str, method: str) -> list[str]:
    """Answer all attacks for a method that the route has, and two for one that it has not."""
    return list(ATTACKS) if has(route, method) else ["as the victim", "with a body that names the victim"]


def attack(caller: Caller, victim: Victim, route: str, method: str, name: str) -> Any:
    """Send one request of the walk."""
    return caller.send(method, PATHS[route](victim), **ATTACKS[name](victim, route))


def leaks(response: Any, victim: Victim) -> list[str]:
    """Answer what of the victim stands in an answer."""
    text = f"{response.content.decode()}\n{response.headers}".lower()
    return [secret for secret in victim.secrets if secret in text]


def snapshot(victim: Victim) -> list[Any]:
    """Answer the victim's rows, but for when its keys were last used."""
    organization = victim.caller.organization
    owned: tuple[Any, ...] = (Customer, CustomerChange, Tombstone, IdempotencyRecord)
    keys = ApiKey.objects.filter(organization=organization).values()
    return [
        *(list(model.objects.filter(organization=organization).order_by("pk").values()) for model in owned),
        list(Organization.objects.values()),
        [{name: value for name, value in key.items() if name != "last_used_at"} for key in keys],
    ]


def test_the_walk_knows_every_route() -> None:
    assert sorted(PATHS) == sorted(ROUTES)


def test_the_walk_has_a_name_for_every_route() -> None:
    names = [name for name, _ in routes_below(get_resolver())]
    assert len(names) == len(set(names))
    assert all(names)


@pytest.mark.parametrize("route", [route for route in ROUTES if has(route, "GET") and route != "unknown"])
def test_the_walk_sees_what_there_is_to_see(victim: Victim, route: str) -> None:
    assert leaks(victim.caller.get(PATHS[route](victim)), victim)


def test_the_walk_sees_all_that_a_customer_shows(victim: Victim) -> None:
    assert len(leaks(victim.caller.get(query={"expand": "profile"}), victim)) > 15


@pytest.mark.parametrize("route", LISTS)
def test_the_victims_cursors_are_good_for_the_victim(victim: Victim, route: str) -> None:
    response = victim.caller.get(PATHS[route](victim), query=cursor(victim, route))
    assert (response.status_code, len(response.json()["data"])) == (200, 1)


@pytest.mark.parametrize("route", LISTS)
def test_the_victims_cursors_are_good_for_nobody_else(outsider: Caller, victim: Victim, route: str) -> None:
    response = outsider.get(PATHS[route](victim), query=cursor(victim, route))
    assert (response.status_code, issues(response)) == (400, {"cursor": "Invalid cursor"})


@pytest.mark.parametrize(
    ("route", "method"),
    [("customers-detail", "PATCH"), ("customers-bulk", "POST"), ("customers-upsert", "PUT"), ("api-keys-list", "POST")],
)
def test_the_bodies_of_the_walk_would_change_the_victim(victim: Victim, route: str, method: str) -> None:
    before = snapshot(victim)
    assert attack(victim.caller, victim, route, method, "with a body").status_code in (200, 201)
    assert snapshot(victim) != before


@pytest.mark.parametrize(
    ("route", "method", "name"),
    [(route, method, name) for route in ROUTES for method in METHODS for name in attacks_on(route, method)],
)
def test_an_outsider_sees_nothing(outsider: Caller, victim: Victim, route: str, method: str, name: str) -> None:
    assert leaks(attack(outsider, victim, route, method, name), victim) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES)
def test_an_outsider_changes_nothing(outsider: Caller, victim: Victim, route: str, method: str) -> None:
    before = snapshot(victim)
    for name in attacks_on(route, method):
        attack(outsider, victim, route, method, name)
    assert snapshot(victim) == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES)
def test_the_victims_organization_is_refused_by_name(outsider: Caller, victim: Victim, route: str, method: str) -> None:
    assert attack(outsider, victim, route, method, "as the victim").status_code == 403


@pytest.mark.parametrize("name", [name for name in ATTACKS if "filter" in name or "search" in name])
def test_an_outsider_counts_nobody(outsider: Caller, victim: Victim, name: str) -> None:
    response = attack(outsider, victim, "customers-list", "GET", name)
    assert (response.json()["data"], response.json()["pagination"]["count"]) == ([], 0)


def test_an_outsider_cannot_tell_whether_an_email_is_taken_elsewhere(outsider: Caller, victim: Victim) -> None:
    response = outsider.post(own_body(email=victim.customers[0].email))
    assert response.status_code == 201
    assert response.json()["data"]["organization_id"] == str(outsider.organization.id)


@pytest.mark.parametrize(
    ("route", "method"),
    [
        ("customers-detail", "GET"),
        ("customers-detail", "PATCH"),
        ("customers-detail", "DELETE"),
        ("organizations-detail", "GET"),
        ("api-keys-detail", "GET"),
        ("api-keys-detail", "DELETE"),
        ("api-keys-rotate", "POST"),
    ],
)
def test_an_outsider_cannot_tell_what_is_elsewhere_from_what_is_nowhere(
    outsider: Caller, victim: Victim, route: str, method: str
) -> None:
    path = PATHS[route](victim)
    elsewhere, nowhere = (
        Caller.of(outsider.organization).send(method, tried, headers={"x-request-id": "same"}, **body(route))
        for tried in (path, UUID_IN_PATH.sub("00000000-0000-4000-8000-000000000000", path))
    )
    assert (elsewhere.status_code, elsewhere.content) == (404, nowhere.content)
    assert nowhere.status_code == 404
    assert set(elsewhere.headers) == set(nowhere.headers)


def test_an_outsider_upserts_a_customer_of_its_own(outsider: Caller, victim: Victim) -> None:
    response = attack(outsider, victim, "customers-upsert", "PUT", "with a body")
    assert response.status_code == 201
    assert response.json()["data"]["organization_id"] == str(outsider.organization.id)


def test_an_outsider_cannot_tell_whether_an_external_id_is_taken_elsewhere(outsider: Caller, victim: Victim) -> None:
    response = outsider.post(own_body(external_id=victim.customers[0].external_id))
    assert response.status_code == 201
    assert response.json()["data"]["organization_id"] == str(outsider.organization.id)


def test_nobody_is_answered_what_another_organization_was_under_its_idempotency_key(
    outsider: Caller, victim: Victim
) -> None:
    theirs, own = (
        caller.post(own_body(), headers={"idempotency-key": "quenda"}) for caller in (victim.caller, outsider)
    )
    assert (theirs.status_code, own.status_code) == (201, 201)
    assert own.json()["data"]["organization_id"] == str(outsider.organization.id)
    assert "Idempotent-Replayed" not in own.headers


def test_the_feed_tells_each_organization_its_own_changes_alone(outsider: Caller, victim: Victim) -> None:
    made = make_customer(outsider.organization)
    feed = outsider.get(LISTS["customers-changes"]).json()["data"]
    assert [change["customer_id"] for change in feed] == [str(made.id)]


def test_a_stranger_without_a_key_sees_nothing(victim: Victim) -> None:
    responses = [victim.caller.get(path(victim), headers={"x-api-key": None}) for path in PATHS.values()]
    assert [response.status_code for response in responses] == [401] * len(PATHS)
    assert [leaks(response, victim) for response in responses] == [[]] * len(PATHS)
