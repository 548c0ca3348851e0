"""Duplicates in the admin: warned of while typing, and asked about when saved."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from customers.models import Customer
from tests.callers import Caller
from tests.customers.test_admin import LIST, add, change, errors
from tests.factories import make_customer, make_organization

ALIKE = f"{LIST}alike/"


def asked(admin_client: Client, caller: Caller, **fields: Any) -> list[str]:
    response = admin_client.post(ALIKE, {"organization": str(caller.organization.pk), **fields})
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    return [f"{found['why']}: {found['name']}" for found in response.json()["alike"]]


@pytest.fixture
def harbor(owner: Caller) -> Customer:
    return make_customer(
        owner.organization, company_name="North Harbor Facilities, Inc.", email="ops@example.com", phone="404-555-0199"
    )


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"email": "OPS@EXAMPLE.COM"}, "Same e-mail"),
        ({"phone": "+1 (404) 555-0199"}, "Same phone"),
        ({"company_name": "north  HARBOR"}, "Similar name"),
        ({"company_name": "The North Harbor Facilities LLC"}, "Similar name"),
        ({"display_name": "Harbor", "company_name": "Somebody"}, "Similar name"),
        ({"first_name": "North", "last_name": "Harbor"}, "Similar name"),
        ({"phone": "4045550199", "company_name": "North Harbor"}, "Same phone"),
    ],
)
def test_customers_alike_are_named(
    admin_client: Client, owner: Caller, harbor: Customer, fields: dict[str, str], why: str
) -> None:
    assert asked(admin_client, owner, **fields) == [f"{why}: North Harbor Facilities, Inc."]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"email": "nobody"},
        {"phone": "12"},
        {"phone": "404-555-0198"},
        {"company_name": "Inc"},
        {"company_name": "No"},
        {"company_name": "South Harbor"},
        {"company_name": "%"},
        {"company_name": "x\0y"},
        {"email": "x" * 10_000, "phone": "9" * 10_000, "display_name": "y" * 10_000},
        {"organization": "nonsense", "email": "ops@example.com"},
        {"organization": "", "email": "ops@example.com"},
        {"customer": "own", "email": "ops@example.com"},
    ],
)
def test_others_are_not(admin_client: Client, owner: Caller, harbor: Customer, fields: dict[str, str]) -> None:
    own = {"customer": str(harbor.pk)} if fields.get("customer") else {}
    assert asked(admin_client, owner, **{**fields, **own}) == []


def test_nobody_of_another_organization_is_named(admin_client: Client, outsider: Caller, harbor: Customer) -> None:
    assert asked(admin_client, outsider, email="ops@example.com", phone="404-555-0199") == []


def test_few_of_many_are_named(admin_client: Client, owner: Caller) -> None:
    for _ in range(7):
        make_customer(owner.organization, company_name="North Harbor", phone=None)
    assert len(asked(admin_client, owner, company_name="North Harbor")) == 5


def test_what_is_typed_stands_in_no_address(admin_client: Client, db: None) -> None:
    assert admin_client.get(ALIKE, {"email": "ops@example.com"}).status_code == 405


@pytest.mark.parametrize("path", [ALIKE, f"{LIST}export/", f"{LIST}import/"])
def test_only_who_may_see_customers_learns_of_them(client: Client, db: None, path: str) -> None:
    user = User.objects.create_user("other", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_organization"))
    client.force_login(user)
    answers = [getattr(client, method)(path) for method in (["post"] if path == ALIKE else ["get"])]
    assert [answer.status_code for answer in answers] == [403]


def test_who_only_looks_sees_no_form(client: Client, harbor: Customer) -> None:
    user = User.objects.create_user("support", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_customer"))
    client.force_login(user)
    page = client.get(f"{LIST}{harbor.pk}/change/").content.decode()
    assert "North Harbor" in page
    assert [word for word in ("seen_version", "is_distinct", "Seen version", 'id="alike"') if word in page] == []


LIKE_HARBOR = {"company_name": "North Harbor", "phone": "404-555-0199", "email": "new@example.com"}


def test_a_customer_like_another_is_saved_once_that_is_confirmed(
    admin_client: Client, owner: Caller, harbor: Customer
) -> None:
    warned = add(admin_client, owner.organization, **LIKE_HARBOR)
    (warning,) = errors(warned)["is_distinct"]
    assert f'Same phone: <a href="{LIST}{harbor.pk}/change/">North Harbor Facilities, Inc.</a>' in warning
    assert 'type="checkbox" name="is_distinct"' in warned.content.decode()
    assert Customer.objects.count() == 1
    assert add(admin_client, owner.organization, **LIKE_HARBOR, is_distinct="on").status_code == 302
    assert Customer.objects.count() == 2


def test_a_name_in_the_warning_is_no_markup(admin_client: Client, owner: Caller) -> None:
    make_customer(owner.organization, company_name="<script>alert(1)</script>", phone="404-555-0199")
    page = add(admin_client, owner.organization, phone="404-555-0199").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_a_change_that_makes_it_like_another_is_asked_about(
    admin_client: Client, owner: Caller, harbor: Customer
) -> None:
    customer = make_customer(owner.organization, phone="404-555-0100")
    assert list(errors(change(admin_client, customer, phone="404-555-0199"))) == ["is_distinct"]
    assert change(admin_client, customer, phone="404-555-0199", is_distinct="on").status_code == 302


def test_a_change_of_anything_else_is_not(admin_client: Client, owner: Caller, harbor: Customer) -> None:
    customer = make_customer(owner.organization, phone="404-555-0199")
    assert change(admin_client, customer, external_id="crm-1").status_code == 302


def test_another_organizations_customers_are_no_duplicates(admin_client: Client, harbor: Customer) -> None:
    assert add(admin_client, make_organization(), **LIKE_HARBOR).status_code == 302
