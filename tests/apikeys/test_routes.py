"""The api-keys routes: an organization's keys over HTTP, and that no key hands out more than it has."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from apikeys.models import ApiKey
from apikeys.scopes import Scope
from tests.callers import CUSTOMERS, ROOT, Caller, issues
from tests.factories import make_organization

KEYS = f"{ROOT}/api-keys"
CURRENT = f"{KEYS}/current"
NOBODY = "00000000-0000-4000-8000-000000000000"
NOW = datetime(2026, 3, 23, 12, 0, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORM = re.compile(r"ast_live_[0-9A-Za-z]{50}")
FIELDS = ["id", "hint", "name", "scopes", "per_minute", "per_hour", "per_day", "expires_at", "state", "created_at"]
FIELDS_ONCE = ["id", "key", *FIELDS[1:]]
NOT_FOUND = {"error": "API key not found"}
NO_ACCESS = {"error": "API key does not have access to this organization"}
ENDED = {"error": "API key has ended or has been rotated already"}
BEYOND = "Must not go beyond this key's own"
NUMBER = "Must be a whole number from 1 to 2147483647"
SCOPES = f"Must be among: {', '.join(Scope.values)}"
DATE = "Invalid ISO-8601 date-time"
MAKER = {"per_minute": 100, "per_hour": 1_000, "per_day": 10_000, "expires_at": NOW + 24 * HOUR}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def maker(owner: Caller) -> Caller:
    """Holds two scopes, every limit, and a key for a day."""
    return Caller.of(owner.organization, name="Maker", scopes=["read:customers", "write:api_keys"], **MAKER)


def body(**more: Any) -> dict[str, Any]:
    """Answer the least that makes a key, and what is added to it."""
    return {"name": "CRM", "scopes": ["read:customers"], **more}


def made(caller: Caller, **more: Any) -> dict[str, Any]:
    """Make a key; answer the data of the 201."""
    response = caller.post(body(**more), KEYS)
    assert response.status_code == 201, response.content
    data: dict[str, Any] = response.json()["data"]
    return data


def rotate(caller: Caller, key: ApiKey, content: Any = None) -> Any:
    return caller.post({} if content is None else content, f"{KEYS}/{key.pk}/rotate")


def holder(caller: Caller, data: dict[str, Any]) -> Caller:
    """Answer who holds a key that has just been made."""
    return Caller(caller.organization, ApiKey.objects.get(pk=data["id"]), data["key"])


def target(caller: Caller, **fields: Any) -> ApiKey:
    """Make another key of the caller's organization."""
    return Caller.of(caller.organization, **{"name": "Target", **fields}).key


def limited(caller: Caller, **fields: Any) -> ApiKey:
    """Make another key that has what `maker` has, unless `fields` say otherwise."""
    return target(caller, **{"scopes": ["read:customers"], **MAKER, **fields})


def seen(key: ApiKey, **more: Any) -> dict[str, Any]:
    """Answer what is to be seen of a key with no limit but the minute's."""
    return {
        "id": str(key.pk),
        "hint": f"ast_live_{key.public_id}…",
        "name": key.name,
        "scopes": list(map(str, key.scopes)),
        "per_minute": 1_000_000,
        "per_hour": None,
        "per_day": None,
        "expires_at": None,
        "state": "active",
        "created_at": "2026-03-23T12:00:18.000Z",
        **more,
    }


# The caller's own key


def test_current_is_the_callers_own_key_and_its_organization(colleague: Caller) -> None:
    organization = colleague.organization
    about = {
        "id": str(organization.id),
        "name": organization.name,
        "environment": "live",
        "created_at": "2026-03-23T12:00:18.000Z",
    }
    response = colleague.get(CURRENT)
    assert (response.status_code, response.json()) == (200, {"data": {**seen(colleague.key), "organization": about}})


def test_current_shows_its_fields_in_their_order(owner: Caller) -> None:
    assert list(owner.get(CURRENT).json()["data"]) == [*FIELDS, "organization"]


