"""The admin's list of customers: found whatever staff type, filtered, and counted without counting all."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from customers.staff.finding import numbers
from organizations.models import Environment
from tests.callers import Caller
from tests.factories import make_customer, make_organization

LIST = "/admin/customers/customer/"


def listed(admin_client: Client, **query: Any) -> list[Any]:
    page = admin_client.get(LIST, query)
    assert page.status_code == 200
    return [customer.pk for customer in page.context["cl"].result_list]


@pytest.mark.parametrize(
    "term",
    [
        "harbor north",
        "NORTH",
        "OPS@",
        "ops@example.com",
        "crm-42",
        "id",
        "id in capitals",
        "no",
        "bo no",
        "#1 harbor",
        "+1-404-555-0199",
        "(404) 555-0199",
        "+1 404 555 0199",
        "4045550199",
        "404.555.0199 x12",
        "001 404 555 0199",
    ],
)
def test_a_customer_is_found_whatever_is_typed(admin_client: Client, owner: Caller, term: str) -> None:
    make_organization(region="GB")  # in which 00 leads abroad
    found = make_customer(
        owner.organization,
        company_name="North Boats #1 Harbor",
        email="ops@example.com",
        phone="404-555-0199",
        external_id="crm-42",
    )
    make_customer(make_organization(), phone="+1-404-555-0128", company_name="Abonovo")
    make_customer(make_organization(), phone=None, external_id="crm-421", company_name="Harbour")
    typed = {"id": str(found.pk), "id in capitals": f" {str(found.pk).upper()} "}.get(term, term)
    assert listed(admin_client, q=typed) == [found.pk]


@pytest.mark.parametrize(
    "term",
    [
        "",
        " ",
        "%",
        "_",
        "\\",
        "'",
        '"',
        "--",
        "&",
        "é",
        "李",
        "x" * 5_000,
        "5" * 5_000,
        "a " * 500,
        "(",
        "+",
        "+()",
        "☎ qx",
        "９" * 12,
        "00000000000000000000",
        "-1",
        "123e4567-e89b-12d3-a456-42661417400",
        "{}",
        "💥",
        "\u202e",
        "' OR 1=1 --",
    ],
)
def test_hostile_terms_find_nobody_or_all_and_break_nothing(admin_client: Client, owner: Caller, term: str) -> None:
    make_customer(owner.organization, phone="+1-404-555-0128")
    assert len(listed(admin_client, q=term)) == (not term.strip())


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("(404) 555-0128", ["4045550128"]),
        ("020 7946 0018", ["2079460018"]),
        ("00 44 20 7946 0018", ["442079460018"]),
        ("011 44 20 7946 0018", ["11442079460018", "+442079460018"]),
        ("555-012", []),
        ("North Harbor 5550128", []),
    ],
)
def test_a_number_is_looked_for_in_its_forms(db: None, term: str, expected: list[str]) -> None:
    for region in ("US", "GB"):
        make_organization(region=region)
    assert numbers(term) == expected


@pytest.fixture
def three(owner: Caller) -> list[Customer]:
    """Two of the owner's organization, a person and a business, and one of a sandbox; a day lies between each two."""
    organizations = (owner.organization, owner.organization, make_organization(environment=Environment.SANDBOX))
    types = ("individual", "business", "business")
    return [
        make_customer(organization, account_type=kind, created_at=datetime(2026, 3, 18 + day, 12, tzinfo=UTC))
        for day, (organization, kind) in enumerate(zip(organizations, types, strict=True))
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [2, 1, 0]),
        ({"o": "6"}, [0, 1, 2]),
        ({"o": "1"}, [2, 1, 0]),  # by a name nobody sorts: no index knows it
        ({"organization": "theirs"}, [1, 0]),
        ({"account_type__exact": "business"}, [2, 1]),
        ({"environment": "sandbox"}, [2]),
        ({"environment": "live"}, [1, 0]),
        ({"created_after": "2026-03-19"}, [2, 1]),
        ({"created_before": "2026-03-19"}, [0]),
        ({"created_after": "2026-03-18T12:00:01Z", "created_before": "2026-03-20T00:00:00+01:00"}, [1]),
        ({"organization": "theirs", "account_type__exact": "individual", "environment": "live"}, [0]),
        ({"account_type__exact": "business", "q": "company"}, [2, 1]),
    ],
)
def test_filters_and_orders(
    admin_client: Client, owner: Caller, three: list[Customer], query: dict[str, str], expected: list[int]
) -> None:
    chosen = {name: str(owner.organization.pk) if value == "theirs" else value for name, value in query.items()}
    page = admin_client.get(LIST, chosen)
    assert [customer.pk for customer in page.context["cl"].result_list] == [three[number].pk for number in expected]
    assert page.context["cl"].paginator.shown_count == str(len(expected))


def test_environments_are_told_apart_where_many_organizations_have_one(
    admin_client: Client, three: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.staff.filters.FEW", 0)
    assert listed(admin_client, environment="sandbox") == [three[2].pk]


@pytest.mark.parametrize(
    "query",
    [
        "organization=nonsense",
        "created_after=soon",
        "created_before=2026-02-30",
        "created_after=0001-01-01T00:00:00%2B10:00",
        "id__startswith=a",
        "organization__api_keys__digest__startswith=a",
        "created_at__gte=soon",
    ],
)
def test_an_address_that_makes_no_sense_is_no_crash(admin_client: Client, owner: Caller, query: str) -> None:
    make_customer(owner.organization)
    assert admin_client.get(f"{LIST}?{query}").status_code in (302, 400)


@pytest.mark.parametrize(
    "query", ["account_type__exact=robot", "environment=mars", "environment=", "o=99.-1.x", "e=1", "p=x", "p=9999"]
)
def test_an_address_that_asks_for_nothing_is_answered(admin_client: Client, owner: Caller, query: str) -> None:
    make_customer(owner.organization)
    assert admin_client.get(f"{LIST}?{query}").status_code == 200


def test_counts_come_from_what_is_kept_and_else_stop(
    admin_client: Client, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asteri.staff.lists.LIMIT", 2)
    for _ in range(4):
        make_customer(owner.organization)
    shown = [
        admin_client.get(LIST, query).context["cl"].paginator.shown_count
        for query in ({}, {"q": "company"}, {"created_after": "2020-01-01"}, {"account_type__exact": "individual"})
    ]
    assert shown == ["4", "2+", "2+", "0"]


def test_a_filter_given_twice_is_counted(admin_client: Client, three: list[Customer]) -> None:
    page = admin_client.get(f"{LIST}?account_type__exact=business&account_type__exact=individual")
    assert page.context["cl"].paginator.shown_count == str(len(page.context["cl"].result_list))


def test_a_list_costs_the_same_however_many_it_shows(admin_client: Client, owner: Caller) -> None:
    costs = []
    for count in (1, 12):
        for _ in range(count):
            make_customer(make_organization())
        with CaptureQueriesContext(connection) as sent:
            admin_client.get(
                LIST, {"q": "404-555-0128", "organization": str(owner.organization.pk), "environment": "live"}
            )
        costs.append(len(sent))
    # session, user, device; chosen organization, twice; organizations of the environment; regions; count, page; the
    # session's four when it's kept
    assert costs[0] == costs[1] <= 13
