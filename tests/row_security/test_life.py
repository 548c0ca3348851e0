"""The API as the serving role: whatever works without row-level security works below it."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from apikeys.models import ApiKey
from asteri.row_security import speak_for_organization, speaking
from customers.models import Customer, CustomerChange, IdempotencyLink, IdempotencyRecord, Tombstone
from organizations.models import Organization
from tests.callers import CUSTOMERS, ROOT, Caller, encoded
from tests.factories import make_customer
from tests.row_security.conftest import Serving

KEYS = f"{ROOT}/api-keys"
BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
CHANGES = f"{CUSTOMERS}/changes"


def test_a_customer_lives_its_whole_life(serving: Serving, owner: Caller) -> None:
    with serving():
        made = owner.post(BODY)
        path = made.headers["Location"]
        answers = [
            made,
            owner.get(path),
            owner.get(query={"search": "harbor"}),
            owner.send("PATCH", path, data=b'{"first_name": "Nora"}', content_type="application/json"),
            owner.post(BODY),
            owner.send("DELETE", path),
            owner.get(path),
        ]
        feed = owner.get(CHANGES).json()
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 409, 204, 404]
    assert answers[2].json()["pagination"]["count"] == 1
    assert answers[4].headers["Location"] == path
    assert [change["type"] for change in feed["data"]] == [
        f"customer.{what}" for what in ("created", "updated", "deleted")
    ]


def test_an_upsert_creates_and_replaces(serving: Serving, owner: Caller) -> None:
    path, sent = f"{CUSTOMERS}/by-external-id/crm-1", encoded(BODY)
    with serving():
        statuses = [owner.send("PUT", path, content_type="application/json", data=sent).status_code for _ in range(2)]
    assert statuses == [201, 200]
    assert Customer.objects.get().organization == owner.organization


def test_a_bulk_stores_what_it_can(serving: Serving, owner: Caller) -> None:
    items = [BODY, BODY, {**BODY, "email": "nobody"}, {**BODY, "email": "other@harbor.example"}]
    with serving():
        results = owner.post({"customers": items}, f"{CUSTOMERS}/bulk").json()["data"]
    assert [result["status"] for result in results] == [201, 409, 400, 201]
    assert Customer.objects.of(owner.organization).count() == 2


def test_a_retry_is_answered_again_until_its_customer_is_deleted(serving: Serving, owner: Caller) -> None:
    key = {"idempotency-key": "once"}
    with serving():
        first, again = (owner.post(BODY, headers=key) for _ in range(2))
        assert (first.content, again.headers["Idempotent-Replayed"]) == (again.content, "true")
        assert owner.send("DELETE", first.headers["Location"]).status_code == 204
    assert (IdempotencyRecord.objects.count(), IdempotencyLink.objects.count()) == (0, 0)
    assert Tombstone.objects.get().organization_id == owner.organization.id


def test_a_retry_is_nobody_elses(serving: Serving, owner: Caller, outsider: Caller) -> None:
    with serving():
        answers = [caller.post(BODY, headers={"idempotency-key": "once"}) for caller in (owner, outsider)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert all("Idempotent-Replayed" not in answer.headers for answer in answers)


def test_the_feed_is_followed(serving: Serving, owner: Caller, outsider: Caller) -> None:
    for caller in (owner, outsider):
        make_customer(caller.organization)
    with serving():
        first = owner.get(CHANGES).json()
        made = owner.post(BODY).json()["data"]["id"]
        second = owner.get(CHANGES, query={"cursor": first["pagination"]["next_cursor"]}).json()
    assert [len(first["data"]), [change["customer_id"] for change in second["data"]]] == [1, [made]]
    assert CustomerChange.objects.filter(place=None).count() == 1  # the outsider's


def test_keys_are_made_used_rotated_and_revoked(serving: Serving, owner: Caller) -> None:
    with serving():
        made = owner.post({"name": "Made", "scopes": ["read:customers"], "per_minute": 60}, KEYS)
        path, key = made.headers["Location"], {"x-api-key": made.json()["data"]["key"]}
        used = owner.get(headers=key)
        rotated = owner.post({"grace_hours": 1}, f"{path}/rotate")
        revoked, refused = owner.send("DELETE", path), owner.get(headers=key)
        listed = owner.get(KEYS).json()["data"]
    assert [made.status_code, used.status_code, rotated.status_code] == [201, 200, 201]
    assert [revoked.status_code, refused.status_code, len(listed)] == [204, 401, 3]


def test_what_a_key_may_act_for_is_told(serving: Serving, owner: Caller, outsider: Caller) -> None:
    with serving():
        current = owner.get(f"{KEYS}/current", headers={"x-organization-id": None}).json()["data"]
        listed = owner.get(f"{ROOT}/organizations").json()["data"]
    assert current["organization"]["id"] == str(owner.organization.id)
    assert [organization["id"] for organization in listed] == [str(owner.organization.id)]


def test_the_use_of_a_key_is_stamped(serving: Serving, owner: Caller) -> None:
    with serving():
        owner.get()
    assert ApiKey.objects.get(pk=owner.key.pk).last_used_at is not None


@pytest.mark.parametrize("change", [{"suspended_at": "2026-01-01T00:00Z"}, {}], ids=["suspended", "active"])
def test_a_suspended_organization_is_refused(serving: Serving, owner: Caller, change: dict[str, Any]) -> None:
    Organization.objects.filter(pk=owner.organization.pk).update(**change, region="US")
    with serving():
        assert owner.get().status_code == (403 if change else 200)


@pytest.fixture
def staff(transactional_db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff"))
    return client


def test_staff_see_and_change_every_organization(
    serving: Serving, owner: Caller, outsider: Caller, staff: Client
) -> None:
    customers = [make_customer(caller.organization) for caller in (owner, outsider)]
    form = {"account_type": "business", "company_name": "Renamed", "display_name": "Renamed", "seen_version": "1"}
    with serving():
        listed = staff.get("/admin/customers/customer/").content.decode()
        for customer in customers:
            seen = {"seen_version": customer.version}
            assert staff.post(f"/admin/customers/customer/{customer.pk}/change/", form | seen).status_code == 302
    assert all(customer.display_name in listed for customer in customers)
    assert set(Customer.objects.values_list("display_name", flat=True)) == {"Renamed"}


def test_staff_make_organizations_and_keys(serving: Serving, staff: Client) -> None:
    with serving():
        form = {"name": "Made by staff", "environment": "live", "region": "US"}
        assert staff.post("/admin/organizations/organization/add/", form).status_code == 302
        listed = staff.get("/admin/organizations/organization/").content.decode()
        (made,) = set(re.findall(r"organization/([0-9a-f-]{36})/", listed))
        terms = {"scopes": [], "per_minute": "60", "lifetime": "365", "key_id": str(uuid4())}
        page = staff.post("/admin/apikeys/apikey/add/", {"organization": made, "name": "Key", **terms})
    assert page.status_code == 200
    assert b"ast_live_" in page.content


def test_staff_choose_among_users_groups_and_permissions(serving: Serving, staff: Client) -> None:
    with serving():  # these pages read with cursors on the server where they can
        assert staff.get(f"/admin/auth/user/{User.objects.get().pk}/change/").status_code == 200
        page = staff.get("/admin/auth/group/add/")
    assert b"Can add customer" in page.content


@pytest.mark.parametrize("path", ["/admin/customers/customer/", "/admin/"])
def test_who_has_not_signed_in_is_sent_to_do_so(serving: Serving, path: str) -> None:
    with serving():
        response = Client().get(path, follow=True)
    assert response.redirect_chain[-1][0].startswith("/admin/login/")


def test_an_index_serves_a_search_below_a_policy(serving: Serving, owner: Caller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("CREATE INDEX by_words ON customers_customer USING gin (search_text gin_trgm_ops)")
    try:
        with serving(), speaking(), transaction.atomic():
            speak_for_organization(owner.organization.id)
            connection.cursor().execute("SET LOCAL enable_seqscan TO off; SET LOCAL enable_indexscan TO off")
            assert "by_words" in Customer.objects.matching("harbor").explain()
    finally:
        connection.cursor().execute("DROP INDEX by_words")