def test_current_shows_limits_and_expiry(maker: Caller) -> None:
    data = maker.get(CURRENT).json()["data"]
    limits = (data["per_minute"], data["per_hour"], data["per_day"])
    assert (*limits, data["expires_at"]) == (100, 1_000, 10_000, "2026-03-24T12:00:18.000Z")


def test_current_needs_no_header(owner: Caller) -> None:
    response = owner.get(CURRENT, headers={"x-organization-id": None})
    assert (response.status_code, response.json()["data"]["id"]) == (200, str(owner.key.id))


def test_current_needs_no_scope(owner: Caller) -> None:
    response = Caller.of(owner.organization, scopes=[]).get(CURRENT)
    assert (response.status_code, response.json()["data"]["scopes"]) == (200, [])


def test_current_says_that_it_is_in_grace(owner: Caller) -> None:
    owner.key.rotate(HOUR)
    data = owner.get(CURRENT).json()["data"]
    assert (data["state"], data["expires_at"]) == ("grace", "2026-03-23T13:00:18.000Z")


def test_current_shows_a_sandbox_key_as_one(db: None) -> None:
    sandbox = Caller.of(make_organization(environment="sandbox"))
    data = sandbox.get(CURRENT).json()["data"]
    assert (data["hint"], data["organization"]["environment"]) == (f"ast_test_{sandbox.key.public_id}…", "sandbox")


def test_current_refuses_another_organizations_header(owner: Caller, outsider: Caller) -> None:
    response = owner.get(CURRENT, headers={"x-organization-id": str(outsider.organization.id)})
    assert (response.status_code, response.json()) == (403, NO_ACCESS)


def test_current_refuses_a_malformed_header(owner: Caller) -> None:
    response = owner.get(CURRENT, headers={"x-organization-id": "mine"})
    assert (response.status_code, issues(response)) == (400, {"x-organization-id": "Invalid UUID"})


@pytest.mark.parametrize("headers", [{}, {"x-organization-id": None}])
def test_current_is_closed_to_a_suspended_organization(owner: Caller, headers: dict[str, Any]) -> None:
    owner.organization.suspend()
    response = owner.get(CURRENT, headers=headers)
    assert (response.status_code, response.json()) == (403, NO_ACCESS)


def test_current_knows_no_parameter(owner: Caller) -> None:
    response = owner.get(CURRENT, query={"limit": "1"})
    assert (response.status_code, issues(response)) == (400, {"limit": "Unknown parameter"})


# List and retrieve


def test_the_list_holds_the_organizations_keys_newest_first(
    owner: Caller, outsider: Caller, clock: time_machine.Traveller
) -> None:
    clock.shift(1)
    newer = target(owner)
    response = owner.get(KEYS)
    pagination = {"count": 2, "limit": 25, "next_cursor": None}
    data = [seen(newer, created_at="2026-03-23T12:00:19.000Z"), seen(owner.key)]
    assert (response.status_code, response.json()) == (200, {"data": data, "pagination": pagination})


def test_the_list_shows_its_fields_in_their_order(owner: Caller) -> None:
    assert list(owner.get(KEYS).json()["data"][0]) == FIELDS


def test_the_list_says_what_state_each_key_is_in(owner: Caller, clock: time_machine.Traveller) -> None:
    target(owner, name="expired", expires_at=NOW + HOUR)
    clock.shift(HOUR)
    target(owner, name="revoked").revoke()
    target(owner, name="grace").rotate(HOUR)
    target(owner, name="active")
    states = {(key["name"], key["state"]) for key in owner.get(KEYS).json()["data"]}
    assert states >= {("expired", "expired"), ("revoked", "revoked"), ("grace", "grace"), ("active", "active")}


def test_the_lists_pages_meet_each_key_once(owner: Caller) -> None:
    keys = {str(owner.key.pk), *(str(target(owner).pk) for _ in range(4))}
    met: list[str] = []
    query: dict[str, str] | None = {"limit": "2"}
    while query:
        page = owner.get(KEYS, query=query).json()
        met += [key["id"] for key in page["data"]]
        cursor = page["pagination"]["next_cursor"]
        query = {"limit": "2", "cursor": cursor} if cursor else None
    assert (sorted(met), page["pagination"]["count"]) == (sorted(keys), 5)


