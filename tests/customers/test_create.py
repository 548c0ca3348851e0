"""POST /api/public/v1/customers."""

from datetime import datetime
from typing import Any

import pytest
import time_machine

from customers.models import AccountType, Customer
from tests.callers import Caller, issues
from tests.factories import make_customer, make_organization

EXAMPLE = {
    "account_type": "business",
    "display_name": "North Harbor Facilities",
    "company_name": "North Harbor Facilities",
    "first_name": "Nora",
    "last_name": "Harbor",
    "email": "ops@northerborfacilities.com",
    "phone": "+1-404-555-0128",
}
BUSINESS = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
INDIVIDUAL = {**BUSINESS, "account_type": "individual"}
OPTIONAL = ("display_name", "company_name", "first_name", "last_name")
TEXTS = (*OPTIONAL, "email", "phone")
ACCOUNT_TYPE = "Must be one of: individual, business"
TAKEN = {"error": "Customer email already exists in this organization", "field": "email"}


def created(caller: Caller, body: dict[str, Any]) -> Any:
    """Answer the customer of a create that succeeds."""
    response = caller.post(body)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def refusal(path: str, message: str) -> tuple[int, dict[str, object]]:
    """Answer the status and the whole body for one fault."""
    return 400, {"error": "Invalid request payload", "issues": [{"path": path, "message": message}]}


def test_answers_the_example_of_the_contract_to_the_letter(owner: Caller) -> None:
    with time_machine.travel("2026-03-18T15:40:12Z", tick=False):
        response = owner.post(EXAMPLE)
    customer = Customer.objects.get()
    expected = (
        f'{{"data":{{"id":"{customer.id}","organization_id":"{owner.organization.id}","account_type":"business",'
        '"display_name":"North Harbor Facilities","email":"ops@northerborfacilities.com",'
        '"phone":"+1-404-555-0128","created_at":"2026-03-18T15:40:12.000Z"}}'
    )
    assert response.status_code == 201
    assert response.content.decode() == expected


def test_location_leads_to_the_customer(owner: Caller) -> None:
    response = owner.post(EXAMPLE)
    found = owner.get(response["Location"])
    assert response["Location"].endswith(f"/api/public/v1/customers/{response.json()['data']['id']}")
    assert (found.status_code, found.json()) == (200, response.json())


def test_stores_what_it_answers_and_the_names_beside_it(owner: Caller) -> None:
    answered = created(owner, EXAMPLE)
    stored = Customer.objects.values(*EXAMPLE).get(id=answered["id"], organization=owner.organization)
    assert stored == EXAMPLE


@pytest.mark.parametrize(
    ("names", "business", "individual"),
    [
        ({"display_name": "Shown"}, "Shown", "Shown"),
        ({"display_name": "Shown", "company_name": "Firm", "first_name": "Nora"}, "Shown", "Shown"),
        ({"company_name": "Firm", "first_name": "Nora", "last_name": "Harbor"}, "Firm", "Nora Harbor"),
        ({"display_name": "", "company_name": "Firm", "first_name": "Nora"}, "Firm", "Nora"),
        ({"display_name": " \t ", "company_name": "Firm", "last_name": "Harbor"}, "Firm", "Harbor"),
        ({"company_name": "Firm"}, "Firm", "Firm"),
        ({"first_name": "Nora", "last_name": "Harbor"}, "Nora Harbor", "Nora Harbor"),
        ({"company_name": " ", "first_name": "Nora", "last_name": " "}, "Nora", "Nora"),
    ],
)
def test_derives_the_display_name(owner: Caller, names: dict[str, str], business: str, individual: str) -> None:
    assert created(owner, {**BUSINESS, **names})["display_name"] == business
    assert created(owner, {**INDIVIDUAL, **names, "email": "second@harbor.example"})["display_name"] == individual


@pytest.mark.parametrize("body", [BUSINESS, INDIVIDUAL])
def test_takes_the_email_for_a_display_name_where_there_is_no_other(owner: Caller, body: dict[str, str]) -> None:
    assert created(owner, body)["display_name"] == "ops@harbor.example"


