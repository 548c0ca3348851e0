"""Customers in the admin: the API's own rules."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import Client, RequestFactory

from customers.admin import CustomerAdmin, CustomerForm
from customers.models import Customer
from organizations.models import Organization
from tests.callers import Caller
from tests.factories import make_customer, make_organization

LIST = "/admin/customers/customer/"
FORM = {"account_type": "business", "company_name": " North Harbor Facilities ", "email": "ops@example.com"}


def add(admin_client: Client, organization: Organization, **fields: Any) -> Any:
    return admin_client.post(f"{LIST}add/", {**FORM, "organization": organization.pk, **fields})


def errors(response: Any) -> Any:
    return response.context["adminform"].form.errors


def test_a_customer_is_made_as_the_api_makes_one(admin_client: Client, owner: Caller) -> None:
    assert add(admin_client, owner.organization, phone="404-555-0128").status_code == 302
    (customer,) = owner.get(query={"phone": "+14045550128"}).json()["data"]
    assert (customer["display_name"], customer["phone"]) == ("North Harbor Facilities", "404-555-0128")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "nobody", "Invalid email address"),
        ("phone", "12", "Invalid phone number"),
        ("first_name", "No\x07ra", "Must not contain control characters"),
    ],
)
def test_what_the_api_refuses_is_an_error_of_the_form(
    admin_client: Client, field: str, value: str, message: str
) -> None:
    response = add(admin_client, make_organization(), **{field: value})
    assert errors(response) == {field: [message]}
    assert not Customer.objects.exists()


def test_a_customer_may_have_neither_email_nor_phone(admin_client: Client, owner: Caller) -> None:
    add(admin_client, owner.organization, email="")
    (customer,) = owner.get().json()["data"]
    assert (customer["email"], customer["phone"]) == (None, None)


def test_a_taken_email_is_an_error_of_the_form(admin_client: Client, owner: Caller) -> None:
    make_customer(owner.organization, email="OPS@example.com")
    assert errors(add(admin_client, owner.organization)) == {
        "email": ["Customer email already exists in this organization"]
    }


def test_an_external_id_is_given_and_is_its_customers_own(admin_client: Client, owner: Caller) -> None:
    assert add(admin_client, owner.organization, external_id="crm-1").status_code == 302
    again = add(admin_client, owner.organization, email="other@example.com", external_id="crm-1")
    assert errors(again) == {"__all__": ["Customer with this Organization and External id already exists."]}
    assert owner.get(query={"external_id": "crm-1"}).json()["pagination"]["count"] == 1


def test_a_customer_without_any_name_is_an_error_of_the_form(admin_client: Client) -> None:
    response = add(admin_client, make_organization(), company_name="", email="")
    assert errors(response) == {"__all__": ["A customer needs a name or an e-mail address."]}


def test_a_customer_without_an_organization_is_an_error_of_the_form(admin_client: Client) -> None:
    assert errors(admin_client.post(f"{LIST}add/", FORM)) == {"organization": ["This field is required."]}


def test_a_customer_is_changed_and_stays_where_it_is(admin_client: Client, owner: Caller) -> None:
    customer = make_customer(owner.organization)
    form = {**FORM, "organization": make_organization().pk, "display_name": "Renamed", "email": customer.email}
    assert admin_client.post(f"{LIST}{customer.pk}/change/", form).status_code == 302
    customer.refresh_from_db()
    assert (customer.display_name, customer.organization) == ("Renamed", owner.organization)


@pytest.mark.parametrize("term", ["harbor north", "404-555-0128 harbor", "OPS@", "id"])
def test_search_finds_by_words_and_by_id(admin_client: Client, owner: Caller, term: str) -> None:
    found = make_customer(owner.organization, company_name="North Harbor", email="ops@example.com")
    make_customer(owner.organization, phone=None)
    page = admin_client.get(LIST, {"q": str(found.pk) if term == "id" else term})
    assert [customer.pk for customer in page.context["cl"].result_list] == [found.pk]


class EarlyForm(CustomerForm):
    """Looked before another request took the address."""

    def is_taken(self, email: str, organization: Organization) -> bool:
        return False


class EarlyAdmin(CustomerAdmin):
    form = EarlyForm


def test_an_email_lost_to_a_faster_request_is_no_crash(rf: RequestFactory, admin_user: User, owner: Caller) -> None:
    make_customer(owner.organization, email="ops@example.com")
    request = rf.post(f"{LIST}add/", {**FORM, "organization": owner.organization.pk})
    request.user, request._dont_enforce_csrf_checks = admin_user, True  # type: ignore[attr-defined]
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    response = EarlyAdmin(Customer, admin.site).add_view(request)
    assert response.status_code == 302
    assert [str(message) for message in get_messages(request)] == ["Customer email already exists in this organization"]