def test_the_list_can_begin_with_the_oldest(owner: Caller, clock: time_machine.Traveller) -> None:
    clock.shift(1)
    newer = target(owner)
    ids = [key["id"] for key in owner.get(KEYS, query={"order": "created_at"}).json()["data"]]
    assert ids == [str(owner.key.pk), str(newer.pk)]


def test_another_organizations_cursor_is_refused(owner: Caller, outsider: Caller) -> None:
    target(owner)
    cursor = owner.get(KEYS, query={"limit": "1"}).json()["pagination"]["next_cursor"]
    response = outsider.get(KEYS, query={"limit": "1", "cursor": cursor})
    assert (response.status_code, issues(response)) == (400, {"cursor": "Invalid cursor"})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "101"}, "Must be a whole number from 1 to 100"),
        ({"cursor": "forged"}, "Invalid cursor"),
        ({"order": "name"}, "Must be one of: -created_at, created_at"),
        ({"name": "CRM"}, "Unknown parameter"),
    ],
)
def test_the_list_refuses_what_it_does_not_know(owner: Caller, query: dict[str, str], message: str) -> None:
    response = owner.get(KEYS, query=query)
    assert (response.status_code, issues(response)) == (400, dict.fromkeys(query, message))


def test_a_key_is_retrieved(owner: Caller) -> None:
    key = target(owner, scopes=["delete:customers"], expires_at=NOW + HOUR)
    response = owner.get(f"{KEYS}/{key.pk}")
    assert (response.status_code, response.json()) == (200, {"data": seen(key, expires_at="2026-03-23T13:00:18.000Z")})
    assert list(response.json()["data"]) == FIELDS


@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("DELETE", ""), ("POST", "/rotate")])
@pytest.mark.parametrize("pk", [NOBODY, "nobody", "1", "%00", "é"])
def test_an_unknown_key_is_not_found(owner: Caller, pk: str, method: str, tail: str) -> None:
    response = owner.send(method, f"{KEYS}/{pk}{tail}", data=b"{}", content_type="application/json")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("DELETE", ""), ("POST", "/rotate")])
def test_another_organizations_key_is_not_found(owner: Caller, outsider: Caller, method: str, tail: str) -> None:
    path = f"{KEYS}/{outsider.key.pk}{tail}"
    response = owner.send(method, path, data=b"{}", content_type="application/json")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert outsider.get().status_code == 200


# Create


def test_a_created_key_is_answered_whole(owner: Caller) -> None:
    limits = {"per_minute": 5, "per_hour": 6, "per_day": 7, "expires_at": "2026-03-24T12:00:18.000Z"}
    data = made(owner, scopes=["read:customers", "delete:customers"], **limits)
    key = ApiKey.objects.get(pk=data["id"])
    assert data == {**seen(key, **limits), "key": data["key"], "scopes": ["read:customers", "delete:customers"]}
    assert data["name"] == "CRM"


def test_a_created_key_shows_its_fields_in_their_order(owner: Caller) -> None:
    assert list(made(owner)) == FIELDS_ONCE


def test_a_created_key_has_the_form_of_a_key(owner: Caller) -> None:
    data = made(owner)
    assert FORM.fullmatch(data["key"])
    assert data["hint"] == f"{data['key'][:21]}…"


def test_a_created_key_of_a_sandbox_says_so(db: None) -> None:
    assert made(Caller.of(make_organization(environment="sandbox")))["key"].startswith("ast_test_")


def test_a_created_key_works(owner: Caller) -> None:
    key = holder(owner, made(owner))
    assert (key.get().status_code, key.post({}).status_code) == (200, 403)


def test_a_created_keys_limit_holds(owner: Caller) -> None:
    key = holder(owner, made(owner, per_minute=1))
    assert [key.get().status_code for _ in range(2)] == [200, 429]


def test_a_created_key_ends_at_its_expiry(owner: Caller, clock: time_machine.Traveller) -> None:
    key = holder(owner, made(owner, expires_at="2026-03-23T13:00:18Z"))
    assert key.get().status_code == 200
    clock.shift(HOUR)
    assert key.get().status_code == 401


