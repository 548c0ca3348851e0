"""The matrix: every route, by every method, with every scope alone and with none, in every state of a key."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any, NamedTuple

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from apikeys.models import ApiKey
from apikeys.scopes import Scope
from tests.callers import Caller
from tests.factories import make_customer, make_organization

HOUR = timedelta(hours=1)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
INVALID_KEY = {"error": "Invalid API key"}
NO_ACCESS = {"error": "API key does not have access to this organization"}
CUSTOMER = {"account_type": "business", "email": "ops@example.com", "phone": "+1-404-555-0128"}


class Route(NamedTuple):
    """A route as it is served: the actions of its methods, and the scopes that each of them needs."""

    name: str
    parameters: tuple[str, ...]
    actions: dict[str, str]
    scopes: dict[str, tuple[str, ...]]


class Entry(NamedTuple):
    """One field of the matrix: a method of a route, and the scopes that it needs."""

    route: str
    method: str
    needed: tuple[str, ...]


def routes_below(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Answer every pattern under api/ that asks for a key, which the contract's document doesn't, and its entry."""
    for entry in resolver.url_patterns:
        whole = prefix + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            yield from routes_below(entry, whole)
        elif whole.startswith("api") and entry.name != "openapi":
            yield whole, entry


def described(entry: URLPattern) -> Route:
    """Answer what the matrix needs of a route; HEAD is served wherever GET is."""
    view: Any = entry.callback
    actions = {method.upper(): action for method, action in getattr(view, "actions", {}).items()}
    actions |= {"HEAD": actions["GET"]} if "GET" in actions else {}
    return Route(str(entry.name), tuple(entry.pattern.converters), actions, dict(view.cls.scopes))


ROUTES = {route.name: route for route in (described(entry) for _, entry in routes_below(get_resolver()))}
RESOURCES = [route for route in ROUTES.values() if route.actions]
ENTRIES = [
    Entry(route.name, method, tuple(map(str, route.scopes[action])))
    for route in RESOURCES
    for method, action in sorted(route.actions.items())
]
WRONG = [Entry(route.name, method, ()) for route in RESOURCES for method in METHODS if method not in route.actions]
HELD: list[tuple[Scope, ...]] = [(), *((scope,) for scope in Scope)]


def target_key(caller: Caller) -> str:
    """Make a key that any other may rotate: it may do nothing, and ends soon."""
    soon = timezone.now() + HOUR / 2
    return str(ApiKey.objects.issue(caller.organization, name="Target", per_minute=1, expires_at=soon)[0].pk)


# What stands in a path, by the resource and the parameter.
VALUES: dict[tuple[str, str], Callable[[Caller], str]] = {
    ("customers", "pk"): lambda caller: str(make_customer(caller.organization).pk),
    ("customers", "external_id"): lambda _: "crm/7",
    ("organizations", "pk"): lambda caller: str(caller.organization.pk),
    ("api-keys", "pk"): target_key,
}
# What is sent where something has to be, and the success that it has.
SENT: dict[tuple[str, str], tuple[dict[str, Any], int]] = {
    ("customers-list", "POST"): (CUSTOMER, 201),
    ("customers-bulk", "POST"): ({"customers": [CUSTOMER]}, 200),
    ("customers-upsert", "PUT"): (CUSTOMER, 201),
    ("customers-detail", "PATCH"): ({"first_name": "Ada"}, 200),
    ("api-keys-list", "POST"): ({"name": "Made", "scopes": []}, 201),
    ("api-keys-rotate", "POST"): ({}, 201),
}
SUCCESS = {"GET": 200, "HEAD": 200, "DELETE": 204}
# The contract's own list: the scope that each request needs.
CONTRACT = {
    ("customers-list", "GET"): ("read:customers",),
    ("customers-list", "POST"): ("write:customers",),
    ("customers-detail", "GET"): ("read:customers",),
    ("customers-detail", "PATCH"): ("write:customers",),
    ("customers-detail", "DELETE"): ("delete:customers",),
    ("customers-bulk", "POST"): ("write:customers",),
    ("customers-upsert", "PUT"): ("write:customers",),
    ("customers-changes", "GET"): ("read:customers",),
    ("organizations-list", "GET"): ("read:organizations",),
    ("organizations-detail", "GET"): ("read:organizations",),
    ("api-keys-list", "GET"): ("read:api_keys",),
    ("api-keys-list", "POST"): ("write:api_keys",),
    ("api-keys-detail", "GET"): ("read:api_keys",),
    ("api-keys-detail", "DELETE"): ("write:api_keys",),
    ("api-keys-rotate", "POST"): ("write:api_keys",),
    ("api-keys-current", "GET"): (),
}


# What makes a key what it is.
WORKING: dict[str, Callable[[Caller], object]] = {
    "active": lambda _: None,
    "grace": lambda caller: caller.key.rotate(HOUR),
}
ENDED: dict[str, Callable[[Caller], object]] = {
    "expired": lambda caller: caller.key.end_by(timezone.now() - HOUR),
    "revoked": lambda caller: caller.key.revoke(),
}
STATES: dict[str, Callable[[Caller], object]] = {
    **WORKING,
    **ENDED,
    "suspended": lambda caller: caller.organization.suspend(),
}


def caller_with(scopes: tuple[Scope, ...], state: str) -> Caller:
    caller = Caller.of(make_organization(), scopes=list(scopes))
    STATES[state](caller)
    caller.key.refresh_from_db()
    assert caller.key.state == state
    return caller


