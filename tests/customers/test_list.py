"""GET /api/public/v1/customers: what each parameter finds."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from customers.models import AccountType
from tests.callers import CUSTOMERS, Caller
from tests.factories import make_customer, make_organization

PHONE = "+1-404-555-0128"
MOMENT = datetime(2026, 3, 18, 15, 40, 12, tzinfo=UTC)


def listed(caller: Caller, **query: Any) -> Any:
    """Answer the body of a list that succeeds."""
    response = caller.get(query=query)
    assert response.status_code == 200, response.content
    return response.json()


def names(caller: Caller, **query: Any) -> list[str]:
    """Answer the display names on the first page."""
    return [customer["display_name"] for customer in listed(caller, **query)["data"]]


def make_named(caller: Caller, *given: str, **fields: Any) -> None:
    """Make customers whose display names are all that a search could find in their names."""
    for name in given:
        make_customer(caller.organization, display_name=name, company_name="", **fields)


def test_answers_the_page_of_the_contract_to_the_letter(db: None) -> None:
    example: dict[str, Any] = {
        "id": "8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3",
        "organization_id": "dce3853d-4f94-4bc8-a816-4d0d74c11a9d",
        "account_type": "business",
        "display_name": "North Harbor Facilities",
        "email": "ops@northerborfacilities.com",
        "phone": "+1-404-555-0128",
        "created_at": "2026-03-18T15:40:12.000Z",
    }
    organization = make_organization(id=UUID(example["organization_id"]))
    given = {name: value for name, value in example.items() if name not in ("organization_id", "created_at")}
    make_customer(organization, **{**given, "id": UUID(example["id"]), "created_at": MOMENT})
    body = {"data": [example], "pagination": {"count": 1, "limit": 25, "next_cursor": None}}
    response = Caller.of(organization).get()
    assert response.status_code == 200
    assert response.content == json.dumps(body, separators=(",", ":")).encode()


def test_answers_an_empty_list_where_there_are_no_customers(owner: Caller) -> None:
    assert listed(owner) == {"data": [], "pagination": {"count": 0, "limit": 25, "next_cursor": None}}


def test_a_customer_without_email_and_phone_has_null_for_both(owner: Caller) -> None:
    make_customer(owner.organization, email=None, phone=None)
    customer = listed(owner)["data"][0]
    assert (customer["email"], customer["phone"]) == (None, None)


def test_keeps_other_organizations_customers_out_of_data_and_count(owner: Caller, outsider: Caller) -> None:
    make_named(outsider, "Theirs")
    make_named(owner, "Ours")
    assert names(owner) == ["Ours"]
    assert listed(owner)["pagination"]["count"] == 1


@pytest.mark.parametrize(("query", "size"), [({}, 25), ({"limit": 1}, 1), ({"limit": 100}, 100)])
def test_limit_is_the_size_of_a_page(owner: Caller, query: dict[str, int], size: int) -> None:
    make_named(owner, *(f"Customer {number}" for number in range(size + 1)))
    body = listed(owner, **query)
    assert len(body["data"]) == size
    assert (body["pagination"]["count"], body["pagination"]["limit"]) == (size + 1, size)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Third", "Second", "First"]),
        ({"order": "-created_at"}, ["Third", "Second", "First"]),
        ({"order": "created_at"}, ["First", "Second", "Third"]),
    ],
)
def test_orders_by_time_of_creation(owner: Caller, query: dict[str, str], expected: list[str]) -> None:
    for day, name in ((2, "Second"), (3, "Third"), (1, "First")):
        make_named(owner, name, created_at=MOMENT.replace(day=day))
    assert names(owner, **query) == expected


@pytest.mark.parametrize("account_type", AccountType.values)
def test_account_type_finds_its_own_alone(owner: Caller, account_type: str) -> None:
    for made in AccountType.values:
        make_named(owner, made, account_type=made)
    assert names(owner, account_type=account_type) == [account_type]


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Ops@Harbor.example", "Ops@Harbor.example"),
        ("Ops@Harbor.example", "oPS@hARBOR.EXAMPLE"),
        ("Ops@Harbor.example", "  ops@harbor.example  "),
        ("ops+billing@harbor.example", "OPS+billing@harbor.example"),
        ("info@MÜNCHEN.example", "info@münchen.example"),
        ("info@MÜNCHEN.example", "INFO@XN--MNCHEN-3YA.EXAMPLE"),
        ("info@xn--mnchen-3ya.example", "info@mu\u0308nchen.example"),
        ("info@xn--strae-oqa.example", "info@straße.example"),
    ],
)
def test_email_finds_its_customer_whatever_its_case_and_form(owner: Caller, stored: str, asked: str) -> None:
    make_named(owner, "Wanted", email=stored)
    make_named(owner, "Other")
    assert names(owner, email=asked) == ["Wanted"]


@pytest.mark.parametrize("asked", ["ops@harbor.exampl", "op_@harbor.example", "s@harbor.example", "ops@arbor.example"])
def test_email_finds_no_part_and_no_pattern(owner: Caller, asked: str) -> None:
    make_named(owner, "Other", email="ops@harbor.example")
    assert names(owner, email=asked) == []


PHONE_FORMS = [
    "+1-404-555-0128",
    "+14045550128",
    "404-555-0128",
    "4045550128",
    "(404) 555-0128",
    "404.555.0128",
    "1 404 555 0128",
    "+1 (404) 555‑0128",
    "011 1 404 555 0128",
    "tel:+1-404-555-0128",
    "٤٠٤٥٥٥٠١٢٨",
]


@pytest.mark.parametrize("asked", PHONE_FORMS)
def test_phone_finds_the_number_however_it_is_asked_for(owner: Caller, asked: str) -> None:
    make_named(owner, "Wanted", phone=PHONE)
    make_named(owner, "Other", phone="+1-404-555-0129")
    assert names(owner, phone=asked) == ["Wanted"]


@pytest.mark.parametrize("stored", PHONE_FORMS)
def test_phone_finds_the_number_however_it_was_given(owner: Caller, stored: str) -> None:
    make_named(owner, "Wanted", phone=stored)
    assert names(owner, phone=PHONE) == ["Wanted"]


@pytest.mark.parametrize("asked", ["+14045550128", "+1-404-555-0128", "+1%20404%20555%200128", "+1+404+555+0128"])
def test_phone_may_arrive_with_its_plus_unencoded(owner: Caller, asked: str) -> None:
    make_named(owner, "Wanted", phone=PHONE)
    response = owner.get(f"{CUSTOMERS}?phone={asked}")
    assert [customer["display_name"] for customer in response.json()["data"]] == ["Wanted"]


@pytest.mark.parametrize("asked", ["555-0100", "5550100", "555 0100"])
def test_phone_finds_a_local_number(owner: Caller, asked: str) -> None:
    make_named(owner, "Wanted", phone="555-0100")
    make_named(owner, "Elsewhere", phone="404-555-0100")
    assert names(owner, phone=asked) == ["Wanted"]


def test_phone_does_not_take_another_countrys_local_number_for_ours(owner: Caller) -> None:
    make_named(owner, "Ours", phone="555-0100")
    make_named(owner, "India's", phone="+91 555-0100")
    assert names(owner, phone="555-0100") == ["Ours"]


def test_phone_without_a_country_belongs_to_the_organizations_region(db: None) -> None:
    briton = Caller.of(make_organization(region="GB"))
    make_named(briton, "Wanted", phone="+44 20 7946 0958")
    assert names(briton, phone="020 7946 0958") == ["Wanted"]


@pytest.mark.parametrize(
    "field", ["display_name", "company_name", "first_name", "last_name", "email"], ids=lambda field: f"in {field}"
)
def test_search_looks_into_every_text(owner: Caller, field: str) -> None:
    wanted = make_customer(owner.organization, **{field: "harbor@lighthouse.example"})
    make_customer(owner.organization)
    assert [customer["id"] for customer in listed(owner, search="lighthouse")["data"]] == [str(wanted.id)]


@pytest.mark.parametrize("asked", ["404-555-0128", "555-0128", "4045550128", "+14045550128"])
def test_search_finds_a_phone_as_given_and_by_its_digits(owner: Caller, asked: str) -> None:
    make_named(owner, "Wanted", phone=PHONE)
    make_named(owner, "Other", phone="+1-212-555-0199")
    assert names(owner, search=asked) == ["Wanted"]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("North Harbor Facilities", "nORTH hARBOR"),
        ("North Harbor Facilities", "  facilities \u3000 nor "),
        ("MÜNCHNER ÄRZTE", "münchner ärzte"),
        ("Königstraße", "KÖNIGSTRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Zoe\u0308 Świerk", "ZOË ŚWIERK"),
        ("ПЕТРОВ", "петров"),
        ("ﬁne ＷＯＲＫ", "FINE work"),
    ],
)
def test_search_ignores_case_and_form_beyond_ascii_too(owner: Caller, name: str, asked: str) -> None:
    make_named(owner, name)
    make_named(owner, "Other")
    assert names(owner, search=asked) == [name]


def test_search_wants_every_word_in_whichever_field(owner: Caller) -> None:
    make_customer(owner.organization, display_name="Wanted", company_name="Harbor", first_name="Nora")
    make_customer(owner.organization, display_name="Half", company_name="Harbor", first_name="Ann")
    assert names(owner, search="nora harbor") == ["Wanted"]
    assert names(owner, search="nora harbor ann") == []


def test_search_finds_no_word_across_two_fields(owner: Caller) -> None:
    make_customer(owner.organization, display_name="Firm", company_name="Nor", first_name="Th", last_name="East")
    assert names(owner, search="th east nor") == ["Firm"]
    for across in ("north", "theast", "firmnor"):
        assert names(owner, search=across) == []


@pytest.mark.parametrize(("name", "asked"), [("100%", "0%"), ("a_b", "a_b"), (r"a\b", r"a\b"), (r"a\%b", r"\%")])
def test_search_takes_wildcards_literally(owner: Caller, name: str, asked: str) -> None:
    make_named(owner, name, "100", "a-b", "ab", "0 percent")
    assert names(owner, search=asked) == [name]


@pytest.mark.parametrize("asked", ["%", "_", "\\", "'", '"', "*", "[a-z]", "' OR 1=1 --"])
def test_search_finds_nobody_by_a_sign_that_nobody_has(owner: Caller, asked: str) -> None:
    make_named(owner, "Plain")
    assert names(owner, search=asked) == []


def test_search_takes_255_characters(owner: Caller) -> None:
    make_named(owner, "x" * 255)
    assert names(owner, search="x" * 255) == ["x" * 255]


@pytest.mark.parametrize(
    ("moment", "is_found"),
    [
        ("2026-03-18T15:40:12.000Z", True),
        ("2026-03-18T15:40:12.001Z", False),
        ("2026-03-18T15:40:12Z", True),
        ("2026-03-18T15:40:13Z", False),
        ("2026-03-18T15:40:12", True),
        ("2026-03-18T15:40:13", False),
        ("2026-03-18T17:40:12+02:00", True),
        ("2026-03-18T17:40:13+02:00", False),
        ("2026-03-18T10:40:12-05:00", True),
        ("2026-03-18T10:40:13-05:00", False),
        ("2026-03-18", True),
        ("2026-03-19", False),
        ("0001-01-01", True),
        ("9999-12-31T23:59:59Z", False),
    ],
)
def test_created_after_includes_its_moment_and_created_before_does_not(
    owner: Caller, moment: str, is_found: bool
) -> None:
    make_named(owner, "Wanted", created_at=MOMENT)
    assert names(owner, created_after=moment) == ["Wanted"] * is_found
    assert names(owner, created_before=moment) == ["Wanted"] * (not is_found)


def test_a_span_of_days_runs_from_its_first_midnight_to_its_last(owner: Caller) -> None:
    for name, day, hour in (("Eve", 17, 23), ("Midnight", 18, 0), ("Evening", 18, 23), ("Morrow", 19, 0)):
        make_named(owner, name, created_at=datetime(2026, 3, day, hour, tzinfo=UTC))
    assert names(owner, created_after="2026-03-18", created_before="2026-03-19") == ["Evening", "Midnight"]


def test_filters_narrow_each_other(owner: Caller) -> None:
    make_named(owner, "Both", account_type=AccountType.INDIVIDUAL, phone="404-555-0101")
    make_named(owner, "Type alone", account_type=AccountType.INDIVIDUAL)
    make_named(owner, "Phone alone", phone="404-555-0101")
    assert names(owner, account_type="individual", phone="404-555-0101") == ["Both"]


def test_count_is_exact_on_every_page_of_a_filtered_list(owner: Caller) -> None:
    make_named(owner, *(f"Person {number}" for number in range(5)), account_type=AccountType.INDIVIDUAL)
    make_named(owner, "Business", "Company")
    query, counts = {"account_type": "individual", "limit": 2}, []
    while (page := listed(owner, **query)["pagination"])["next_cursor"]:
        counts.append(page["count"])
        query["cursor"] = page["next_cursor"]
    assert [*counts, page["count"]] == [5, 5, 5]


def test_a_parameter_is_read_as_utf_8(owner: Caller) -> None:
    make_named(owner, "Ångström", "Other")
    response = owner.get(f"{CUSTOMERS}?search={quote('Ångström')}")
    assert [customer["display_name"] for customer in response.json()["data"]] == ["Ångström"]