def test_the_location_of_a_created_key_answers_it_without_the_key(owner: Caller) -> None:
    response = owner.post(body(), KEYS)
    found = owner.get(response.headers["Location"])
    data = response.json()["data"]
    assert response.headers["Location"] == f"{KEYS}/{data.pop('id')}"
    assert (found.status_code, found.json()["data"].pop("name")) == (200, data["name"])
    assert "key" not in found.json()["data"]


def test_what_is_not_said_is_the_makers_own(maker: Caller) -> None:
    data = made(maker, per_minute=10)
    said = (data["per_minute"], data["per_hour"], data["per_day"], data["expires_at"])
    assert said == (10, 1_000, 10_000, "2026-03-24T12:00:18.000Z")


def test_a_maker_without_limits_and_expiry_gives_none(owner: Caller) -> None:
    data = made(owner)
    assert (data["per_hour"], data["per_day"], data["expires_at"]) == (None, None, None)


@pytest.mark.parametrize(("own", "given"), [(59, 59), (60, 60), (61, 60), (1_000, 60)])
def test_the_limit_a_minute_is_sixty_unless_the_maker_has_less(owner: Caller, own: int, given: int) -> None:
    assert made(Caller.of(owner.organization, per_minute=own))["per_minute"] == given


def test_a_maker_can_give_all_that_it_has(maker: Caller) -> None:
    own = {"per_minute": 100, "per_hour": 1_000, "per_day": 10_000, "expires_at": "2026-03-24T12:00:18.000Z"}
    data = made(maker, scopes=["read:customers", "write:api_keys"], **own)
    assert {name: data[name] for name in own} == own
    assert data["scopes"] == ["read:customers", "write:api_keys"]


@pytest.mark.parametrize(
    "more",
    [
        {"scopes": ["write:customers"]},
        {"scopes": list(Scope)},
        {"per_minute": 101},
        {"per_hour": 1_001},
        {"per_hour": None},
        {"per_day": 10_001},
        {"per_day": None},
        {"expires_at": "2026-03-24T12:00:18.001Z"},
        {"expires_at": None},
    ],
    ids=str,
)
def test_nobody_makes_a_key_beyond_their_own(maker: Caller, more: dict[str, Any]) -> None:
    known = ApiKey.objects.count()
    response = maker.post(body(**more), KEYS)
    (field,) = more
    faults = [{"path": field, "message": BEYOND}]
    assert (response.status_code, response.json()) == (400, {"error": "Invalid request payload", "issues": faults})
    assert ApiKey.objects.count() == known


def test_all_that_goes_beyond_is_named_at_once(maker: Caller) -> None:
    response = maker.post(body(scopes=list(Scope), per_minute=101, per_hour=None, per_day=None, expires_at=None), KEYS)
    assert issues(response) == dict.fromkeys(("scopes", "per_minute", "per_hour", "per_day", "expires_at"), BEYOND)


def test_a_key_in_grace_makes_none_that_outlives_it(owner: Caller) -> None:
    owner.key.rotate(HOUR)
    assert issues(owner.post(body(expires_at="2026-03-23T13:00:18.001Z"), KEYS)) == {"expires_at": BEYOND}
    assert made(owner)["expires_at"] == "2026-03-23T13:00:18.000Z"


