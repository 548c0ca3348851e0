"""External ids: a customer's name in the caller's own system, and PUT under it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connections

from customers.models import Customer
from tests.callers import CUSTOMERS, Caller, encoded, issues
from tests.factories import make_customer

BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
NAMES = {"company_name": "North Harbor", "first_name": "Nora", "last_name": "Haven", "display_name": "Shown"}
TAKEN = {"error": "Customer external_id already exists in this organization", "field": "external_id"}
EMAIL_TAKEN = {"error": "Customer email already exists in this organization", "field": "email"}
OTHER = {**BODY, "email": "second@harbor.example"}


def put(caller: Caller, external_id: str, body: Any) -> Any:
    """PUT under an external id that stands percent-encoded in the path."""
    path = f"{CUSTOMERS}/by-external-id/{quote(external_id, safe='')}"
    return caller.send("PUT", path, data=encoded(body), content_type="application/json")


def change(caller: Caller, pk: object, body: Any) -> Any:
    return caller.send("PATCH", f"{CUSTOMERS}/{pk}", data=encoded(body), content_type="application/json")


def profile(caller: Caller, pk: str) -> dict[str, Any]:
    found: dict[str, Any] = caller.get(f"{CUSTOMERS}/{pk}", query={"expand": "profile"}).json()["data"]["profile"]
    return found


def refusal(path: str, message: str) -> tuple[int, dict[str, object]]:
    return 400, {"error": "Invalid request payload", "issues": [{"path": path, "message": message}]}


def test_a_create_takes_one(owner: Caller) -> None:
    made = owner.post({**BODY, "external_id": " crm-1 "}).json()["data"]
    assert profile(owner, made["id"])["external_id"] == "crm-1"


def test_an_empty_one_counts_as_absent(owner: Caller) -> None:
    answers = [owner.post({**body, "external_id": " "}).status_code for body in (BODY, OTHER)]
    assert answers == [201, 201]
    assert set(Customer.objects.values_list("external_id", flat=True)) == {None}


def test_the_filter_finds_it_alone_and_to_the_letter(owner: Caller) -> None:
    for external_id in ("crm-1", "CRM-1", "crm-10", None):
        make_customer(owner.organization, external_id=external_id)
    found = owner.get(query={"external_id": "crm-1", "expand": "profile"}).json()
    assert [customer["profile"]["external_id"] for customer in found["data"]] == ["crm-1"]
    assert found["pagination"]["count"] == 1


def test_the_filter_finds_nobody_of_another_organization(owner: Caller, outsider: Caller) -> None:
    make_customer(outsider.organization, external_id="crm-1")
    assert owner.get(query={"external_id": "crm-1"}).json()["data"] == []


def test_a_create_with_a_taken_one_leads_to_its_holder(owner: Caller) -> None:
    holder = make_customer(owner.organization, external_id="crm-1")
    response = owner.post({**BODY, "external_id": "crm-1"})
    assert (response.status_code, response.json()) == (409, TAKEN)
    assert response["Location"] == f"{CUSTOMERS}/{holder.pk}"


def test_a_change_to_a_taken_one_leads_to_its_holder(owner: Caller) -> None:
    holder = make_customer(owner.organization, external_id="crm-1")
    response = change(owner, make_customer(owner.organization).pk, {"external_id": "crm-1"})
    assert (response.status_code, response.json()) == (409, TAKEN)
    assert response["Location"] == f"{CUSTOMERS}/{holder.pk}"


def test_a_key_that_may_not_read_is_led_nowhere(owner: Caller) -> None:
    make_customer(owner.organization, external_id="crm-1")
    response = Caller.of(owner.organization, scopes=["write:customers"]).post({**BODY, "external_id": "crm-1"})
    assert (response.status_code, response.json()) == (409, TAKEN)
    assert "Location" not in response


def test_two_organizations_may_share_one(owner: Caller, outsider: Caller) -> None:
    answers = [put(caller, "crm-1", BODY) for caller in (owner, outsider)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["data"]["id"] != answers[1].json()["data"]["id"]


def test_a_first_put_creates(owner: Caller) -> None:
    response = put(owner, "crm-1", BODY)
    found = owner.get(response["Location"])
    assert response.status_code == 201
    assert response["Location"] == f"{CUSTOMERS}/{response.json()['data']['id']}"
    assert (found.json(), found["ETag"]) == (response.json(), response["ETag"])
    assert profile(owner, response.json()["data"]["id"])["external_id"] == "crm-1"


def test_a_second_put_replaces_and_keeps_id_and_creation(owner: Caller) -> None:
    first = put(owner, "crm-1", BODY).json()["data"]
    response = put(owner, "crm-1", {**OTHER, "account_type": "individual", "first_name": "Nora"})
    expected = {"account_type": "individual", "display_name": "Nora", "email": OTHER["email"]}
    assert (response.status_code, response.json()["data"]) == (200, {**first, **expected})
    assert "Location" not in response


def test_a_replacement_has_another_etag(owner: Caller) -> None:
    first, second = put(owner, "crm-1", BODY), put(owner, "crm-1", OTHER)
    assert first["ETag"] != second["ETag"] == owner.get(first["Location"])["ETag"]


def test_a_put_clears_the_names_that_it_leaves_out(owner: Caller) -> None:
    pk = put(owner, "crm-1", {**BODY, **NAMES}).json()["data"]["id"]
    put(owner, "crm-1", {**BODY, "last_name": "Haven"})
    names = {name: profile(owner, pk)[name] for name in ("company_name", "first_name", "last_name")}
    assert names == {"company_name": None, "first_name": None, "last_name": "Haven"}


def test_a_put_without_display_name_derives_it_anew(owner: Caller) -> None:
    put(owner, "crm-1", {**BODY, **NAMES})
    response = put(owner, "crm-1", {**BODY, "company_name": "South Harbor"})
    assert response.json()["data"]["display_name"] == "South Harbor"


def test_a_put_of_what_is_there_already_changes_nothing(owner: Caller) -> None:
    first = put(owner, "crm-1", {**BODY, **NAMES})
    again = put(owner, "crm-1", {**BODY, **NAMES})
    assert (again.status_code, again["ETag"], again.json()) == (200, first["ETag"], first.json())
    assert len(owner.get(f"{CUSTOMERS}/changes").json()["data"]) == 1


@pytest.mark.parametrize("external_id", ["a/b", "/", "a//b/", "50%", "%2F", "é🏠", "a b", "a?b#c", "..", "x" * 255])
def test_the_path_holds_any_text(owner: Caller, external_id: str) -> None:
    first, second = put(owner, external_id, BODY), put(owner, external_id, OTHER)
    assert (first.status_code, second.status_code) == (201, 200)
    assert Customer.objects.get().external_id == external_id


def test_a_slash_need_not_be_encoded(owner: Caller) -> None:
    path = f"{CUSTOMERS}/by-external-id/a/b"
    assert owner.send("PUT", path, data=encoded(BODY), content_type="application/json").status_code == 201
    assert Customer.objects.get().external_id == "a/b"


def test_the_path_is_trimmed_as_a_body_is(owner: Caller) -> None:
    first, second = put(owner, "crm-1", BODY), put(owner, " crm-1 ", OTHER)
    assert (first.status_code, second.status_code) == (201, 200)


@pytest.mark.parametrize("given", ["crm-1", " crm-1 "])
def test_the_body_may_say_it_too(owner: Caller, given: str) -> None:
    assert put(owner, "crm-1", {**BODY, "external_id": given}).status_code == 201


def test_the_body_may_not_say_another(owner: Caller) -> None:
    response = put(owner, "crm-1", {**BODY, "external_id": "crm-2"})
    assert (response.status_code, response.json()) == refusal("external_id", "Must be the one in the path")


@pytest.mark.parametrize("given", [None, "", 1])
def test_the_body_may_not_leave_it_empty(owner: Caller, given: object) -> None:
    response = put(owner, "crm-1", {**BODY, "external_id": given})
    assert (response.status_code, list(issues(response))) == (400, ["external_id"])


@pytest.mark.parametrize(
    ("external_id", "message"),
    [
        ("x" * 256, "Must be at most 255 characters"),
        *((f"a{sign}b", "Must not contain control characters") for sign in ("\t", "\0", "\x1b", "\x85", "\n", "\r")),
        (" ", "Must not be empty"),
    ],
)
def test_refuses_a_path_that_is_no_external_id(owner: Caller, external_id: str, message: str) -> None:
    response = put(owner, external_id, BODY)
    assert (response.status_code, response.json()) == refusal("external_id", message)
    assert not Customer.objects.exists()


@pytest.mark.parametrize("is_first", [True, False])
def test_a_put_is_judged_as_a_create(owner: Caller, is_first: bool) -> None:
    if not is_first:
        put(owner, "crm-1", BODY)
    bad = {"account_type": "person", "email": None, "first_name": 1, "nickname": "Nora"}
    assert issues(put(owner, "crm-1", bad)) == {
        "account_type": "Must be one of: individual, business",
        "email": "Required",
        "phone": "Required",
        "first_name": "Must be a string",
        "nickname": "Unknown field",
    }


@pytest.mark.parametrize("is_first", [True, False])
def test_an_email_of_another_customer_is_taken(owner: Caller, is_first: bool) -> None:
    holder = make_customer(owner.organization, email=OTHER["email"])
    if not is_first:
        put(owner, "crm-1", BODY)
    response = put(owner, "crm-1", OTHER)
    assert (response.status_code, response.json()) == (409, EMAIL_TAKEN)
    assert response["Location"] == f"{CUSTOMERS}/{holder.pk}"


def test_a_key_that_may_only_read_may_not_put(colleague: Caller) -> None:
    response = put(colleague, "crm-1", BODY)
    expected = {"error": "API key missing required scopes", "missingScopes": ["write:customers"]}
    assert (response.status_code, response.json()) == (403, expected)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_the_route_takes_nothing_but_put(owner: Caller, method: str) -> None:
    path = f"{CUSTOMERS}/by-external-id/crm-1"
    response = owner.send(method, path, data=encoded(BODY), content_type="application/json")
    assert (response.status_code, response["Allow"]) == (405, "PUT")


def put_together(caller: Caller, emails: int) -> list[tuple[int, str]]:
    """Send sixteen PUTs under one external id at once; answer status and ETag of each."""

    def send(number: int) -> tuple[int, str]:
        try:
            response = put(caller, "crm-1", {**BODY, "email": f"{number % emails}@harbor.example"})
            return response.status_code, response.headers.get("ETag", "")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(send, range(16)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("emails", [1, 16])
def test_of_simultaneous_puts_one_creates_and_the_others_replace(owner: Caller, emails: int) -> None:
    assert sorted(status for status, _ in put_together(owner, emails)) == [*[200] * 15, 201]
    assert Customer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_each_of_simultaneous_puts_makes_a_version_of_its_own(owner: Caller) -> None:
    assert len({etag for _, etag in put_together(owner, emails=16)}) == 16