def test_a_derived_display_name_has_at_most_255_characters(owner: Caller) -> None:
    customer = created(owner, {**INDIVIDUAL, "first_name": "x" * 254, "last_name": "y" * 255})
    assert customer["display_name"] == "x" * 254


def test_trims_every_text(owner: Caller) -> None:
    created(
        owner, {name: value if name == "account_type" else f" \t{value}\u3000\n" for name, value in EXAMPLE.items()}
    )
    assert Customer.objects.values(*EXAMPLE).get() == EXAMPLE


def test_an_empty_optional_text_counts_as_absent(owner: Caller) -> None:
    answered = created(owner, {**BUSINESS, **dict.fromkeys(OPTIONAL, "")})
    absent = created(owner, {**BUSINESS, "email": "second@harbor.example"})
    first, second = (Customer.objects.values(*OPTIONAL[1:]).get(id=customer["id"]) for customer in (answered, absent))
    assert first == second


def long_text(name: str, length: int) -> str:
    """Answer a text of that length which is valid but for its length."""
    ends = {"email": ("", "@harbor.example"), "phone": ("+1", "404-555-0128")}
    start, end = ends.get(name, ("", ""))
    return start + (" " if name == "phone" else "x") * (length - len(start) - len(end)) + end


LENGTHS = [*((name, 255) for name in OPTIONAL), ("email", 254), ("phone", 32)]


@pytest.mark.parametrize(("name", "longest"), LENGTHS)
def test_takes_a_text_of_the_greatest_length(owner: Caller, name: str, longest: int) -> None:
    text = long_text(name, longest)
    created(owner, {**BUSINESS, name: f" {text} "})
    assert Customer.objects.values_list(name, flat=True).get() == text


@pytest.mark.parametrize(("name", "longest"), LENGTHS)
def test_refuses_a_text_that_is_one_character_too_long(owner: Caller, name: str, longest: int) -> None:
    response = owner.post({**BUSINESS, name: long_text(name, longest + 1)})
    assert (response.status_code, response.json()) == refusal(name, f"Must be at most {longest} characters")


def test_counts_characters_and_not_bytes(owner: Caller) -> None:
    assert created(owner, {**BUSINESS, "display_name": "🏠" * 255})["display_name"] == "🏠" * 255


@pytest.mark.parametrize("name", ["account_type", "email", "phone"])
def test_refuses_a_request_without_a_required_field(owner: Caller, name: str) -> None:
    response = owner.post({field: value for field, value in EXAMPLE.items() if field != name})
    assert (response.status_code, response.json()) == refusal(name, "Required")


@pytest.mark.parametrize("name", ["account_type", "email", "phone"])
def test_refuses_null_for_a_required_field(owner: Caller, name: str) -> None:
    response = owner.post({**EXAMPLE, name: None})
    assert (response.status_code, response.json()) == refusal(name, "Required")


@pytest.mark.parametrize("name", OPTIONAL)
def test_refuses_null_for_an_optional_field(owner: Caller, name: str) -> None:
    response = owner.post({**EXAMPLE, name: None})
    assert (response.status_code, list(issues(response))) == (400, [name])


@pytest.mark.parametrize("value", ["", " ", "nobody"])
@pytest.mark.parametrize(
    ("name", "message"),
    [("account_type", ACCOUNT_TYPE), ("email", "Invalid email address"), ("phone", "Invalid phone number")],
)
def test_refuses_a_required_text_that_says_nothing(owner: Caller, name: str, message: str, value: str) -> None:
    response = owner.post({**EXAMPLE, name: value})
    assert (response.status_code, response.json()) == refusal(name, message)


@pytest.mark.parametrize("value", [0, 1, 1.5, True, False, [], ["business"], {}, {"a": "b"}], ids=repr)
@pytest.mark.parametrize("name", EXAMPLE)
def test_refuses_what_is_no_text(owner: Caller, name: str, value: object) -> None:
    response = owner.post({**EXAMPLE, name: value})
    message = ACCOUNT_TYPE if name == "account_type" else "Must be a string"
    assert (response.status_code, response.json()) == refusal(name, message)