def test_a_made_key_cannot_make_one_beyond_itself_either(owner: Caller) -> None:
    child = holder(owner, made(owner, scopes=["write:api_keys"], per_minute=5))
    response = child.post(body(per_minute=6), KEYS)
    assert issues(response) == {"scopes": BEYOND, "per_minute": BEYOND}


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "a name that is null": ({"name": None}, "Required"),
    "a name that is empty": ({"name": ""}, "Must not be empty"),
    "a name of spaces": ({"name": "  "}, "Must not be empty"),
    "a name that is a number": ({"name": 5}, "Must be a string"),
    "a name that is a list": ({"name": ["CRM"]}, "Must be a string"),
    "a name too long": ({"name": "a" * 256}, "Must be at most 255 characters"),
    "a name with a NUL": ({"name": "a\x00b"}, "Must not contain control characters"),
    "scopes that are null": ({"scopes": None}, "Required"),
    "scopes that are a text": ({"scopes": "read:customers"}, "Must be a list of scopes"),
    "scopes that are an object": ({"scopes": {"read:customers": True}}, "Must be a list of scopes"),
    "scopes that are no texts": ({"scopes": ["read:customers", 5]}, "Must be a list of scopes"),
    "scopes in a list of their own": ({"scopes": [["read:customers"]]}, "Must be a list of scopes"),
    "a scope that is unknown": ({"scopes": ["read:customers", "admin"]}, SCOPES),
    "a scope in capitals": ({"scopes": ["READ:CUSTOMERS"]}, SCOPES),
    "a scope that is empty": ({"scopes": [""]}, SCOPES),
    "two scopes in one": ({"scopes": ["read:customers write:customers"]}, SCOPES),
    "an expiry that is no text": ({"expires_at": 5}, DATE),
    "an expiry that is true": ({"expires_at": True}, DATE),
    "an expiry that is a list": ({"expires_at": ["2100-01-01"]}, DATE),
    "an expiry that is empty": ({"expires_at": ""}, DATE),
    "an expiry that is no date": ({"expires_at": "tomorrow"}, DATE),
    "an expiry on no day": ({"expires_at": "2100-02-30T00:00:00Z"}, DATE),
    "an expiry beyond the calendar": ({"expires_at": "9999-12-31T23:59:59-23:59"}, DATE),
    "an expiry in the past": ({"expires_at": "2026-03-23T12:00:17.999Z"}, "Must lie in the future"),
    "an expiry now": ({"expires_at": "2026-03-23T12:00:18Z"}, "Must lie in the future"),
    "an unknown field": ({"admin": True}, "Unknown field"),
    "an id of its own": ({"id": NOBODY}, "Unknown field"),
    "a key of its own": ({"key": "ast_live_own"}, "Unknown field"),
    "an organization": ({"organization_id": NOBODY}, "Unknown field"),
    "a limit a minute that is null": ({"per_minute": None}, "Required"),
}


@pytest.mark.parametrize("name", INVALID)
def test_a_body_with_one_fault_is_refused_for_it(owner: Caller, name: str) -> None:
    more, message = INVALID[name]
    known = ApiKey.objects.count()
    response = owner.post(body(**more), KEYS)
    assert (response.status_code, issues(response)) == (400, dict.fromkeys(more, message))
    assert ApiKey.objects.count() == known


@pytest.mark.parametrize(
    "value", [0, -1, True, False, 1.0, 1e3, 1.5, "60", "", [60], {}, 2**31, 2**63, 10**30], ids=str
)
@pytest.mark.parametrize("window", ["per_minute", "per_hour", "per_day"])
def test_a_limit_that_is_none_is_refused(owner: Caller, window: str, value: Any) -> None:
    response = owner.post(body(**{window: value}), KEYS)
    assert (response.status_code, issues(response)) == (400, {window: NUMBER})


@pytest.mark.parametrize("missing", ["name", "scopes"])
def test_what_is_required_is_missed(owner: Caller, missing: str) -> None:
    response = owner.post({name: value for name, value in body().items() if name != missing}, KEYS)
    assert (response.status_code, issues(response)) == (400, {missing: "Required"})


def test_every_fault_is_named_at_once(owner: Caller) -> None:
    response = owner.post({"scopes": "all", "per_day": 0, "expires_at": "", "colour": "red"}, KEYS)
    faults = {"name": "Required", "scopes": "Must be a list of scopes", "per_day": NUMBER, "expires_at": DATE}
    assert (response.status_code, issues(response)) == (400, {**faults, "colour": "Unknown field"})


@pytest.mark.parametrize("content", ["[]", "null", "5", '"CRM"'])
def test_a_body_that_is_no_object_is_refused(owner: Caller, content: str) -> None:
    response = owner.post(content, KEYS)
    assert (response.status_code, issues(response)) == (400, {"": "Must be an object"})


def test_a_scope_given_twice_is_given_once(owner: Caller) -> None:
    data = made(owner, scopes=["write:customers", "read:customers", "write:customers"])
    assert data["scopes"] == ["read:customers", "write:customers"]


