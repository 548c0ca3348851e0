"""The order of checks: a request that breaks several rules at once gets the answer of the first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest
import time_machine

from organizations.models import Organization
from tests.callers import CUSTOMERS, ROOT, Caller, encoded
from tests.factories import make_customer, make_organization

NOBODY = f"{CUSTOMERS}/00000000-0000-4000-8000-000000000000"
NOWHERE = f"{ROOT}/nowhere"
BODY = {"account_type": "business", "email": "taken@example.com", "phone": "555-0100"}


@pytest.fixture(autouse=True)
def _still_clock() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 23, 12, 0, 18, tzinfo=UTC), tick=False):
        yield


@dataclass
class Draft:
    """A request in the making, without a fault until one is put in."""

    organization: Organization
    method: str = "POST"
    path: str = CUSTOMERS
    key: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str | None] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, str] = field(default_factory=lambda: dict(BODY))
    content_type: str = "application/json"
    is_late: bool = False

    def send(self) -> tuple[int, Any]:
        """Send it with a key of its own; answer status and body."""
        caller = Caller.of(self.organization, **self.key)
        if self.is_late:
            caller.get(NOWHERE)
        response = caller.send(
            self.method,
            self.path,
            headers=self.headers,
            query_params=self.query,
            data=encoded(self.body),
            content_type=self.content_type,
        )
        return response.status_code, response.json()


def bad_key(draft: Draft) -> None:
    draft.headers["x-api-key"] = "ast_live_nonsense"


def full_limit(draft: Draft) -> None:
    draft.key["per_minute"], draft.is_late = 1, True


def no_header(draft: Draft) -> None:
    draft.headers["x-organization-id"] = None


def bad_header(draft: Draft) -> None:
    draft.headers["x-organization-id"] = "mine"


def no_access(draft: Draft) -> None:
    draft.organization.suspend()


def no_scope(draft: Draft) -> None:
    draft.key["scopes"] = []


def bad_query(draft: Draft) -> None:
    draft.query["colour"] = "red"


def bad_type(draft: Draft) -> None:
    draft.content_type = "text/plain"


def bad_body(draft: Draft) -> None:
    draft.body["colour"] = "red"


def taken_email(draft: Draft) -> None:
    make_customer(draft.organization, email=draft.body["email"])


def issue(error: str, path: str, message: str) -> dict[str, Any]:
    return {"error": error, "issues": [{"path": path, "message": message}]}


Fault = Callable[[Draft], None]
ANSWERS: dict[Fault, tuple[int, Any]] = {  # in the contract's order
    bad_key: (401, {"error": "Invalid API key"}),
    full_limit: (429, {"error": "API key minute rate limit exceeded", "limit": 1, "window": "minute"}),
    no_header: (
        400,
        issue("Missing organization context. Provide x-organization-id.", "x-organization-id", "Required"),
    ),
    bad_header: (
        400,
        issue("Invalid organization context. x-organization-id must be a UUID.", "x-organization-id", "Invalid UUID"),
    ),
    no_access: (403, {"error": "API key does not have access to this organization"}),
    no_scope: (403, {"error": "API key missing required scopes", "missingScopes": ["write:customers"]}),
    bad_query: (400, issue("Invalid query parameters", "colour", "Unknown parameter")),
    bad_type: (415, {"error": "Unsupported media type"}),
    bad_body: (400, issue("Invalid request payload", "colour", "Unknown field")),
    taken_email: (409, {"error": "Customer email already exists in this organization", "field": "email"}),
}
PAIRS = [pair for pair in combinations(ANSWERS, 2) if pair != (no_header, bad_header)]
BEFORE_SCOPES = [bad_key, full_limit, no_header, bad_header, no_access]
NOT_FOUND, NOT_ALLOWED = (404, {"error": "Not found"}), (405, {"error": "Method not allowed"})
ROUTE_FAULTS = {
    ("GET", NOWHERE): NOT_FOUND,
    ("DELETE", NOWHERE): NOT_FOUND,
    ("GET", f"{CUSTOMERS}/"): NOT_FOUND,
    ("GET", NOBODY): (404, {"error": "Customer not found"}),
    ("POST", NOBODY): NOT_ALLOWED,
    ("OPTIONS", CUSTOMERS): NOT_ALLOWED,
    ("TRACE", CUSTOMERS): NOT_ALLOWED,
    ("BREW", NOBODY): NOT_ALLOWED,
}


def names(value: object) -> str | None:
    """Name a parametrised case after the functions in it."""
    return getattr(value, "__name__", None)


@pytest.mark.django_db
@pytest.mark.parametrize("fault", ANSWERS, ids=names)
def test_each_fault_alone_has_its_own_answer(fault: Fault) -> None:
    draft = Draft(make_organization())
    fault(draft)
    assert draft.send() == ANSWERS[fault]


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second"), PAIRS, ids=names)
def test_of_two_faults_the_first_is_answered(first: Fault, second: Fault) -> None:
    draft = Draft(make_organization())
    for fault in (second, first):
        fault(draft)
    assert draft.send() == ANSWERS[first]


@pytest.mark.django_db
@pytest.mark.parametrize("position", range(len(ANSWERS)))
def test_of_all_faults_from_one_on_the_first_is_answered(position: int) -> None:
    draft, faults = Draft(make_organization()), list(ANSWERS)[position:]
    for fault in reversed(faults):
        fault(draft)
    assert draft.send() == ANSWERS[faults[0]]


@pytest.mark.django_db
@pytest.mark.parametrize("route", ROUTE_FAULTS, ids=" ".join)
def test_a_route_that_fails_has_its_own_answer(route: tuple[str, str]) -> None:
    method, path = route
    assert Draft(make_organization(), method, path).send() == ROUTE_FAULTS[route]


@pytest.mark.django_db
@pytest.mark.parametrize("first", BEFORE_SCOPES, ids=names)
@pytest.mark.parametrize("route", ROUTE_FAULTS, ids=" ".join)
def test_the_caller_is_checked_before_the_route(route: tuple[str, str], first: Fault) -> None:
    method, path = route
    draft = Draft(make_organization(), method, path)
    first(draft)
    assert draft.send() == ANSWERS[first]


@pytest.mark.django_db
@pytest.mark.parametrize("second", [bad_query, bad_type, bad_body, taken_email], ids=names)
@pytest.mark.parametrize("route", [route for route in ROUTE_FAULTS if route != ("GET", NOBODY)], ids=" ".join)
def test_the_route_is_checked_before_query_and_body(route: tuple[str, str], second: Fault) -> None:
    method, path = route
    draft = Draft(make_organization(), method, path)
    second(draft)
    assert draft.send() == ROUTE_FAULTS[route]


def test_scopes_are_checked_before_a_customer_is_looked_for(owner: Caller) -> None:
    response = Caller.of(owner.organization, scopes=["write:customers"]).get(NOBODY)
    expected = {"error": "API key missing required scopes", "missingScopes": ["read:customers"]}
    assert (response.status_code, response.json()) == (403, expected)


def test_scopes_are_checked_before_the_query(owner: Caller) -> None:
    response = Caller.of(owner.organization, scopes=[]).get(query={"colour": "red"})
    expected = {"error": "API key missing required scopes", "missingScopes": ["read:customers"]}
    assert (response.status_code, response.json()) == (403, expected)


def test_another_organization_is_refused_before_scopes(owner: Caller, outsider: Caller) -> None:
    caller = Caller.of(owner.organization, scopes=[])
    response = caller.get(headers={"x-organization-id": str(outsider.organization.id)})
    assert (response.status_code, response.json()) == ANSWERS[no_access]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "path",
    [
        ROOT,
        f"{ROOT}/",
        f"{ROOT}//",
        CUSTOMERS,
        f"{CUSTOMERS}/",
        f"{CUSTOMERS}?colour=red",
        f"{CUSTOMERS}/%00",
        f"{CUSTOMERS}/nobody/orders",
        f"{CUSTOMERS}%0a",
        NOBODY,
        NOWHERE,
    ],
)
def test_a_caller_without_a_key_learns_of_no_path(owner: Caller, method: str, path: str) -> None:
    response = owner.send(method, path, headers={"x-api-key": None})
    assert (response.status_code, response.json()) == ANSWERS[bad_key]


@pytest.mark.parametrize("path", [ROOT, CUSTOMERS, NOBODY, NOWHERE])
def test_a_caller_without_a_key_learns_nothing_from_head(owner: Caller, path: str) -> None:
    assert owner.send("HEAD", path, headers={"x-api-key": None}).status_code == 401


@pytest.mark.parametrize("path", [CUSTOMERS, NOBODY, NOWHERE])
def test_a_revoked_key_learns_nothing_more(owner: Caller, path: str) -> None:
    owner.key.revoke()
    response = owner.get(path, headers={"x-organization-id": None})
    assert (response.status_code, response.json()) == ANSWERS[bad_key]


REFUSALS: dict[str, tuple[int, Callable[[Caller], Any]]] = {
    "no organization": (400, lambda caller: caller.get(headers={"x-organization-id": None})),
    "malformed organization": (400, lambda caller: caller.get(headers={"x-organization-id": "mine"})),
    "unknown parameter": (400, lambda caller: caller.get(query={"colour": "red"})),
    "malformed body": (400, lambda caller: caller.post(b"{")),
    "another organization": (403, lambda caller: caller.get(headers={"x-organization-id": str(caller.key.id)})),
    "missing scope": (403, lambda caller: caller.get()),
    "unknown path": (404, lambda caller: caller.get(NOWHERE)),
    "root": (404, lambda caller: caller.get(ROOT)),
    "unknown customer": (404, lambda caller: caller.get(NOBODY)),
    "wrong method": (405, lambda caller: caller.send("PUT")),
    "options": (405, lambda caller: caller.send("OPTIONS")),
    "taken e-mail": (409, lambda caller: caller.post(BODY)),
    "text": (415, lambda caller: caller.post("hello", content_type="text/plain")),
}


def refused(owner: Caller, name: str) -> tuple[Caller, Any]:
    """Have a caller of five requests a minute refused; answer the caller and the refusal."""
    make_customer(owner.organization, email=BODY["email"])
    scopes = ["write:customers"] if name == "missing scope" else ["read:customers", "write:customers"]
    caller = Caller.of(owner.organization, per_minute=5, scopes=scopes)
    return caller, REFUSALS[name][1](caller)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_the_status_it_is_listed_under(owner: Caller, name: str) -> None:
    _, response = refused(owner, name)
    assert response.status_code == REFUSALS[name][0]


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_where_the_key_stands(owner: Caller, name: str) -> None:
    _, response = refused(owner, name)
    standing = (response.headers["RateLimit-Policy"], response.headers["RateLimit"])
    assert standing == ('"minute";q=5;w=60', '"minute";r=4;t=42')


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_consumes_one_request_of_the_limit(owner: Caller, name: str) -> None:
    caller, _ = refused(owner, name)
    assert caller.get(NOWHERE).headers["RateLimit"] == '"minute";r=3;t=42'


def test_refusals_alone_fill_the_limit(owner: Caller) -> None:
    caller = Caller.of(owner.organization, per_minute=3, scopes=[])
    assert [caller.get().status_code for _ in range(4)] == [403, 403, 403, 429]


def test_a_suspended_organization_consumes_its_keys_limit_too(owner: Caller) -> None:
    owner.organization.suspend()
    caller = Caller.of(owner.organization, per_minute=1)
    assert [caller.get().status_code for _ in range(2)] == [403, 429]


def test_a_request_over_the_limit_says_where_the_key_stands(owner: Caller) -> None:
    caller = Caller.of(owner.organization, per_minute=1, per_hour=10)
    response = [caller.get() for _ in range(2)][-1]
    assert response.headers["RateLimit-Policy"] == '"minute";q=1;w=60, "hour";q=10;w=3600'
    assert response.headers["RateLimit"] == '"minute";r=0;t=42, "hour";r=9;t=3582'


def test_a_caller_without_a_key_is_told_of_no_limit(owner: Caller) -> None:
    response = owner.get(headers={"x-api-key": None})
    assert not {"RateLimit", "RateLimit-Policy"} & set(response.headers)
