"""The tenant walk: on no route, by no method, does an outsider see or change anything of another organization."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apikeys.models import ApiKey
from customers.models import Customer
from organizations.models import Organization
from tests.callers import CUSTOMERS, ROOT, Caller
from tests.factories import make_customer, make_organization

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


@dataclass(frozen=True)
class Victim:
    """The first organization: what it owns, and a cursor of its list."""

    caller: Caller
    customers: tuple[Customer, ...]
    cursor: str

    @property
    def secrets(self) -> list[str]:
        """Whatever may stand in no answer to an outsider, in small letters."""
        ids = [self.caller.organization.id, self.caller.key.id, *(customer.id for customer in self.customers)]
        texts = [self.caller.organization.name, self.caller.key.public_id, self.caller.text, self.cursor]
        for customer in self.customers:
            texts += [customer.display_name, customer.company_name, customer.first_name, customer.last_name]
            texts += [customer.email or "", customer.phone or "", customer.phone_key]
        return [text.lower() for text in (*map(str, ids), *(id_.hex for id_ in ids), *texts) if text]


@pytest.fixture
def victim(db: None) -> Victim:
    caller = Caller.of(make_organization(name="Quagga Plumbing"), name="Quagga key")
    names = {"display_name": "Quokka", "company_name": "Numbat Ltd", "first_name": "Wallaby", "last_name": "Dunnart"}
    customers = [
        make_customer(caller.organization, email=f"bilby{number}@quoll.example", phone="+1-404-555-0177", **names)
        for number in range(3)
    ]
    cursor = caller.get(query={"limit": "1"}).json()["pagination"]["next_cursor"]
    return Victim(caller, tuple(customers), cursor)


# How a path of each route is built with the victim's ids. A route that is missing here fails the walk.
PATHS: dict[str, Callable[[Victim], str]] = {
    "customers-list": lambda _: CUSTOMERS,
    "customers-detail": lambda victim: f"{CUSTOMERS}/{victim.customers[0].id}",
    "unknown": lambda victim: f"{ROOT}/organizations/{victim.caller.organization.id}",
}


def routes_below(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Answer every route under api/: its name, and its pattern."""
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            yield from routes_below(entry, pattern)
        elif isinstance(entry, URLPattern) and pattern.startswith("api"):
            yield entry.name or "", pattern


ROUTES = dict(routes_below(get_resolver()))


def own_body(**more: Any) -> dict[str, Any]:
    """Answer a body that an outsider may send, and what it adds to it."""
    return {"account_type": "business", "email": "outsider@example.com", "phone": "+1-212-555-0100", **more}


def body(**more: Any) -> dict[str, Any]:
    """Answer how a body is sent."""
    return {"data": json.dumps(own_body(**more)), "content_type": "application/json"}


def named(victim: Victim) -> dict[str, str]:
    """Answer the header that names the victim's organization."""
    return {"x-organization-id": str(victim.caller.organization.id)}


ATTACKS: dict[str, Callable[[Victim], dict[str, Any]]] = {
    "as oneself": lambda _: {},
    "as the victim": lambda victim: {"headers": named(victim)},
    "as the victim, with a body": lambda victim: {"headers": named(victim), **body()},
    "with the victim's cursor": lambda victim: {"query_params": {"limit": "1", "cursor": victim.cursor}},
    "with the victim's cursor as the victim": lambda victim: {
        "headers": named(victim),
        "query_params": {"limit": "1", "cursor": victim.cursor},
    },
    "with a parameter that names the victim": lambda victim: {
        "query_params": {"organization_id": str(victim.caller.organization.id)}
    },
    "with a parameter that names a customer": lambda victim: {"query_params": {"id": str(victim.customers[0].id)}},
    "with the victim's e-mail for a filter": lambda victim: {"query_params": {"email": victim.customers[0].email}},
    "with the victim's phone for a filter": lambda victim: {"query_params": {"phone": victim.customers[0].phone}},
    "with the victim's name for a search": lambda victim: {
        "query_params": {"search": victim.customers[0].display_name}
    },
    "with a body": lambda _: body(),
    "with a body that names the victim": lambda victim: body(organization_id=str(victim.caller.organization.id)),
    "with a body that names a customer": lambda victim: body(id=str(victim.customers[0].id)),
    "with a body of many": lambda victim: body(customers=[own_body(id=str(victim.customers[0].id))]),
    "with two headers": lambda victim: {
        "headers": {"x-organization": str(victim.caller.organization.id), "x-http-method-override": "DELETE"}
    },
    "with two organizations in one header": lambda victim: {
        "headers": {"x-organization-id": f"{victim.caller.organization.id}, {victim.caller.organization.id}"}
    },
}


def attack(caller: Caller, victim: Victim, route: str, method: str, name: str) -> Any:
    """Send one request of the walk."""
    return caller.send(method, PATHS[route](victim), **ATTACKS[name](victim))


def leaks(response: Any, victim: Victim) -> list[str]:
    """Answer what of the victim stands in an answer."""
    text = f"{response.content.decode()}\n{response.headers}".lower()
    return [secret for secret in victim.secrets if secret in text]


def snapshot(victim: Victim) -> list[Any]:
    """Answer the victim's rows, but for when its keys were last used."""
    organization = victim.caller.organization
    keys = ApiKey.objects.filter(organization=organization).values()
    return [
        list(Customer.objects.filter(organization=organization).values()),
        list(Organization.objects.values()),
        [{name: value for name, value in key.items() if name != "last_used_at"} for key in keys],
    ]


def test_the_walk_knows_every_route() -> None:
    assert sorted(PATHS) == sorted(ROUTES)


def test_the_walk_has_a_name_for_every_route() -> None:
    names = [name for name, _ in routes_below(get_resolver())]
    assert len(names) == len(set(names))
    assert all(names)


def test_the_walk_sees_what_there_is_to_see(victim: Victim) -> None:
    assert len(leaks(victim.caller.get(), victim)) > 10


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES)
def test_an_outsider_sees_nothing(outsider: Caller, victim: Victim, route: str, method: str, name: str) -> None:
    assert leaks(attack(outsider, victim, route, method, name), victim) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES)
def test_an_outsider_changes_nothing(outsider: Caller, victim: Victim, route: str, method: str) -> None:
    before = snapshot(victim)
    for name in ATTACKS:
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


def test_an_outsider_cannot_tell_a_customer_elsewhere_from_none(outsider: Caller, victim: Victim) -> None:
    there, nowhere = (
        outsider.get(f"{CUSTOMERS}/{pk}", headers={"x-request-id": "same"})
        for pk in (victim.customers[0].id, "00000000-0000-4000-8000-000000000000")
    )
    assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)
    assert set(there.headers) == set(nowhere.headers)


def test_a_stranger_without_a_key_sees_nothing(victim: Victim) -> None:
    responses = [victim.caller.get(path(victim), headers={"x-api-key": None}) for path in PATHS.values()]
    assert [response.status_code for response in responses] == [401] * len(PATHS)
    assert [leaks(response, victim) for response in responses] == [[]] * len(PATHS)
