"""PATCH /api/public/v1/customers/{customerId}."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from customers.models import Customer
from tests.callers import CUSTOMERS, Caller, encoded, issues
from tests.factories import make_customer

ACCOUNT_TYPE = "Must be one of: individual, business"
CHANGED = {"error": "Customer has changed"}
TAKEN = {"error": "Customer email already exists in this organization", "field": "email"}
NOT_FOUND = {"error": "Customer not found"}
VALUES = {
    "account_type": "individual",
    "display_name": "Shown",
    "company_name": "South Harbor",
    "first_name": "Nora",
    "last_name": "Harbor",
    "email": "new@harbor.example",
    "phone": "404-555-0199",
    "external_id": "crm-1",
}
TEXTS = [name for name in VALUES if name != "account_type"]
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def customer(owner: Caller) -> Customer:
    return make_customer(
        owner.organization,
        display_name="North Harbor",
        company_name="North Harbor Facilities",
        email="ops@harbor.example",
        phone="404-555-0128",
    )


def change(caller: Caller, customer: Customer | str, body: Any, **kwargs: Any) -> Any:
    path = f"{CUSTOMERS}/{customer.pk if isinstance(customer, Customer) else customer}"
    return caller.send("PATCH", path, **{"data": encoded(body), "content_type": "application/json", **kwargs})


def matching(caller: Caller, customer: Customer, tags: str) -> Any:
    return change(caller, customer, {"display_name": "Shown"}, headers={"If-Match": tags})


def refusal(path: str, message: str) -> tuple[int, dict[str, object]]:
    return 400, {"error": "Invalid request payload", "issues": [{"path": path, "message": message}]}


def feed(caller: Caller) -> list[str]:
    return [entry["type"] for entry in caller.get(f"{CUSTOMERS}/changes").json()["data"]]


def stored(customer: Customer) -> dict[str, Any]:
    row: dict[str, Any] = Customer.objects.values(*VALUES).get(pk=customer.pk)
    return row


@pytest.mark.parametrize("name", VALUES)
def test_changes_the_field_that_is_sent_and_no_other(owner: Caller, customer: Customer, name: str) -> None:
    before = stored(customer)
    assert change(owner, customer, {name: VALUES[name]}).status_code == 200
    assert stored(customer) == {**before, name: VALUES[name]}


def test_answers_the_customer_as_it_is_now(owner: Caller, customer: Customer) -> None:
    response = change(owner, customer, VALUES)
    shown = {name: VALUES[name] for name in ("account_type", "display_name", "email", "phone")}
    assert response.json()["data"].items() >= shown.items()
    assert response.json() == owner.get(f"{CUSTOMERS}/{customer.pk}").json()


def test_leaves_id_organization_and_creation_as_they_are(owner: Caller, customer: Customer) -> None:
    before = owner.get(f"{CUSTOMERS}/{customer.pk}").json()["data"]
    after = change(owner, customer, VALUES).json()["data"]
    kept = ("id", "organization_id", "created_at")
    assert [after[name] for name in kept] == [before[name] for name in kept]


@pytest.mark.parametrize("name", TEXTS)
def test_trims_a_text(owner: Caller, customer: Customer, name: str) -> None:
    assert change(owner, customer, {name: f" \t{VALUES[name]}\u3000\n"}).status_code == 200
    assert stored(customer)[name] == VALUES[name]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("account_type", "person", ACCOUNT_TYPE),
        ("account_type", 1, ACCOUNT_TYPE),
        ("account_type", "", ACCOUNT_TYPE),
        ("display_name", 1, "Must be a string"),
        ("company_name", "x" * 256, "Must be at most 255 characters"),
        ("first_name", "No\0ra", "Must not contain control characters"),
        ("last_name", ["Harbor"], "Must be a string"),
        ("email", "nobody", "Invalid email address"),
        ("email", "", "Invalid email address"),
        ("email", f"{'x' * 240}@harbor.example", "Must be at most 254 characters"),
        ("phone", "12", "Invalid phone number"),
        ("phone", " ", "Invalid phone number"),
        ("phone", "+1" + " " * 20 + "404-555-0128", "Must be at most 32 characters"),
        ("external_id", "x" * 256, "Must be at most 255 characters"),
        ("external_id", "a\nb", "Must not contain control characters"),
        ("emial", "ops@harbor.example", "Unknown field"),
        ("id", NOBODY, "Unknown field"),
        ("updated_at", "2026-03-18T00:00:00Z", "Unknown field"),
    ],
)
def test_refuses_what_a_create_refuses(
    owner: Caller, customer: Customer, name: str, value: object, message: str
) -> None:
    before = stored(customer)
    response = change(owner, customer, {name: value})
    assert (response.status_code, response.json()) == refusal(name, message)
    assert stored(customer) == before


def test_names_all_faults_at_once(owner: Caller, customer: Customer) -> None:
    response = change(owner, customer, {"email": "nobody", "phone": "12", "first_name": 1, "nickname": "Nora"})
    assert issues(response) == {
        "email": "Invalid email address",
        "phone": "Invalid phone number",
        "first_name": "Must be a string",
        "nickname": "Unknown field",
    }


@pytest.mark.parametrize("name", ["email", "phone", "external_id"])
def test_null_takes_away_what_a_customer_may_do_without(owner: Caller, customer: Customer, name: str) -> None:
    Customer.objects.filter(pk=customer.pk).update(external_id="crm-1")
    assert change(owner, customer, {name: None}).status_code == 200
    assert stored(customer)[name] is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("account_type", "Required"),
        *((name, "Must be a string") for name in ("display_name", "company_name", "first_name", "last_name")),
    ],
)
def test_null_is_no_value_of_any_other_field(owner: Caller, customer: Customer, name: str, message: str) -> None:
    response = change(owner, customer, {name: None})
    assert (response.status_code, response.json()) == refusal(name, message)


@pytest.mark.parametrize("name", ["company_name", "first_name", "last_name"])
def test_an_empty_text_clears_its_field(owner: Caller, customer: Customer, name: str) -> None:
    change(owner, customer, {name: "Nora"})
    assert change(owner, customer, {name: " "}).status_code == 200
    assert stored(customer)[name] == ""


@pytest.mark.parametrize(
    "body", [{}, {"company_name": "North Harbor Facilities"}, {"phone": " 404-555-0128 "}, {"external_id": None}]
)
def test_what_changes_nothing_leaves_version_and_feed_alone(
    owner: Caller, customer: Customer, body: dict[str, Any]
) -> None:
    before = owner.get(f"{CUSTOMERS}/{customer.pk}", query={"expand": "profile"})
    response = change(owner, customer, body)
    after = owner.get(f"{CUSTOMERS}/{customer.pk}", query={"expand": "profile"})
    assert (response.status_code, response["ETag"], after["ETag"]) == (200, before["ETag"], before["ETag"])
    assert after.json() == before.json()
    assert feed(owner) == ["customer.created"]


@pytest.mark.parametrize("blank", ["", " \t "])
def test_a_blank_display_name_is_derived_anew(owner: Caller, customer: Customer, blank: str) -> None:
    response = change(owner, customer, {"display_name": blank, "company_name": "South Harbor"})
    assert response.json()["data"]["display_name"] == "South Harbor"


def test_a_display_name_stays_when_another_name_changes(owner: Caller, customer: Customer) -> None:
    assert change(owner, customer, {"company_name": "South"}).json()["data"]["display_name"] == "North Harbor"


def test_a_derived_display_name_goes_by_the_new_account_type(owner: Caller, customer: Customer) -> None:
    body = {"account_type": "individual", "first_name": "Nora", "display_name": ""}
    assert change(owner, customer, body).json()["data"]["display_name"] == "Nora"


def test_a_change_that_leaves_no_name_to_show_is_refused(owner: Caller, customer: Customer) -> None:
    response = change(owner, customer, {"display_name": "", "company_name": "", "email": None})
    assert (response.status_code, response.json()) == refusal("display_name", "Required")
    assert stored(customer)["display_name"] == "North Harbor"


def test_a_taken_email_leads_a_key_that_may_read_to_its_holder(owner: Caller, customer: Customer) -> None:
    holder = make_customer(owner.organization, email="new@harbor.example")
    response = change(owner, customer, {"email": "NEW@Harbor.Example", "first_name": "Nora"})
    assert (response.status_code, response.json()) == (409, TAKEN)
    assert response["Location"] == f"{CUSTOMERS}/{holder.pk}"
    assert stored(customer)["first_name"] == ""


def test_a_taken_email_leads_no_other_key_anywhere(owner: Caller, customer: Customer) -> None:
    make_customer(owner.organization, email="new@harbor.example")
    writer = Caller.of(owner.organization, scopes=["write:customers"])
    response = change(writer, customer, {"email": "new@harbor.example"})
    assert (response.status_code, response.json()) == (409, TAKEN)
    assert "Location" not in response


def test_a_customer_may_write_its_email_in_another_case(owner: Caller, customer: Customer) -> None:
    response = change(owner, customer, {"email": "OPS@Harbor.Example"})
    assert (response.status_code, response.json()["data"]["email"]) == (200, "OPS@Harbor.Example")


def test_an_email_of_another_organization_is_not_taken(owner: Caller, outsider: Caller, customer: Customer) -> None:
    make_customer(outsider.organization, email="new@harbor.example")
    assert change(owner, customer, {"email": "new@harbor.example"}).status_code == 200


@pytest.mark.parametrize("identifier", [NOBODY, "nobody", "0"])
def test_no_such_customer_comes_before_the_faults_of_the_body(owner: Caller, identifier: str) -> None:
    response = change(owner, identifier, {"email": "nobody"})
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


def test_another_organizations_customer_is_not_found(outsider: Caller, customer: Customer) -> None:
    before = stored(customer)
    response = change(outsider, customer, VALUES)
    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert stored(customer) == before


def test_a_key_that_may_only_read_changes_nothing(colleague: Caller, customer: Customer) -> None:
    response = change(colleague, customer, VALUES)
    expected = {"error": "API key missing required scopes", "missingScopes": ["write:customers"]}
    assert (response.status_code, response.json()) == (403, expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"search": "facilities"}, {"search": "southern"}),
        ({"email": "OPS@harbor.example"}, {"email": "NEW@harbor.example"}),
        ({"phone": "+14045550128"}, {"phone": "+14045550199"}),
    ],
)
def test_the_list_finds_the_new_values_and_no_longer_the_old(
    owner: Caller, customer: Customer, old: dict[str, str], new: dict[str, str]
) -> None:
    change(owner, customer, {"company_name": "Southern", "email": "new@harbor.example", "phone": "404-555-0199"})
    counts = [owner.get(query=query).json()["pagination"]["count"] for query in (old, new)]
    assert counts == [0, 1]


@pytest.mark.parametrize("form", ["{}", "*", '"x", {}', '{}, "x"', ' "x" ,{} '])
def test_if_match_that_holds_lets_the_change_pass(owner: Caller, customer: Customer, form: str) -> None:
    etag = owner.get(f"{CUSTOMERS}/{customer.pk}")["ETag"]
    assert matching(owner, customer, form.format(etag)).status_code == 200


@pytest.mark.parametrize("form", ["W/{}", '"x"', '"x", W/{}', '""', "x", '"', ",", '"*"', ""])
def test_if_match_that_does_not_hold_is_412(owner: Caller, customer: Customer, form: str) -> None:
    etag = owner.get(f"{CUSTOMERS}/{customer.pk}")["ETag"]
    response = matching(owner, customer, form.format(etag))
    assert (response.status_code, response.json()) == (412, CHANGED)
    assert stored(customer)["display_name"] == "North Harbor"


def test_an_etag_no_longer_holds_after_a_change(owner: Caller, customer: Customer) -> None:
    etag = owner.get(f"{CUSTOMERS}/{customer.pk}")["ETag"]
    change(owner, customer, {"first_name": "Nora"})
    response = matching(owner, customer, etag)
    assert (response.status_code, response.json()) == (412, CHANGED)


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/merge-patch+json", "multipart/form-data; boundary=x"]
)
def test_a_body_that_is_no_json_is_415(owner: Caller, customer: Customer, media_type: str) -> None:
    response = change(owner, customer, {"first_name": "Nora"}, content_type=media_type)
    assert (response.status_code, response.json()) == (415, {"error": "Unsupported media type"})


def test_a_fault_of_the_body_comes_before_a_version_that_no_longer_holds(owner: Caller, customer: Customer) -> None:
    response = change(owner, customer, {"phone": "12"}, headers={"If-Match": '"x"'})
    assert (response.status_code, response.json()) == refusal("phone", "Invalid phone number")


def test_a_version_that_no_longer_holds_comes_before_a_taken_email(owner: Caller, customer: Customer) -> None:
    make_customer(owner.organization, email="new@harbor.example")
    response = change(owner, customer, {"email": "new@harbor.example"}, headers={"If-Match": '"x"'})
    assert (response.status_code, response.json()) == (412, CHANGED)


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_changes_to_one_version_one_passes(owner: Caller, customer: Customer) -> None:
    etag = owner.get(f"{CUSTOMERS}/{customer.pk}")["ETag"]

    def send(number: int) -> int:
        try:
            body = {"display_name": f"Shown {number}"}
            return int(change(owner, customer, body, headers={"If-Match": etag}).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(16))) == [200, *[412] * 15]


def test_a_parameter_is_not_ignored(owner: Caller, customer: Customer) -> None:
    response = change(owner, customer, {"first_name": "Nora"}, query_params={"dry_run": "1"})
    expected = {
        "error": "Invalid query parameters",
        "issues": [{"path": "dry_run", "message": "Unknown parameter"}],
    }
    assert (response.status_code, response.json()) == (400, expected)
