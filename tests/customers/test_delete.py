"""DELETE /api/public/v1/customers/{customerId}."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from customers.models import Customer, Tombstone
from tests.callers import CUSTOMERS, Caller, encoded
from tests.factories import make_customer

BODY = {
    "account_type": "individual",
    "display_name": "Madam Harbor",
    "company_name": "North Facilities",
    "first_name": "Nora",
    "last_name": "Haven",
    "email": "ops@quay.example",
    "phone": "404-555-0128",
    "external_id": "crm-7781",
}
PERSONAL = [*list(BODY.values())[1:], "4045550128", "nora", "haven"]
NOT_FOUND = {"error": "Customer not found"}


def delete(caller: Caller, pk: object, **headers: str) -> Any:
    return caller.send("DELETE", f"{CUSTOMERS}/{pk}", headers=headers)


@pytest.fixture
def pk(owner: Caller) -> str:
    """A customer whose data stands wherever it can stand: its row, a stored answer and the feed."""
    identifier: str = owner.post(BODY, headers={"Idempotency-Key": "k"}).json()["data"]["id"]
    assert owner.get(f"{CUSTOMERS}/changes").status_code == 200
    return identifier


def everything_kept() -> str:
    """Answer every value of every column of the app's tables."""
    rows = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config("customers").get_models():
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            rows += cursor.fetchall()
    return "\n".join(str(value) for row in rows for value in row)


def test_answers_204_and_nothing_else(owner: Caller, pk: str) -> None:
    response = delete(owner, pk)
    assert (response.status_code, response.content) == (204, b"")
    assert not {"Content-Length", "Content-Type", "ETag"} & set(response.headers)


def test_says_where_the_key_stands(owner: Caller, pk: str) -> None:
    response = delete(owner, pk)
    assert {"RateLimit", "RateLimit-Policy", "X-Request-Id", "Asteri-Version"} <= set(response.headers)
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "DELETE"])
def test_the_id_is_not_found_from_then_on(owner: Caller, pk: str, method: str) -> None:
    delete(owner, pk)
    response = owner.send(method, f"{CUSTOMERS}/{pk}", data=b"{}", content_type="application/json")
    assert response.status_code == 404
    assert response.content == b"" if method == "HEAD" else response.json() == NOT_FOUND


def test_the_list_has_it_no_longer(owner: Caller, pk: str) -> None:
    other = make_customer(owner.organization)
    delete(owner, pk)
    assert [customer["id"] for customer in owner.get().json()["data"]] == [str(other.pk)]


def test_its_email_and_external_id_are_free_at_once(owner: Caller, pk: str) -> None:
    delete(owner, pk)
    response = owner.post(BODY)
    assert response.status_code == 201
    assert response.json()["data"]["id"] != pk


def test_a_put_under_its_external_id_makes_another_customer(owner: Caller, pk: str) -> None:
    delete(owner, pk)
    path = f"{CUSTOMERS}/by-external-id/{BODY['external_id']}"
    response = owner.send("PUT", path, data=encoded(BODY), content_type="application/json")
    assert response.status_code == 201
    assert response.json()["data"]["id"] != pk


def test_a_tombstone_stays_with_ids_and_times_alone(owner: Caller, pk: str) -> None:
    created_at = Customer.objects.get().created_at
    delete(owner, pk)
    stone = Tombstone.objects.get()
    assert {field.name for field in Tombstone._meta.get_fields()} == {"id", "organization", "created_at", "deleted_at"}
    assert (str(stone.pk), stone.organization, stone.created_at) == (pk, owner.organization, created_at)
    assert stone.deleted_at.microsecond % 1000 == 0


@pytest.mark.parametrize("text", PERSONAL)
def test_nothing_personal_is_left_in_any_column_of_any_table(owner: Caller, pk: str, text: str) -> None:
    before = everything_kept()
    delete(owner, pk)
    assert text in before
    assert text not in everything_kept()


def test_its_neighbours_keep_all_they_have(owner: Caller, pk: str) -> None:
    make_customer(owner.organization, email="kept@quay.example")
    delete(owner, pk)
    assert list(Customer.objects.values_list("email", flat=True)) == ["kept@quay.example"]


@pytest.mark.parametrize("form", ["{}", "*", '"x", {}'])
def test_if_match_that_holds_lets_it_pass(owner: Caller, pk: str, form: str) -> None:
    etag = owner.get(f"{CUSTOMERS}/{pk}")["ETag"]
    assert delete(owner, pk, **{"If-Match": form.format(etag)}).status_code == 204


@pytest.mark.parametrize("form", ["W/{}", '"x"', "x"])
def test_if_match_that_does_not_hold_is_412(owner: Caller, pk: str, form: str) -> None:
    etag = owner.get(f"{CUSTOMERS}/{pk}")["ETag"]
    response = delete(owner, pk, **{"If-Match": form.format(etag)})
    assert (response.status_code, response.json()) == (412, {"error": "Customer has changed"})
    assert Customer.objects.count() == 1


def test_if_match_on_a_customer_that_is_gone_is_404(owner: Caller, pk: str) -> None:
    etag = owner.get(f"{CUSTOMERS}/{pk}")["ETag"]
    delete(owner, pk)
    assert delete(owner, pk, **{"If-Match": etag}).status_code == 404


def test_another_organizations_customer_is_not_found(outsider: Caller, pk: str) -> None:
    response = delete(outsider, pk)
    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert Customer.objects.count() == 1


def test_deleting_twice_is_404_and_leaves_one_tombstone(owner: Caller, pk: str) -> None:
    delete(owner, pk)
    response = delete(owner, pk)
    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert Tombstone.objects.count() == 1


@pytest.mark.parametrize("scopes", [[], ["read:customers", "write:customers"]])
def test_no_other_scope_allows_it(owner: Caller, pk: str, scopes: list[str]) -> None:
    response = delete(Caller.of(owner.organization, scopes=scopes), pk)
    expected = {"error": "API key missing required scopes", "missingScopes": ["delete:customers"]}
    assert (response.status_code, response.json()) == (403, expected)
    assert Customer.objects.count() == 1


def test_the_list_itself_cannot_be_deleted(owner: Caller, pk: str) -> None:
    response = owner.send("DELETE", CUSTOMERS)
    assert (response.status_code, response.json()) == (405, {"error": "Method not allowed"})
    assert Customer.objects.count() == 1
