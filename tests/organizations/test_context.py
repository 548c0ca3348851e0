"""The x-organization-id header: required, a UUID, and the key's own organization."""

from typing import Any

import pytest

from tests.callers import CUSTOMERS, Caller
from tests.factories import make_customer, make_organization

MISSING = {
    "error": "Missing organization context. Provide x-organization-id.",
    "issues": [{"path": "x-organization-id", "message": "Required"}],
}
INVALID = {
    "error": "Invalid organization context. x-organization-id must be a UUID.",
    "issues": [{"path": "x-organization-id", "message": "Invalid UUID"}],
}
NO_ACCESS = {"error": "API key does not have access to this organization"}


def naming(caller: Caller, header: str | None) -> tuple[int, Any]:
    response = caller.get(headers={"x-organization-id": header})
    return response.status_code, response.json()


@pytest.mark.parametrize("header", [None, "", " ", "\t"])
def test_a_missing_header_is_refused(owner: Caller, header: str | None) -> None:
    assert naming(owner, header) == (400, MISSING)


@pytest.mark.parametrize(
    "form",
    [
        "nonsense",
        "{{{id}}}",
        "urn:uuid:{id}",
        "{id.hex}",
        "{id}0",
        "{id}-",
        "{id},{id}",
        "{id} {id}",
        "{id}; {id}",
        "'{id}'",
        "{id.int}",
        "0",
        "null",
        "é" * 36,
        "g" * 8 + "-0000-4000-8000-000000000000",
        "00000000-0000-4000-80000-00000000000",
        "0" * 36,
        "-" * 36,
        "a" * 10_000,
    ],
)
def test_a_header_that_is_no_uuid_is_refused(owner: Caller, form: str) -> None:
    assert naming(owner, form.format(id=owner.organization.id)) == (400, INVALID)


def test_the_keys_own_organization_is_accepted(owner: Caller) -> None:
    assert naming(owner, str(owner.organization.id))[0] == 200


def test_a_uuid_in_capitals_is_accepted(owner: Caller) -> None:
    assert naming(owner, str(owner.organization.id).upper())[0] == 200


def test_spaces_around_the_uuid_are_the_transports(owner: Caller) -> None:
    assert naming(owner, f"  {owner.organization.id} ")[0] == 200


def test_another_organization_is_refused(owner: Caller, outsider: Caller) -> None:
    assert naming(owner, str(outsider.organization.id)) == (403, NO_ACCESS)


@pytest.mark.parametrize(
    "name",
    [
        "dce3853d-4f94-4bc8-a816-4d0d74c11a9d",
        "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
        "f" * 8 + "-ffff" * 3 + "-" + "f" * 12,
    ],
)
def test_an_organization_that_does_not_exist_is_refused_in_the_same_words(owner: Caller, name: str) -> None:
    assert naming(owner, name) == (403, NO_ACCESS)


def test_a_suspended_organization_is_refused_in_the_same_words(owner: Caller) -> None:
    owner.organization.suspend()
    assert naming(owner, str(owner.organization.id)) == (403, NO_ACCESS)


def test_another_organizations_suspension_is_nobody_elses(owner: Caller, outsider: Caller) -> None:
    outsider.organization.suspend()
    assert naming(owner, str(owner.organization.id))[0] == 200


def test_a_refused_header_reads_and_stores_nothing(owner: Caller, outsider: Caller) -> None:
    body = {"account_type": "business", "email": "ops@example.com", "phone": "+1-404-555-0128"}
    response = owner.post(body, headers={"x-organization-id": str(outsider.organization.id)})
    assert (response.status_code, response.json()) == (403, NO_ACCESS)
    assert not outsider.organization.customers.exists()


def test_a_customer_is_not_reached_by_naming_its_organization(owner: Caller, outsider: Caller) -> None:
    customer = make_customer(outsider.organization)
    response = owner.get(f"{CUSTOMERS}/{customer.id}", headers={"x-organization-id": str(outsider.organization.id)})
    assert (response.status_code, response.json()) == (403, NO_ACCESS)


def test_live_and_sandbox_are_apart(owner: Caller) -> None:
    sandbox = Caller.of(make_organization(environment="sandbox"))
    assert naming(sandbox, str(owner.organization.id)) == (403, NO_ACCESS)
    assert naming(sandbox, str(sandbox.organization.id))[0] == 200
