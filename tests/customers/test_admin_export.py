"""Exporting what the admin's list shows."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from customers import sheets
from customers.staff import exports
from tests.callers import Caller
from tests.factories import make_customer

EXPORT = "/admin/customers/customer/export/"


def export(admin_client: Client, caller: Caller, **query: Any) -> str:
    response: Any = admin_client.get(EXPORT, {"organization": str(caller.organization.pk), **query})
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="customers-')
    return b"".join(response.streaming_content).decode()


def names(text: str) -> list[str]:
    return [row["company_name"] for row in csv.DictReader(StringIO(text.removeprefix("\ufeff")))]


@pytest.mark.parametrize("at_once", [1, 2, 3, 2_000])
def test_all_are_there_once_the_oldest_first(
    admin_client: Client, owner: Caller, outsider: Caller, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", at_once)
    noon = datetime(2026, 3, 18, 12, tzinfo=UTC)
    for number in (3, 1, 2):
        make_customer(owner.organization, company_name=f"{number}", created_at=noon + timedelta(hours=number))
    make_customer(outsider.organization)
    assert names(export(admin_client, owner)) == ["1", "2", "3"]


def test_it_is_what_the_list_shows(admin_client: Client, owner: Caller) -> None:
    make_customer(owner.organization, company_name="Harbor", account_type="business")
    make_customer(owner.organization, company_name="Harbor", account_type="individual")
    make_customer(owner.organization, company_name="Bay", account_type="business")
    filters = {"q": "harbor", "account_type__exact": "business", "environment": "live"}
    assert names(export(admin_client, owner, **filters)) == ["Harbor"]


def test_a_spreadsheet_runs_nothing_and_the_same_comes_in_again(admin_client: Client, owner: Caller) -> None:
    make_customer(owner.organization, company_name='=HYPERLINK("x")', phone="+1-404-555-0128", first_name="Zoë")
    text = export(admin_client, owner)
    assert text.startswith(f"\ufeff{','.join(sheets.COLUMNS)}\r\n")
    assert '"\'=HYPERLINK(""x"")"' in text
    (row,) = sheets.read(StringIO(text.removeprefix("\ufeff")))
    assert (row.cells["company_name"], row.cells["phone"]) == ('=HYPERLINK("x")', "+1-404-555-0128")


def test_of_nobody_there_is_a_header(admin_client: Client, owner: Caller) -> None:
    assert export(admin_client, owner) == f"\ufeff{','.join(sheets.COLUMNS)}\r\n"


def test_a_sheet_holds_one_organizations_customers(admin_client: Client, owner: Caller) -> None:
    response = admin_client.get(EXPORT, {"q": "harbor"})
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/customers/customer/?q=harbor")
    (message,) = get_messages(response.wsgi_request)
    assert "Choose an organization first" in str(message)


@pytest.mark.parametrize("query", ["organization=nonsense", "organization=00000000-0000-4000-8000-000000000000"])
def test_an_address_that_makes_no_sense_leads_to_the_list(admin_client: Client, db: None, query: str) -> None:
    assert admin_client.get(f"{EXPORT}?{query}").headers["Location"] == "/admin/customers/customer/?e=1"
