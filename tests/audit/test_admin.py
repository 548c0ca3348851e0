"""The trail in the admin: read, filtered, never written."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from asteri.audit.actor import acting
from asteri.audit.history import by_key, of_subject
from asteri.audit.models import Record
from tests.callers import Caller
from tests.factories import make_customer

LIST = "/admin/audit/record/"
BODY = {"account_type": "business", "email": "<b>ops</b>@harbor.example", "phone": "404-555-0128"}


@pytest.fixture
def staff(db: None) -> Client:
    """Has signed in and may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("harbor-master"))
    return client


def page(client: Client, path: str = LIST, **query: Any) -> str:
    response = client.get(path, query)
    assert response.status_code == 200, response.headers
    return response.content.decode()


def listed(client: Client, **query: Any) -> set[int]:
    """Answer the ids of the records that a list shows."""
    return {int(pk) for pk in re.findall(rf'href="{LIST}(\d+)/change/', page(client, **query))}


def ids(records: Any) -> set[int]:
    return set(records.values_list("pk", flat=True))


def test_records_are_found_by_who_and_what(staff: Client, owner: Caller, outsider: Caller) -> None:
    made = owner.post({**BODY, "email": "ops@harbor.example"}).json()["data"]
    with acting("user", "nora"):
        customer = make_customer(outsider.organization)
        customer.delete()
    key = owner.key
    assert listed(staff, subject=made["id"]) == listed(staff, key=key.public_id) == ids(by_key(key.public_id))
    assert listed(staff, key=key.hint) == ids(by_key(key.public_id)) != set()
    assert listed(staff, user="nora") == ids(Record.objects.filter(actor="nora"))
    assert listed(staff, organization=str(outsider.organization.pk)) == ids(
        Record.objects.filter(organization_id=outsider.organization.pk)
    )
    assert listed(staff, user="nora", action__exact="deleted") == ids(
        Record.objects.filter(actor="nora", action="deleted")
    )
    assert listed(staff, user="nora", type="apikeys.apikey") == set()
    assert listed(staff, user=key.public_id) == listed(staff, subject="nothing' OR 1=1") == set()


def test_records_are_found_by_their_day(staff: Client, owner: Caller) -> None:
    subject, today = str(owner.key.pk), timezone.now().date()
    days = [(today + timedelta(days=number)).isoformat() for number in (-1, 0, 1)]
    (mine,) = ids(of_subject(owner.key))
    given = [{"from": days[0]}, {"until": days[2]}, {"from": days[0], "until": days[2]}]
    assert [listed(staff, subject=subject, **query) for query in given] == [{mine}] * 3
    far = [{"from": "9999-12-31"}, {"until": "0001-01-01"}]
    assert [listed(staff, subject=subject, **query) for query in far] == [set()] * 2


@pytest.mark.parametrize(
    "query",
    [{"from": "yesterday"}, {"until": "2026-02-30"}, {"organization": "1"}, {"type": "x"}, {"e": "1"}],
)
def test_an_address_that_makes_no_sense_is_no_fault(staff: Client, query: dict[str, str]) -> None:
    assert staff.get(LIST, query, follow=True).status_code == 200


def test_a_record_is_shown_from_what_to_what(staff: Client, owner: Caller) -> None:
    customer = make_customer(owner.organization, first_name="<i>Nora</i>")
    type(customer).objects.filter(pk=customer.pk).update(first_name="<b>Ada</b>")
    text = page(staff, f"{LIST}{of_subject(customer)[0].pk}/change/")
    assert re.search(r"first_name</th><td>&lt;i&gt;Nora&lt;/i&gt;</td><td>&lt;b&gt;Ada&lt;/b&gt;</td>", text)
    assert "<i>Nora" not in text
    assert str(customer.pk) in text


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/"])
def test_nobody_writes_one(staff: Client, owner: Caller, path: str) -> None:
    address = LIST + path.format(pk=of_subject(owner.key)[0].pk)
    assert [staff.get(address).status_code, staff.post(address, {"post": "yes"}).status_code] == [403, 403]


def test_a_record_is_not_changed(staff: Client, owner: Caller) -> None:
    record = of_subject(owner.key)[0]
    assert staff.post(f"{LIST}{record.pk}/change/", {"actor": "somebody else"}).status_code == 403
    assert "delete_selected" not in page(staff)


def test_who_may_not_view_records_sees_none(owner: Caller) -> None:
    client, user = Client(), User.objects.create_user("nora", is_staff=True)
    client.force_login(user)
    assert client.get(LIST).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_record", content_type__app_label="audit"))
    assert client.get(LIST).status_code == 200


def test_a_list_costs_the_same_however_long_it_is(staff: Client, owner: Caller) -> None:
    costs = []
    for count in (1, 20):
        for _ in range(count):
            make_customer(owner.organization)
        with CaptureQueriesContext(connection) as statements:
            page(staff, **{"organization": str(owner.organization.pk), "from": "2026-01-01", "until": "2100-01-01"})
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 12


def test_other_pages_show_the_last_ten(owner: Caller) -> None:
    customer = make_customer(owner.organization)
    for number in range(11):
        type(customer).objects.filter(pk=customer.pk).update(last_name=f"{number}")
    context = {
        "records": of_subject(customer),
        "more_url": f"{LIST}?subject={customer.pk}",
        "audit_title": "What was done",
    }
    text = render_to_string("audit/history.html", context)
    assert (text.count("<tr>"), text.count("created"), "The whole history" in text) == (11, 0, True)
    assert "What was done" in text
    assert " style=" not in text
    assert "Nothing has been recorded." in render_to_string("audit/history.html", {"records": Record.objects.none()})
