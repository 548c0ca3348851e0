"""Staff's pages as the serving role: what they show and change is every organization's, once they've signed in."""

import re
import uuid
from io import BytesIO
from typing import Any

from django.test import Client

from customers.models import Customer, SheetPart, StoredSheet
from organizations.models import Organization
from tests.callers import CUSTOMERS, Caller, client
from tests.factories import make_customer
from tests.row_security.conftest import Serving

LIST = "/admin/customers/customer/"
SHEET = b"account_type,company_name,email,phone\nbusiness,Harbor,ops@example.com,404-555-0128\nbusiness,Bay,nobody,1\n"


def test_an_export_streams_what_the_list_shows(serving: Serving, admin_client: Client, owner: Caller) -> None:
    made = make_customer(owner.organization)
    with serving():
        response: Any = admin_client.get(f"{LIST}export/", {"organization": str(owner.organization.pk)})
        assert made.company_name in b"".join(response.streaming_content).decode()


def test_a_sheet_is_imported_exported_and_forgotten(serving: Serving, admin_client: Client, owner: Caller) -> None:
    with serving():
        file = BytesIO(SHEET)
        uploaded = admin_client.post(f"{LIST}import/", {"organization": str(owner.organization.pk), "file": file})
        assert uploaded.status_code == 302
        started = admin_client.post(f"{uploaded.headers['Location']}start/")
        assert "email: Invalid email address" in admin_client.get(started.headers["Location"]).content.decode()
        assert owner.get().json()["pagination"]["count"] == 1
        assert admin_client.post(f"{uploaded.headers['Location']}discard/").status_code == 302
    assert (StoredSheet.objects.count(), SheetPart.objects.count()) == (0, 0)


def test_a_customer_is_found_and_changed(serving: Serving, admin_client: Client, owner: Caller) -> None:
    customer = make_customer(owner.organization)
    form = {"account_type": "business", "company_name": "Renamed", "seen_version": "1", "email": customer.email}
    with serving():
        assert str(customer.pk) in admin_client.get(LIST, {"q": customer.company_name}).content.decode()
        assert admin_client.post(f"{LIST}{customer.pk}/change/", form).status_code == 302
    assert Customer.objects.get().company_name == "Renamed"


def test_nobody_else_is_shown_anything(serving: Serving, client: Client, owner: Caller) -> None:
    make_customer(owner.organization)
    with serving():
        answers = [
            client.get(f"{LIST}{path}", {"organization": str(owner.organization.pk)}) for path in ("", "export/")
        ]
    assert [answer.status_code for answer in answers] == [302, 302]


def test_an_organization_is_made_with_a_key_that_works(serving: Serving, admin_client: Client, db: None) -> None:
    terms = {"with_key": "on", "key-key_id": str(uuid.uuid4()), "key-name": "CRM", "key-per_minute": "60"}
    about = {"name": "North Harbor Facilities", "environment": "live", "region": "US"}
    scopes = {"key-scopes": "read:customers", "key-lifetime": "365"}
    with serving():
        shown = admin_client.post("/admin/organizations/organization/add/", {**about, **terms, **scopes})
        (text,) = set(re.findall(r"ast_live_[0-9A-Za-z]{50}", shown.content.decode()))
    made = Organization.objects.get()
    headers = {"x-api-key": text, "x-organization-id": str(made.pk)}
    with serving():
        answers = [client().get(CUSTOMERS, headers=headers).status_code]
        for action in ("suspend", "reactivate"):
            admin_client.post(f"/admin/organizations/organization/{made.pk}/{action}/")
            answers.append(client().get(CUSTOMERS, headers=headers).status_code)
    assert answers == [200, 403, 200]