@pytest.mark.parametrize("value", ["Business", "BUSINESS", "person", "business,individual", "null", "business\0"])
def test_refuses_an_account_type_that_there_is_not(owner: Caller, value: str) -> None:
    response = owner.post({**EXAMPLE, "account_type": value})
    assert (response.status_code, response.json()) == refusal("account_type", ACCOUNT_TYPE)


@pytest.mark.parametrize("sign", ["\0", "\n", "\t", "\x1b", "\x7f", "\x85"], ids=ascii)
@pytest.mark.parametrize("name", TEXTS)
def test_refuses_control_characters(owner: Caller, name: str, sign: str) -> None:
    start, end = EXAMPLE[name][:2], EXAMPLE[name][2:]
    response = owner.post({**EXAMPLE, name: f"{start}{sign}{end}"})
    assert (response.status_code, response.json()) == refusal(name, "Must not contain control characters")


@pytest.mark.parametrize(
    "email",
    [
        *("@harbor.example", "ops@", "ops@harbor", "ops@@harbor.example", "o ps@harbor.example", "ops@harbor..example"),
        *("ops.@harbor.example", "ops@-harbor.example", "ops@☃.example", "ops@*.example", "ops@localhost"),
        *("Nora <ops@harbor.example>", "mailto:ops@harbor.example", "a@harbor.example,b@harbor.example"),
    ],
)
def test_refuses_an_invalid_email(owner: Caller, email: str) -> None:
    response = owner.post({**EXAMPLE, "email": email})
    assert (response.status_code, response.json()) == refusal("email", "Invalid email address")


@pytest.mark.parametrize(
    "email", ["ops@harbor.example", "Ops+Billing@Harbor.Example", "o'ps@a.b.harbor.example", "info@MÜNCHEN.example"]
)
def test_answers_an_email_as_given(owner: Caller, email: str) -> None:
    assert created(owner, {**EXAMPLE, "email": email})["email"] == email


@pytest.mark.parametrize("phone", ["+1-404-555-0128", "404-555-0128", "555-0100", "(404) 555.0128", "+44 20 7946 0958"])
def test_answers_a_phone_as_given(owner: Caller, phone: str) -> None:
    assert created(owner, {**EXAMPLE, "phone": phone})["phone"] == phone


@pytest.mark.parametrize(
    "phone", ["12", "911", "55501", "404-555-012", "+1-404-555-01289", "+999 123456", "+", "0" * 32]
)
def test_refuses_an_impossible_phone(owner: Caller, phone: str) -> None:
    response = owner.post({**EXAMPLE, "phone": phone})
    assert (response.status_code, response.json()) == refusal("phone", "Invalid phone number")


@pytest.mark.parametrize(("region", "status"), [("US", 400), ("GB", 201)])
def test_a_phone_is_judged_in_the_organizations_region(db: None, region: str, status: int) -> None:
    caller = Caller.of(make_organization(region=region))
    assert caller.post({**EXAMPLE, "phone": "020 7946 0958"}).status_code == status


def test_a_phone_gets_the_country_of_the_organizations_region(db: None) -> None:
    briton = Caller.of(make_organization(region="GB"))
    customer = created(briton, {**EXAMPLE, "phone": "020 7946 0958"})
    found = briton.get(query={"phone": "+44 20 7946 0958"}).json()["data"]
    assert found == [customer]


@pytest.mark.parametrize("name", ["id", "organization_id", "created_at", "emial", "Email", "e mail", "", "__proto__"])
def test_refuses_a_field_that_it_does_not_know(owner: Caller, name: str) -> None:
    response = owner.post({**EXAMPLE, name: "x"})
    assert (response.status_code, response.json()) == refusal(name, "Unknown field")


