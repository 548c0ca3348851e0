"""The organizations routes: what a key may act for."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.callers import ROOT, Caller, issues
from tests.factories import make_organization

ORGANIZATIONS = f"{ROOT}/organizations"
NO_ACCESS = {"error": "API key does not have access to this organization"}
NOT_FOUND = {"error": "Organization not found"}
INVALID = {
    "error": "Invalid organization context. x-organization-id must be a UUID.",
    "issues": [{"path": "x-organization-id", "message": "Invalid UUID"}],
}
MISSING = {
    "error": "Missing organization context. Provide x-organization-id.",
    "issues": [{"path": "x-organization-id", "message": "Required"}],
}
CREATED_AT = datetime(2026, 3, 18, 15, 40, 12, 7_999, tzinfo=UTC)


@pytest.fixture
def caller(db: None) -> Caller:
    """May read the organization, and nothing else."""
    organization = make_organization(name="Quagga Plumbing", environment="sandbox", created_at=CREATED_AT)
    return Caller.of(organization, scopes=["read:organizations"])


def about(caller: Caller) -> dict[str, Any]:
    return {
        "id": str(caller.organization.id),
        "name": "Quagga Plumbing",
        "environment": "sandbox",
        "created_at": "2026-03-18T15:40:12.007Z",
    }


def asked(caller: Caller, header: str | None, path: str = ORGANIZATIONS) -> tuple[int, Any]:
    response = caller.get(path, headers={"x-organization-id": header})
    return response.status_code, response.json()


def test_the_list_holds_the_keys_organization_alone(caller: Caller, outsider: Caller) -> None:
    response = caller.get(ORGANIZATIONS)
    pagination = {"count": 1, "limit": 25, "next_cursor": None}
    assert (response.status_code, response.json()) == (200, {"data": [about(caller)], "pagination": pagination})


def test_the_list_shows_its_fields_in_their_order(caller: Caller) -> None:
    (organization,) = caller.get(ORGANIZATIONS).json()["data"]
    assert list(organization) == ["id", "name", "environment", "created_at"]


def test_the_list_needs_no_header(caller: Caller) -> None:
    status, body = asked(caller, None)
    assert (status, body["data"]) == (200, [about(caller)])


def test_the_list_says_which_header_a_key_needs(owner: Caller) -> None:
    (organization,) = owner.get(ORGANIZATIONS, headers={"x-organization-id": None}).json()["data"]
    assert owner.get(headers={"x-organization-id": organization["id"]}).status_code == 200


def test_the_list_refuses_another_organizations_header(caller: Caller, outsider: Caller) -> None:
    assert asked(caller, str(outsider.organization.id)) == (403, NO_ACCESS)


def test_the_list_refuses_the_header_of_no_organization(caller: Caller) -> None:
    assert asked(caller, "00000000-0000-4000-8000-000000000000") == (403, NO_ACCESS)


@pytest.mark.parametrize("header", ["mine", "0", "{00000000-0000-4000-8000-000000000000}"])
def test_the_list_refuses_a_malformed_header(caller: Caller, header: str) -> None:
    assert asked(caller, header) == (400, INVALID)


@pytest.mark.parametrize("header", ["own", None])
def test_the_list_is_closed_to_a_suspended_organization(caller: Caller, header: str | None) -> None:
    caller.organization.suspend()
    assert asked(caller, header and str(caller.organization.id)) == (403, NO_ACCESS)


def test_the_list_takes_a_limit(caller: Caller) -> None:
    assert caller.get(ORGANIZATIONS, query={"limit": "1"}).json()["pagination"] == {
        "count": 1,
        "limit": 1,
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "0"}, "Must be a whole number from 1 to 100"),
        ({"cursor": "forged"}, "Invalid cursor"),
        ({"order": "name"}, "Must be one of: -created_at, created_at"),
        ({"name": "Quagga"}, "Unknown parameter"),
    ],
)
def test_the_list_refuses_what_it_does_not_know(caller: Caller, query: dict[str, str], message: str) -> None:
    response = caller.get(ORGANIZATIONS, query=query)
    assert response.status_code == 400
    assert issues(response) == dict.fromkeys(query, message)


def test_the_keys_own_organization_is_retrieved(caller: Caller) -> None:
    response = caller.get(f"{ORGANIZATIONS}/{caller.organization.id}")
    assert (response.status_code, response.json()) == (200, {"data": about(caller)})
    assert list(response.json()["data"]) == list(about(caller))


def test_an_id_in_capitals_is_the_same_id(caller: Caller) -> None:
    response = caller.get(f"{ORGANIZATIONS}/{str(caller.organization.id).upper()}")
    assert (response.status_code, response.json()) == (200, {"data": about(caller)})


def test_retrieving_needs_the_header(caller: Caller) -> None:
    assert asked(caller, None, f"{ORGANIZATIONS}/{caller.organization.id}") == (400, MISSING)


def test_another_organization_is_not_found(caller: Caller, outsider: Caller) -> None:
    response = caller.get(f"{ORGANIZATIONS}/{outsider.organization.id}")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("pk", ["00000000-0000-4000-8000-000000000000", "nobody", "1", "current", "%00", "é"])
def test_an_unknown_organization_is_not_found(caller: Caller, pk: str) -> None:
    response = caller.get(f"{ORGANIZATIONS}/{pk}")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


def test_a_suspended_organization_is_not_retrieved(caller: Caller) -> None:
    caller.organization.suspend()
    assert caller.get(f"{ORGANIZATIONS}/{caller.organization.id}").json() == NO_ACCESS


def test_retrieving_knows_no_parameter(caller: Caller) -> None:
    response = caller.get(f"{ORGANIZATIONS}/{caller.organization.id}", query={"limit": "1"})
    assert (response.status_code, issues(response)) == (400, {"limit": "Unknown parameter"})


def test_a_new_name_is_shown_at_once(caller: Caller) -> None:
    caller.organization.name = "Quokka Roofing"
    caller.organization.save()
    assert caller.get(f"{ORGANIZATIONS}/{caller.organization.id}").json()["data"]["name"] == "Quokka Roofing"