def perform(caller: Caller, entry: Entry) -> Any:
    """Send a request of the matrix; KeyError for a route that it can build no path or no body for."""
    resource, _ = entry.route.rsplit("-", 1)
    kwargs = {name: VALUES[resource, name](caller) for name in ROUTES[entry.route].parameters}
    body = None if entry.method in SUCCESS or entry in WRONG else SENT[entry.route, entry.method][0]
    data = "" if body is None else json.dumps(body)
    return caller.send(entry.method, reverse(entry.route, kwargs=kwargs), data=data, content_type="application/json")


def answered(response: Any, method: str) -> tuple[int, Any]:
    """Answer status and body; HEAD has none."""
    return response.status_code, None if method == "HEAD" else response.json()


def expected(status: int, body: Any, method: str) -> tuple[int, Any]:
    return status, None if method == "HEAD" else body


def success(entry: Entry) -> int:
    return SUCCESS[entry.method] if entry.method in SUCCESS else SENT[entry.route, entry.method][1]


def sentence(value: object) -> str:
    """Name a parameter of a test."""
    if isinstance(value, Entry):
        return f"{value.method} {value.route}"
    return ("+".join(map(str, value)) or "no scope") if isinstance(value, tuple) else str(value)


def test_the_routes_and_their_scopes_are_the_contracts() -> None:
    assert {(entry.route, entry.method): entry.needed for entry in ENTRIES if entry.method != "HEAD"} == CONTRACT


def test_only_what_is_no_route_has_no_actions() -> None:
    assert [route.name for route in ROUTES.values() if not route.actions] == ["unknown"]


def test_no_two_routes_share_a_name() -> None:
    assert len(ROUTES) == len(list(routes_below(get_resolver())))


@pytest.mark.django_db
@pytest.mark.parametrize("state", WORKING)
@pytest.mark.parametrize("entry", ENTRIES, ids=sentence)
def test_its_own_scopes_alone_open_an_action(entry: Entry, state: str) -> None:
    caller = caller_with(tuple(map(Scope, entry.needed)), state)
    assert perform(caller, entry).status_code == success(entry)


@pytest.mark.django_db
@pytest.mark.parametrize("state", WORKING)
@pytest.mark.parametrize(
    ("entry", "held"),
    [(entry, held) for entry, held in product(ENTRIES, HELD) if not set(entry.needed) <= set(held)],
    ids=sentence,
)
def test_any_other_scope_and_none_is_told_what_is_missing(entry: Entry, held: tuple[Scope, ...], state: str) -> None:
    refusal = {"error": "API key missing required scopes", "missingScopes": list(entry.needed)}
    response = perform(caller_with(held, state), entry)
    assert answered(response, entry.method) == expected(403, refusal, entry.method)


@pytest.mark.django_db
@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.needed], ids=sentence)
def test_all_other_scopes_together_are_told_what_is_missing(entry: Entry) -> None:
    refusal = {"error": "API key missing required scopes", "missingScopes": list(entry.needed)}
    others = tuple(scope for scope in Scope if scope not in entry.needed)
    response = perform(caller_with(others, "active"), entry)
    assert answered(response, entry.method) == expected(403, refusal, entry.method)


@pytest.mark.django_db
@pytest.mark.parametrize("held", HELD, ids=sentence)
@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if not entry.needed], ids=sentence)
def test_what_needs_no_scope_is_open_to_every_key(entry: Entry, held: tuple[Scope, ...]) -> None:
    assert perform(caller_with(held, "active"), entry).status_code == success(entry)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("held", [(), tuple(Scope)], ids=["no scope", "every scope"])
@pytest.mark.parametrize("entry", [*ENTRIES, *WRONG], ids=sentence)
def test_a_key_that_has_ended_opens_nothing(entry: Entry, held: tuple[Scope, ...], state: str) -> None:
    response = perform(caller_with(held, state), entry)
    assert answered(response, entry.method) == expected(401, INVALID_KEY, entry.method)


@pytest.mark.django_db
@pytest.mark.parametrize("held", [(), tuple(Scope)], ids=["no scope", "every scope"])
@pytest.mark.parametrize("entry", [*ENTRIES, *WRONG], ids=sentence)
def test_a_key_of_a_suspended_organization_opens_nothing(entry: Entry, held: tuple[Scope, ...]) -> None:
    response = perform(caller_with(held, "suspended"), entry)
    assert answered(response, entry.method) == expected(403, NO_ACCESS, entry.method)


@pytest.mark.django_db
@pytest.mark.parametrize("state", WORKING)
@pytest.mark.parametrize("held", [(), tuple(Scope)], ids=["no scope", "every scope"])
@pytest.mark.parametrize("entry", WRONG, ids=sentence)
def test_a_method_that_a_route_does_not_have_is_405(entry: Entry, held: tuple[Scope, ...], state: str) -> None:
    response = perform(caller_with(held, state), entry)
    assert answered(response, entry.method) == expected(405, {"error": "Method not allowed"}, entry.method)
    assert set(response.headers["Allow"].split(", ")) == set(ROUTES[entry.route].actions)


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("state", "status"), [("active", 404), ("grace", 404), ("expired", 401), ("revoked", 401), ("suspended", 403)]
)
def test_what_is_no_route_is_unknown_to_a_working_key_alone(state: str, status: int, method: str) -> None:
    response = caller_with((), state).send(method, "/api/public/v1/nowhere")
    assert response.status_code == status
