"""Customers in the admin: the API's own rules."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import Client, RequestFactory

from customers.models import Customer, CustomerChange
from customers.staff.customers import CustomerAdmin
from customers.staff.forms import CustomerForm
from organizations.models import Organization
from tests.callers import Caller
from tests.factories import make_customer, make_organization

LIST = "/admin/customers/customer/"
FORM = {"account_type": "business", "company_name": " North Harbor Facilities ", "email": "ops@example.com"}
LOOKS = ("account_type", "display_name", "company_name", "first_name", "last_name", "email", "phone", "external_id")


def add(admin_client: Client, organization: Organization, **fields: Any) -> Any:
    return admin_client.post(f"{LIST}add/", {**FORM, "organization": organization.pk, **fields})


def form_of(customer: Customer) -> dict[str, Any]:
    """What the page's form holds before anybody types."""
    return {**{name: getattr(customer, name) or "" for name in LOOKS}, "seen_version": customer.version}


def change(admin_client: Client, customer: Customer, **fields: Any) -> Any:
    return admin_client.post(f"{LIST}{customer.pk}/change/", {**form_of(customer), **fields})


def errors(response: Any) -> Any:
    return response.context["adminform"].form.errors


def test_a_customer_is_made_as_the_api_makes_one(admin_client: Client, owner: Caller) -> None:
    assert add(admin_client, owner.organization, phone="404-555-0128").status_code == 302
    (customer,) = owner.get(query={"phone": "+14045550128"}).json()["data"]
    assert (customer["display_name"], customer["phone"]) == ("North Harbor Facilities", "404-555-0128")


REFUSED = [
    ("email", "nobody", "Invalid email address"),
    ("email", f"{'a' * 250}@example.com", "Must be at most 254 characters"),
    ("phone", "12", "Invalid phone number"),
    ("first_name", "No\x07ra", "Must not contain control characters"),
    ("last_name", "Har\0bor", "Must not contain control characters"),
    ("company_name", "x" * 256, "Must be at most 255 characters"),
    ("account_type", "robot", "Must be one of: individual, business"),
    ("account_type", "", "Required"),
]


@pytest.mark.parametrize(("field", "value", "message"), REFUSED)
def test_what_the_api_refuses_is_an_error_of_the_form(
    admin_client: Client, field: str, value: str, message: str
) -> None:
    response = add(admin_client, make_organization(), **{field: value})
    assert errors(response)[field] == [message]
    assert not Customer.objects.exists()


@pytest.mark.parametrize(("field", "value", "message"), REFUSED)
def test_a_change_is_judged_alike(admin_client: Client, owner: Caller, field: str, value: str, message: str) -> None:
    customer = make_customer(owner.organization)
    assert errors(change(admin_client, customer, **{field: value}))[field] == [message]
    assert Customer.objects.get().version == 1


def test_a_customer_may_have_neither_email_nor_phone(admin_client: Client, owner: Caller) -> None:
    add(admin_client, owner.organization, email="")
    (customer,) = owner.get().json()["data"]
    assert (customer["email"], customer["phone"]) == (None, None)


@pytest.mark.parametrize(("field", "theirs", "ours"), [
    ("email", "OPS@example.com", "ops@example.com"),
    ("external_id", "crm-1", "crm-1"),
])  # fmt: skip
def test_a_taken_value_is_an_error_of_the_form(
    admin_client: Client, owner: Caller, field: str, theirs: str, ours: str
) -> None:
    make_customer(owner.organization, **{field: theirs})
    other = make_customer(owner.organization)
    taken = {field: [f"Customer {field} already exists in this organization"]}
    assert errors(add(admin_client, owner.organization, **{field: ours})) == taken
    assert errors(change(admin_client, other, **{field: ours})) == taken
    assert Customer.objects.count() == 2


def test_another_organization_may_hold_the_same(admin_client: Client, owner: Caller, outsider: Caller) -> None:
    make_customer(outsider.organization, email="ops@example.com", external_id="crm-1")
    assert add(admin_client, owner.organization, external_id="crm-1").status_code == 302
    assert owner.get(query={"external_id": "crm-1"}).json()["pagination"]["count"] == 1


@pytest.mark.parametrize("name", ["company_name", "email"])
def test_a_customer_without_any_name_is_an_error_of_the_form(admin_client: Client, owner: Caller, name: str) -> None:
    nameless = {"company_name": "", "email": "", "display_name": ""}
    response = add(admin_client, owner.organization, **nameless)
    assert errors(response) == {"__all__": ["A customer needs a name or an e-mail address."]}
    customer = make_customer(owner.organization)
    assert errors(change(admin_client, customer, **nameless))["display_name"] == ["Required"]