def test_a_key_may_have_no_scope(owner: Caller) -> None:
    key = holder(owner, made(owner, scopes=[]))
    assert (key.get(CURRENT).status_code, key.get().status_code) == (200, 403)


def test_a_name_is_trimmed(owner: Caller) -> None:
    assert made(owner, name="  CRM, Zürich ")["name"] == "CRM, Zürich"


def test_the_longest_name_and_the_highest_limits_fit(owner: Caller) -> None:
    unlimited = Caller.of(owner.organization, per_minute=2**31 - 1)
    data = made(unlimited, name="a" * 255, per_minute=2**31 - 1, per_hour=2**31 - 1, per_day=2**31 - 1)
    assert (data["name"], data["per_minute"], data["per_day"]) == ("a" * 255, 2**31 - 1, 2**31 - 1)


@pytest.mark.parametrize("text", ["2026-03-24T01:00:00+01:00", "2026-03-24T00:00:00", "2026-03-24"])
def test_an_expiry_is_answered_in_utc(owner: Caller, text: str) -> None:
    assert made(owner, expires_at=text)["expires_at"] == "2026-03-24T00:00:00.000Z"


# Rotate


def test_a_rotation_answers_the_successor_whole(owner: Caller) -> None:
    limits = {"per_minute": 5, "per_hour": 6, "per_day": 7}
    key = target(owner, scopes=["read:customers"], **limits, expires_at=NOW + 48 * HOUR)
    data = rotate(owner, key).json()["data"]
    successor = ApiKey.objects.get(replaces=key)
    assert data == {**seen(successor, **limits), "key": data["key"], "expires_at": "2026-03-25T12:00:18.000Z"}
    assert list(data) == FIELDS_ONCE


def test_a_successor_works_and_so_does_its_predecessor_in_its_grace(owner: Caller) -> None:
    response = rotate(owner, owner.key)
    successor = holder(owner, response.json()["data"])
    assert (response.status_code, successor.get().status_code, owner.get().status_code) == (201, 200, 200)


def test_the_location_of_a_successor_answers_it(owner: Caller) -> None:
    response = rotate(owner, owner.key)
    found = owner.get(response.headers["Location"])
    assert (found.status_code, found.json()["data"]["id"]) == (200, response.json()["data"]["id"])
    assert found.json()["data"]["id"] != str(owner.key.id)


def test_a_predecessor_has_a_day_unless_told_otherwise(owner: Caller) -> None:
    key = target(owner)
    rotate(owner, key)
    data = owner.get(f"{KEYS}/{key.pk}").json()["data"]
    assert (data["state"], data["expires_at"]) == ("grace", "2026-03-24T12:00:18.000Z")


@pytest.mark.parametrize(
    ("hours", "end"), [(1, "2026-03-23T13:00:18.000Z"), (8_760, "2027-03-23T12:00:18.000Z")], ids=str
)
def test_a_predecessor_ends_after_its_grace(owner: Caller, hours: int, end: str) -> None:
    key = target(owner)
    assert rotate(owner, key, {"grace_hours": hours}).status_code == 201
    assert owner.get(f"{KEYS}/{key.pk}").json()["data"]["expires_at"] == end


def test_a_rotation_needs_no_body(owner: Caller) -> None:
    response = owner.send("POST", f"{KEYS}/{owner.key.pk}/rotate")
    assert (response.status_code, owner.get(CURRENT).json()["data"]["state"]) == (201, "grace")


def test_without_grace_the_predecessors_very_next_request_is_refused(owner: Caller) -> None:
    response = rotate(owner, owner.key, {"grace_hours": 0})
    assert (response.status_code, owner.get().status_code) == (201, 401)
    assert holder(owner, response.json()["data"]).get().status_code == 200


def test_a_predecessor_works_up_to_the_end_of_its_grace(owner: Caller, clock: time_machine.Traveller) -> None:
    rotate(owner, owner.key, {"grace_hours": 1})
    clock.move_to(NOW + HOUR - timedelta(microseconds=1))
    assert owner.get().status_code == 200
    clock.move_to(NOW + HOUR)
    assert owner.get().status_code == 401


