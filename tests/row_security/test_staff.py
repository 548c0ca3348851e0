"""Staff's pages as the serving role: what they show and change is every organization's, once they've signed in."""

from io import BytesIO
from typing import Any

from django.test import Client

from customers.models import Customer, SheetPart, StoredSheet
from tests.callers import Caller
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
