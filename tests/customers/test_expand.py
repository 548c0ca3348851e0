"""`?expand=profile`: the names that a create takes can be read back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.callers import CUSTOMERS, Caller, encoded, issues
from tests.factories import make_customer

EXPANDED = {"expand": "profile"}
NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
NAMES = {"company_name": "North Harbor", "first_name": "Nora", "last_name": "Harbor", "external_id": "crm-1"}
KEYS = ["company_name", "first_name", "last_name", "updated_at", "external_id"]


def made(caller: Caller, **fields: Any) -> str:
    """Answer the path of a customer made at noon."""
    with time_machine.travel(NOON, tick=False):
        location: str = caller.post({**BODY, **fields})["Location"]
    return location


def profile(caller: Caller, path: str) -> dict[str, Any]:
    answered: dict[str, Any] = caller.get(path, query=EXPANDED).json()["data"]["profile"]
    return answered


def test_retrieve_adds_the_profile_behind_the_seven_keys(owner: Caller) -> None:
    path = made(owner, **NAMES)
    plain, expanded = owner.get(path).json()["data"], owner.get(path, query=EXPANDED).json()["data"]
    assert list(expanded) == [*plain, "profile"]
    assert {**plain, "profile": expanded["profile"]} == expanded


def test_the_profile_has_its_keys_in_order(owner: Caller) -> None:
    answered = profile(owner, made(owner, **NAMES))
    assert list(answered) == KEYS
    assert answered == {**NAMES, "updated_at": "2026-03-18T12:00:00.000Z"}


def test_what_a_customer_does_not_have_is_null(owner: Caller) -> None:
    answered = profile(owner, made(owner))
    assert [answered[name] for name in NAMES] == [None] * len(NAMES)


def test_the_list_adds_the_profile_to_each(owner: Caller) -> None:
    path = made(owner, **NAMES)
    make_customer(owner.organization)
    listed = owner.get(query={**EXPANDED, "order": "created_at"}).json()["data"]
    assert [list(customer["profile"]) for customer in listed] == [KEYS, KEYS]
    assert owner.get(path, query=EXPANDED).json()["data"] in listed


def test_the_list_pages_through_profiles(owner: Caller) -> None:
    for _ in range(3):
        make_customer(owner.organization)
    first = owner.get(query={**EXPANDED, "limit": 2}).json()["pagination"]
    second = owner.get(query={**EXPANDED, "limit": 2, "cursor": first["next_cursor"]}).json()
    assert first["count"] == 3
    assert [list(customer["profile"]) for customer in second["data"]] == [KEYS]


def test_without_it_there_is_no_profile(owner: Caller) -> None:
    path = made(owner, **NAMES)
    assert "profile" not in owner.get(path).json()["data"]
    assert "profile" not in owner.get().json()["data"][0]


@pytest.mark.parametrize("value", ["all", "Profile", "profile,organization", " profile", "null"])
def test_another_value_is_refused(owner: Caller, value: str) -> None:
    for path in (made(owner), CUSTOMERS):
        response = owner.get(path, query={"expand": value})
        expected = {
            "error": "Invalid query parameters",
            "issues": [{"path": "expand", "message": "Must be one of: profile"}],
        }
        assert (response.status_code, response.json()) == (400, expected)


@pytest.mark.parametrize(
    ("query", "message"), [("expand=profile&expand=profile", "Must be given once"), ("expand=", "Must not be empty")]
)
def test_a_malformed_parameter_is_refused(owner: Caller, query: str, message: str) -> None:
    for path in (made(owner), CUSTOMERS):
        assert issues(owner.send("GET", f"{path}?{query}")) == {"expand": message}


def test_a_fault_of_it_is_named_beside_those_of_the_filters(owner: Caller) -> None:
    response = owner.get(query={"expand": "all", "limit": 0, "email": "nobody"})
    assert set(issues(response)) == {"expand", "limit", "email"}


def test_updated_at_is_at_first_the_creation(owner: Caller) -> None:
    customer = owner.get(made(owner), query=EXPANDED).json()["data"]
    assert customer["profile"]["updated_at"] == customer["created_at"]


def test_updated_at_moves_with_a_change(owner: Caller) -> None:
    path = made(owner)
    with time_machine.travel(NOON + timedelta(milliseconds=90_007), tick=False):
        owner.send("PATCH", path, data=encoded({"first_name": "Nora"}), content_type="application/json")
    customer = owner.get(path, query=EXPANDED).json()["data"]
    assert customer["profile"]["updated_at"] == "2026-03-18T12:01:30.007Z"
    assert customer["created_at"] == "2026-03-18T12:00:00.000Z"


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        *(("POST", ""), ("POST", "/bulk"), ("PUT", "/by-external-id/crm-1"), ("GET", "/changes")),
        *(("PATCH", "/00000000-0000-4000-8000-000000000000"), ("DELETE", "/00000000-0000-4000-8000-000000000000")),
    ],
)
def test_no_other_route_knows_it(owner: Caller, method: str, suffix: str) -> None:
    path = f"{CUSTOMERS}{suffix}"
    response = owner.send(method, path, query_params=EXPANDED, data=b"{}", content_type="application/json")
    assert issues(response) == {"expand": "Unknown parameter"}