def test_a_customer_without_an_organization_is_an_error_of_the_form(admin_client: Client) -> None:
    assert errors(admin_client.post(f"{LIST}add/", FORM)) == {"organization": ["This field is required."]}


@pytest.mark.parametrize("organization", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_an_organization_that_is_none_is_an_error_of_the_form(admin_client: Client, organization: str) -> None:
    assert list(errors(admin_client.post(f"{LIST}add/", {**FORM, "organization": organization}))) == ["organization"]


def test_a_customer_is_changed_and_stays_where_it_is(admin_client: Client, owner: Caller) -> None:
    customer = make_customer(owner.organization)
    response = change(admin_client, customer, organization=make_organization().pk, display_name="Renamed")
    assert response.status_code == 302
    customer.refresh_from_db()
    assert (customer.display_name, customer.organization, customer.version) == ("Renamed", owner.organization, 2)


def test_a_cleared_field_is_cleared_and_a_cleared_name_derived(admin_client: Client, owner: Caller) -> None:
    customer = make_customer(owner.organization, display_name="Harbor", external_id="crm-1")
    assert change(admin_client, customer, display_name=" ", phone="", external_id="").status_code == 302
    customer.refresh_from_db()
    assert (customer.phone, customer.external_id, customer.phone_key) == (None, None, "")
    assert customer.display_name == customer.company_name


def test_saving_without_a_change_makes_no_version_and_no_entry_in_the_feed(admin_client: Client, owner: Caller) -> None:
    customer = make_customer(owner.organization)
    assert change(admin_client, customer, company_name=f" {customer.company_name} ").status_code == 302
    assert Customer.objects.get().version == 1
    assert [entry.type for entry in CustomerChange.objects.all()] == ["customer.created"]


@pytest.mark.parametrize("seen", ["1", "", "nonsense", "9"])
def test_a_version_that_nobody_saw_is_not_overwritten(admin_client: Client, owner: Caller, seen: str) -> None:
    customer = make_customer(owner.organization, first_name="Nora")
    form = form_of(customer)
    customer.change({"first_name": "Norah"})
    response = admin_client.post(f"{LIST}{customer.pk}/change/", {**form, "last_name": "Harbor", "seen_version": seen})
    assert "Somebody else has changed this customer since you opened it" in response.content.decode()
    customer.refresh_from_db()
    assert (customer.first_name, customer.last_name, customer.version) == ("Norah", "", 2)


def test_the_page_holds_the_version_that_it_shows(admin_client: Client, owner: Caller) -> None:
    customer = make_customer(owner.organization)
    customer.change({"first_name": "Nora"})
    page = admin_client.get(f"{LIST}{customer.pk}/change/")
    assert page.context["adminform"].form["seen_version"].value() == 2


def test_a_page_tells_what_has_been_done_and_by_whom(admin_client: Client, owner: Caller) -> None:
    customer = make_customer(owner.organization)
    change(admin_client, customer, first_name="Nora")
    for page in (f"{LIST}{customer.pk}/change/", f"/admin/organizations/organization/{owner.organization.pk}/change/"):
        assert "The whole history" in admin_client.get(page).content.decode()
    told = " ".join(admin_client.get(f"{LIST}{customer.pk}/change/").content.decode().split())
    assert "admin" in told.partition("<caption>History</caption>")[2]


def test_a_customer_is_deleted(admin_client: Client, owner: Caller) -> None:
    customer = make_customer(owner.organization)
    assert admin_client.post(f"{LIST}{customer.pk}/delete/", {"post": "yes"}).status_code == 302
    assert owner.get().json()["pagination"]["count"] == 0


class EarlyForm(CustomerForm):
    """Looked before another request took the address."""

    def is_taken(self, field: str, value: str, organization: Organization) -> bool:
        return False


class EarlyAdmin(CustomerAdmin):
    form = EarlyForm


def test_an_email_lost_to_a_faster_request_is_no_crash(rf: RequestFactory, admin_user: User, owner: Caller) -> None:
    make_customer(owner.organization, email="ops@example.com", company_name="Somebody")
    request = rf.post(f"{LIST}add/", {**FORM, "organization": owner.organization.pk})
    request.user, request._dont_enforce_csrf_checks = admin_user, True  # type: ignore[attr-defined]
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    response = EarlyAdmin(Customer, admin.site).add_view(request)
    assert response.status_code == 302
    assert [str(message) for message in get_messages(request)] == ["Customer email already exists in this organization"]