def test_names_all_faults_at_once(owner: Caller) -> None:
    bad = {
        "account_type": "person",
        "display_name": 1,
        "company_name": "x" * 256,
        "first_name": "a\0b",
        "email": "nobody",
        "phone": "12",
        "nickname": "Nora",
        "id": "1",
    }
    response = owner.post(bad)
    assert (response.status_code, response.json()["error"]) == (400, "Invalid request payload")
    assert issues(response) == {
        "account_type": ACCOUNT_TYPE,
        "display_name": "Must be a string",
        "company_name": "Must be at most 255 characters",
        "first_name": "Must not contain control characters",
        "email": "Invalid email address",
        "phone": "Invalid phone number",
        "nickname": "Unknown field",
        "id": "Unknown field",
    }
    assert len(response.json()["issues"]) == len(bad)


def test_names_every_required_field_of_an_empty_request(owner: Caller) -> None:
    assert issues(owner.post({})) == dict.fromkeys(("account_type", "email", "phone"), "Required")


def test_a_refused_request_stores_nothing(owner: Caller) -> None:
    assert owner.post({**EXAMPLE, "phone": "12"}).status_code == 400
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ops@harbor.example", "ops@harbor.example"),
        ("ops@harbor.example", "OPS@Harbor.Example"),
        ("OPS@HARBOR.EXAMPLE", " ops@harbor.example "),
        ("info@münchen.example", "info@MÜNCHEN.example"),
        ("info@münchen.example", "INFO@XN--MNCHEN-3YA.EXAMPLE"),
        ("info@xn--mnchen-3ya.example", "info@MÜNCHEN.example"),
        ("info@münchen.example", "info@mu\u0308nchen.example"),
    ],
)
def test_an_email_is_unique_in_its_organization_whatever_its_case_and_form(
    owner: Caller, first: str, second: str
) -> None:
    created(owner, {**EXAMPLE, "email": first})
    response = owner.post({**EXAMPLE, "email": second})
    assert (response.status_code, response.json()) == (409, TAKEN)
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("email", ["ops+1@harbor.example", "o.ps@harbor.example", "ops@harbour.example"])
def test_another_email_is_not_taken(owner: Caller, email: str) -> None:
    make_customer(owner.organization, email="ops@harbor.example")
    assert owner.post({**EXAMPLE, "email": email}).status_code == 201


def test_two_organizations_may_share_an_email(owner: Caller, outsider: Caller) -> None:
    mine, theirs = created(owner, EXAMPLE), created(outsider, EXAMPLE)
    assert mine["organization_id"] != theirs["organization_id"]
    assert mine["email"] == theirs["email"]


def test_customers_may_share_a_phone(owner: Caller) -> None:
    created(owner, EXAMPLE)
    assert created(owner, {**EXAMPLE, "email": "second@harbor.example"})["phone"] == EXAMPLE["phone"]


@pytest.mark.parametrize(
    ("now", "answered"),
    [
        ("2026-03-18T15:40:12Z", "2026-03-18T15:40:12.000Z"),
        ("2026-03-18T15:40:12.007Z", "2026-03-18T15:40:12.007Z"),
        ("2026-03-18T15:40:12.999999Z", "2026-03-18T15:40:12.999Z"),
        ("2026-12-31T23:30:00.100-02:00", "2027-01-01T01:30:00.100Z"),
    ],
)
def test_created_at_is_the_time_in_utc_with_milliseconds(owner: Caller, now: str, answered: str) -> None:
    with time_machine.travel(datetime.fromisoformat(now), tick=False):
        customer = created(owner, EXAMPLE)
    assert customer["created_at"] == answered


def test_created_at_finds_the_customer_again(owner: Caller) -> None:
    customer = created(owner, EXAMPLE)
    found = owner.get(query={"created_after": customer["created_at"]}).json()["data"]
    assert found == [customer]


@pytest.mark.parametrize("account_type", AccountType.values)
def test_answers_the_account_type_as_given(owner: Caller, account_type: str) -> None:
    assert created(owner, {**EXAMPLE, "account_type": account_type})["account_type"] == account_type