def test_a_grace_never_outlives_the_keys_own_expiry(owner: Caller) -> None:
    key = target(owner, expires_at=NOW + HOUR)
    rotate(owner, key, {"grace_hours": 24})
    assert owner.get(f"{KEYS}/{key.pk}").json()["data"]["expires_at"] == "2026-03-23T13:00:18.000Z"


@pytest.mark.parametrize("value", [-1, 8_761, 10**30, True, False, 1.0, 0.5, "24", [], {}], ids=str)
def test_a_grace_out_of_bounds_is_refused(owner: Caller, value: Any) -> None:
    response = rotate(owner, owner.key, {"grace_hours": value})
    assert response.status_code == 400
    assert issues(response) == {"grace_hours": "Must be a whole number from 0 to 8760"}
    assert not ApiKey.objects.filter(replaces=owner.key).exists()


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ({"grace_hours": None}, {"grace_hours": "Required"}),
        ({"grace": 1}, {"grace": "Unknown field"}),
        ({"scopes": []}, {"scopes": "Unknown field"}),
        ("{", {"": "Malformed JSON"}),
        ("[]", {"": "Must be an object"}),
    ],
)
def test_a_rotation_refuses_a_body_that_it_does_not_know(owner: Caller, content: Any, faults: dict[str, str]) -> None:
    response = rotate(owner, owner.key, content)
    assert (response.status_code, issues(response)) == (400, faults)


def test_a_key_with_scopes_beyond_the_callers_is_not_rotated(maker: Caller) -> None:
    key = limited(maker, scopes=["read:customers", "write:customers", "delete:customers"])
    response = rotate(maker, key)
    missing = ["write:customers", "delete:customers"]
    refusal = {"error": "API key missing required scopes", "missingScopes": missing}
    assert (response.status_code, response.json()) == (403, refusal)
    assert not ApiKey.objects.filter(replaces=key).exists()


@pytest.mark.parametrize(
    "more",
    [
        {"per_minute": 101},
        {"per_hour": 1_001},
        {"per_hour": None},
        {"per_day": 10_001},
        {"per_day": None},
        {"expires_at": NOW + 25 * HOUR},
        {"expires_at": None},
    ],
    ids=str,
)
def test_a_key_with_a_limit_or_an_expiry_beyond_the_callers_is_not_rotated(maker: Caller, more: dict[str, Any]) -> None:
    key = limited(maker, **more)
    response = rotate(maker, key)
    refusal = {"error": "API key cannot rotate a key with limits or an expiry beyond its own"}
    assert (response.status_code, response.json()) == (403, refusal)
    assert not ApiKey.objects.filter(replaces=key).exists()


def test_a_refused_rotation_leaves_the_key_as_it_was(maker: Caller) -> None:
    key = limited(maker, per_minute=101)
    rotate(maker, key, {"grace_hours": 0})
    key.refresh_from_db()
    assert (key.state, key.expires_at) == ("active", NOW + 24 * HOUR)


def test_a_key_like_the_callers_is_rotated(maker: Caller) -> None:
    assert rotate(maker, limited(maker, scopes=["read:customers", "write:api_keys"])).status_code == 201


def test_a_key_rotates_itself(maker: Caller) -> None:
    data = rotate(maker, maker.key).json()["data"]
    assert (data["scopes"], data["per_hour"]) == (["read:customers", "write:api_keys"], 1_000)


@pytest.mark.parametrize(
    "end",
    [lambda key: key.rotate(HOUR), lambda key: key.revoke(), lambda key: key.end_by(NOW)],
    ids=["rotated", "revoked", "expired"],
)
def test_a_key_that_has_ended_or_has_a_successor_is_not_rotated(owner: Caller, end: Callable[[ApiKey], object]) -> None:
    key = target(owner)
    end(key)
    known = ApiKey.objects.count()
    response = rotate(owner, key)
    assert (response.status_code, response.json()) == (409, ENDED)
    assert ApiKey.objects.count() == known


def test_a_successor_is_rotated_in_its_turn(owner: Caller) -> None:
    second = holder(owner, rotate(owner, owner.key).json()["data"])
    assert rotate(second, second.key).status_code == 201


