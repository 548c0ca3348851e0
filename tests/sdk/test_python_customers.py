"""The Python SDK's customers: every call against the served API."""

from typing import Any
from uuid import uuid4

import pytest

from asteri_public_api import AsteriApiError, AsteriPublicApiClient
from tests.sdk.clients import Caller


def body(**fields: str) -> Any:
    """Answer a customer nobody else has."""
    return {"account_type": "business", "email": f"{uuid4().hex}@example.com", "phone": "+1-404-555-0128", **fields}


def test_a_created_customer_is_answered_and_found(client: AsteriPublicApiClient, caller: Caller) -> None:
    created = client.customers.create(**body(company_name="Maple Cleaning"))

    assert created.meta.status == 201
    assert created.data.display_name == "Maple Cleaning"
    assert created.data.organization_id == caller.organization_id
    assert created.data.created_at.utcoffset() is not None
    assert client.customers.get(created.data.id) == created


def test_a_profile_is_there_where_it_is_asked_for(client: AsteriPublicApiClient) -> None:
    created = client.customers.create(**body(first_name="Nora", external_id=uuid4().hex))
    profile = client.customers.get(created.data.id, expand="profile").data.profile

    assert created.data.profile is None
    assert profile is not None
    assert (profile.first_name, profile.last_name) == ("Nora", None)


def test_a_page_has_its_pagination(client: AsteriPublicApiClient) -> None:
    email = client.customers.create(**body()).data.email
    page = client.customers.list(email=email or "", limit=1)

    assert [customer.email for customer in page.data] == [email]
    assert (page.pagination.count, page.pagination.limit, page.pagination.next_cursor) == (1, 1, None)


def test_a_moment_may_filter(client: AsteriPublicApiClient) -> None:
    created = client.customers.create(**body()).data

    found = client.customers.list(email=created.email or "", created_after=created.created_at)
    gone = client.customers.list(email=created.email or "", created_before=created.created_at)

    assert (found.pagination.count, gone.pagination.count) == (1, 0)


def test_a_change_clears_and_sets(client: AsteriPublicApiClient) -> None:
    created = client.customers.create(**body(company_name="Maple Cleaning"))
    changed = client.customers.update(created.data.id, phone=None, display_name="Maple", if_match=created.meta.etag)

    assert (changed.data.phone, changed.data.display_name) == (None, "Maple")
    assert changed.meta.etag != created.meta.etag


def test_a_deleted_customer_is_gone(client: AsteriPublicApiClient) -> None:
    created = client.customers.create(**body())

    assert client.customers.delete(created.data.id, if_match=created.meta.etag).status == 204
    with pytest.raises(AsteriApiError, match="404 Customer not found"):
        client.customers.get(created.data.id)


@pytest.mark.parametrize("external_id", ["crm-1041", "a/b?c#d%20e", "Zürich 東京"])
def test_an_upsert_creates_then_replaces(client: AsteriPublicApiClient, external_id: str) -> None:
    name, sent = f"{external_id}-{uuid4().hex}", body()
    created = client.customers.upsert(name, **sent)
    replaced = client.customers.upsert(name, **{**sent, "company_name": "Cedar Electric"})

    assert (created.meta.status, replaced.meta.status) == (201, 200)
    assert replaced.data.id == created.data.id
    assert client.customers.list(external_id=name).data == [replaced.data]


def test_bulk_answers_each_in_its_place(client: AsteriPublicApiClient) -> None:
    taken = body()
    results = client.customers.bulk([taken, taken, body(email="nobody")]).data

    assert [result.status for result in results] == [201, 409, 400]
    assert results[0].data is not None
    assert results[1].field == "email"
    assert (results[1].location or "").endswith(results[0].data.id)
    assert [issue["path"] for issue in results[2].issues] == ["email"]


def test_changes_follow_a_cursor(client: AsteriPublicApiClient) -> None:
    cursor = client.customers.changes(limit=1).pagination.next_cursor
    while (page := client.customers.changes(cursor=cursor, limit=100)).data:
        cursor = page.pagination.next_cursor
    created = client.customers.create(**body()).data
    client.customers.delete(created.id)

    seen = client.customers.changes(cursor=cursor).data
    assert [(change.type, change.customer) for change in seen if change.customer_id == created.id] == [
        ("customer.created", None),
        ("customer.deleted", None),
    ]


def test_a_condition_that_was_lost_on_the_way_is_refused(client: AsteriPublicApiClient) -> None:
    created = client.customers.create(**body()).data
    with pytest.raises(ValueError, match="if_match is None"):
        client.customers.update(created.id, phone=None, if_match=client.customers.list().meta.etag)
    assert client.customers.get(created.id).data == created


@pytest.mark.parametrize("customer_id", ["", ".", ".."])
def test_what_no_path_can_hold_is_refused_at_once(client: AsteriPublicApiClient, customer_id: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a path"):
        client.customers.get(customer_id)