# Revoke


def test_a_revoked_keys_very_next_request_is_refused(owner: Caller, colleague: Caller) -> None:
    assert colleague.get().status_code == 200
    response = owner.send("DELETE", f"{KEYS}/{colleague.key.pk}")
    assert (response.status_code, response.content) == (204, b"")
    assert (colleague.get().status_code, colleague.get().json()) == (401, {"error": "Invalid API key"})


def test_a_key_revokes_itself(owner: Caller) -> None:
    assert owner.send("DELETE", f"{KEYS}/{owner.key.pk}").status_code == 204
    assert owner.get(CURRENT).status_code == 401


def test_a_revoked_key_stays_to_be_seen(owner: Caller, colleague: Caller) -> None:
    owner.send("DELETE", f"{KEYS}/{colleague.key.pk}")
    response = owner.get(f"{KEYS}/{colleague.key.pk}")
    assert (response.status_code, response.json()["data"]["state"]) == (200, "revoked")


def test_revoking_again_changes_nothing(owner: Caller, colleague: Caller, clock: time_machine.Traveller) -> None:
    owner.send("DELETE", f"{KEYS}/{colleague.key.pk}")
    clock.shift(60)
    assert owner.send("DELETE", f"{KEYS}/{colleague.key.pk}").status_code == 204
    colleague.key.refresh_from_db()
    assert colleague.key.revoked_at == NOW


def test_revoking_a_predecessor_leaves_its_successor(owner: Caller, colleague: Caller) -> None:
    successor = holder(owner, rotate(owner, colleague.key).json()["data"])
    owner.send("DELETE", f"{KEYS}/{colleague.key.pk}")
    assert (colleague.get().status_code, successor.get().status_code) == (401, 200)


def test_revoking_ends_no_other_key(owner: Caller, colleague: Caller) -> None:
    owner.send("DELETE", f"{KEYS}/{colleague.key.pk}")
    assert [ApiKey.objects.get(pk=caller.key.pk).state for caller in (owner, colleague)] == ["active", "revoked"]


# The secret

MAKINGS: dict[str, Callable[[Caller], Any]] = {
    "created": lambda owner: owner.post(body(), KEYS),
    "rotated": lambda owner: rotate(owner, owner.key),
}


def rows() -> str:
    """Answer every row of every table, as text."""
    with connection.cursor() as cursor:
        texts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            texts.append(str(cursor.fetchall()))
    return "\n".join(texts)


@pytest.mark.parametrize("making", MAKINGS)
def test_the_secret_is_seen_in_no_other_answer(owner: Caller, admin_client: Client, making: str) -> None:
    response = MAKINGS[making](owner)
    key = holder(owner, response.json()["data"])
    paths = [KEYS, response.headers["Location"], CURRENT, CUSTOMERS, f"{ROOT}/organizations"]
    admin = ["/admin/apikeys/apikey/", f"/admin/apikeys/apikey/{key.key.pk}/change/"]
    answers = [*(owner.get(path) for path in paths), key.get(CURRENT), *map(admin_client.get, admin)]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert not [answer for answer in answers if key.text[21:53] in f"{answer.content.decode()}{answer.headers}"]


@pytest.mark.parametrize("making", MAKINGS)
def test_the_secret_is_in_no_row(owner: Caller, making: str) -> None:
    key = holder(owner, MAKINGS[making](owner).json()["data"])
    stored = rows()
    assert key.key.public_id in stored
    assert key.text[21:53] not in stored


@pytest.mark.parametrize("making", MAKINGS)
def test_the_secret_stands_in_no_header_and_once_in_the_body(owner: Caller, making: str) -> None:
    response = MAKINGS[making](owner)
    text = response.json()["data"]["key"]
    assert response.content.decode().count(text[21:53]) == 1
    assert text[21:53] not in json.dumps(dict(response.headers))
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("making", MAKINGS)
def test_the_secret_is_logged_nowhere(owner: Caller, making: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    key = holder(owner, MAKINGS[making](owner).json()["data"])
    key.get()
    assert key.text[21:53] not in caplog.text
