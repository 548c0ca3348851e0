"""GET /api/public/v1/customers/changes: the sync feed."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from customers.models import Customer
from tests.callers import CUSTOMERS, Caller, encoded, issues
from tests.factories import make_customer

CHANGES = f"{CUSTOMERS}/changes"
CREATED, UPDATED, DELETED = "customer.created", "customer.updated", "customer.deleted"
BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LIMIT = "Must be a whole number from 1 to 100"


def read(caller: Caller, **query: Any) -> Any:
    response = caller.get(CHANGES, query=query)
    assert response.status_code == 200, response.content
    return response.json()


def entries(caller: Caller, **query: Any) -> list[tuple[str, str]]:
    return [(entry["type"], entry["customer_id"]) for entry in read(caller, **query)["data"]]


def cursor_of(caller: Caller, **query: Any) -> str:
    cursor: str = read(caller, **query)["pagination"]["next_cursor"]
    return cursor


def write(caller: Caller, method: str, path: object, body: Any = None) -> str:
    """Send a write that succeeds; answer the customer's id."""
    response = caller.send(method, f"{CUSTOMERS}{path}", data=encoded(body or {}), content_type="application/json")
    assert response.status_code < 300, response.content
    return str(response.json()["data"]["id"]) if response.content else str(path)[1:]


def test_tells_what_happened_in_order(owner: Caller) -> None:
    first = write(owner, "POST", "", BODY)
    second = write(owner, "PUT", "/by-external-id/crm-1", {**BODY, "email": "second@harbor.example"})
    write(owner, "PATCH", f"/{first}", {"first_name": "Nora"})
    write(owner, "DELETE", f"/{second}")
    assert entries(owner) == [(CREATED, first), (CREATED, second), (UPDATED, first), (DELETED, second)]


def test_an_entry_has_its_keys_in_order_and_the_customer_as_it_is_now(owner: Caller) -> None:
    customer = make_customer(owner.organization)
    write(owner, "PATCH", f"/{customer.pk}", {"display_name": "Shown"})
    answered = read(owner)["data"]
    now = owner.get(f"{CUSTOMERS}/{customer.pk}").json()["data"]
    assert [list(entry) for entry in answered] == [["type", "customer_id", "occurred_at", "customer"]] * 2
    assert [entry["customer"] for entry in answered] == [now, now]


def test_the_answer_has_the_keys_of_the_contract(owner: Caller) -> None:
    answered = read(owner)
    assert (list(answered), list(answered["pagination"])) == (["data", "pagination"], ["limit", "next_cursor"])
    assert answered["pagination"]["limit"] == 25


def test_occurred_at_is_the_moment_of_the_change_in_milliseconds(owner: Caller) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=2)
    make_customer(owner.organization)
    (entry,) = read(owner)["data"]
    assert TIMESTAMP.fullmatch(entry["occurred_at"])
    assert before <= datetime.fromisoformat(entry["occurred_at"]) <= datetime.now(UTC)


def test_a_customer_that_is_gone_is_null_in_all_its_entries(owner: Caller) -> None:
    customer = write(owner, "POST", "", BODY)
    write(owner, "PATCH", f"/{customer}", {"first_name": "Nora"})
    write(owner, "DELETE", f"/{customer}")
    told = [(entry["type"], entry["customer_id"], entry["customer"]) for entry in read(owner)["data"]]
    assert told == [(type_, customer, None) for type_ in (CREATED, UPDATED, DELETED)]


def test_pages_meet_every_change_once(owner: Caller) -> None:
    made = [(CREATED, str(make_customer(owner.organization).pk)) for _ in range(7)]
    cursor, met, sizes = cursor_of(owner, limit=3), entries(owner, limit=3), [3]
    while page := entries(owner, limit=3, cursor=cursor):
        met, sizes = met + page, [*sizes, len(page)]
        cursor = cursor_of(owner, limit=3, cursor=cursor)
    assert (met, sizes) == (made, [3, 3, 1])


def test_a_read_repeated_is_answered_alike(owner: Caller) -> None:
    for _ in range(3):
        make_customer(owner.organization)
    cursor = cursor_of(owner, limit=1)
    assert read(owner, limit=1, cursor=cursor) == read(owner, limit=1, cursor=cursor)


@pytest.mark.parametrize("count", [0, 1])
def test_there_is_always_a_cursor_and_at_the_end_it_stays(owner: Caller, count: int) -> None:
    for _ in range(count):
        make_customer(owner.organization)
    cursor = cursor_of(owner)
    assert isinstance(cursor, str)
    assert read(owner, cursor=cursor) == {"data": [], "pagination": {"limit": 25, "next_cursor": cursor}}


@pytest.mark.parametrize("count", [0, 1])
def test_a_cursor_from_the_end_goes_on_with_what_comes_later(owner: Caller, count: int) -> None:
    for _ in range(count):
        make_customer(owner.organization)
    cursor = cursor_of(owner)
    later = make_customer(owner.organization)
    assert entries(owner, cursor=cursor) == [(CREATED, str(later.pk))]


def test_tells_nothing_of_another_organization(owner: Caller, outsider: Caller) -> None:
    make_customer(outsider.organization)
    mine = make_customer(owner.organization)
    make_customer(outsider.organization)
    assert entries(owner) == [(CREATED, str(mine.pk))]


def bad_cursors(owner: Caller, outsider: Caller) -> Iterator[str]:
    """Answer cursors from elsewhere, and good ones that somebody has tampered with."""
    for caller in (owner, outsider):
        for _ in range(2):
            make_customer(caller.organization)
    good = cursor_of(owner, limit=1)
    yield cursor_of(outsider, limit=1)
    yield owner.get(query={"limit": 1}).json()["pagination"]["next_cursor"]
    yield from (good[:-1], good[1:], f"{good}A", f"{good}=", f"{'B' if good[0] == 'A' else 'A'}{good[1:]}")
    yield from ("x", "0", "null", "ä", "A" * 32, "A" * 5000)


def test_a_cursor_from_elsewhere_is_refused(owner: Caller, outsider: Caller) -> None:
    for cursor in bad_cursors(owner, outsider):
        response = owner.get(CHANGES, query={"cursor": cursor})
        issue = {"path": "cursor", "message": "Invalid cursor"}
        expected = {"error": "Invalid query parameters", "issues": [issue]}
        assert (response.status_code, response.json()) == (400, expected), cursor


def test_the_list_refuses_the_feeds_cursor(owner: Caller) -> None:
    assert issues(owner.get(query={"cursor": cursor_of(owner)})) == {"cursor": "Invalid cursor"}


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "1_0", "１０", "1.0", "ten", "9" * 5000], ids=lambda text: text[:9]
)
def test_a_limit_out_of_bounds_is_refused(owner: Caller, limit: str) -> None:
    response = owner.get(CHANGES, query={"limit": limit})
    assert (response.status_code, issues(response)) == (400, {"limit": LIMIT})


@pytest.mark.parametrize("limit", [1, 100])
def test_a_limit_within_bounds_is_answered(owner: Caller, limit: int) -> None:
    assert read(owner, limit=limit)["pagination"]["limit"] == limit


@pytest.mark.parametrize("name", ["order", "email", "search", "created_after", "since", "expand"])
def test_a_parameter_that_it_does_not_know_is_refused(owner: Caller, name: str) -> None:
    assert issues(owner.get(CHANGES, query={name: "x"})) == {name: "Unknown parameter"}


def test_all_faults_of_the_query_are_named_at_once(owner: Caller) -> None:
    response = owner.send("GET", f"{CHANGES}?limit=0&cursor=x&order=id")
    assert issues(response) == {"limit": LIMIT, "cursor": "Invalid cursor", "order": "Unknown parameter"}


def test_a_key_that_may_not_read_reads_no_feed(owner: Caller) -> None:
    response = Caller.of(owner.organization, scopes=["write:customers"]).get(CHANGES)
    expected = {"error": "API key missing required scopes", "missingScopes": ["read:customers"]}
    assert (response.status_code, response.json()) == (403, expected)


def test_head_is_answered_as_get(owner: Caller) -> None:
    make_customer(owner.organization)
    get, head = owner.get(CHANGES), owner.send("HEAD", CHANGES)
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", get["Content-Length"])


def test_a_bulk_is_noted(owner: Caller) -> None:
    items = [{**BODY, "email": f"{number}@harbor.example"} for number in range(3)]
    results = owner.post({"customers": items}, f"{CUSTOMERS}/bulk").json()["data"]
    assert entries(owner) == [(CREATED, result["data"]["id"]) for result in results]


def test_a_replacement_under_an_external_id_is_noted(owner: Caller) -> None:
    customer = write(owner, "PUT", "/by-external-id/crm-1", BODY)
    write(owner, "PUT", "/by-external-id/crm-1", {**BODY, "first_name": "Nora"})
    assert entries(owner) == [(CREATED, customer), (UPDATED, customer)]


def test_the_admin_is_noted(owner: Caller, admin_client: Client) -> None:
    page, form = "/admin/customers/customer", {"account_type": "business", "company_name": "Firm"}
    admin_client.post(f"{page}/add/", {**form, "organization": owner.organization.pk})
    customer = Customer.objects.get()
    admin_client.post(f"{page}/{customer.pk}/change/", {**form, "display_name": "Shown", "seen_version": "1"})
    admin_client.post(f"{page}/{customer.pk}/delete/", {"post": "yes"})
    assert entries(owner) == [(type_, str(customer.pk)) for type_ in (CREATED, UPDATED, DELETED)]


def test_whole_tables_of_changes_are_noted_row_by_row(owner: Caller) -> None:
    fields = {"organization": owner.organization, "account_type": "business", "display_name": "Shown"}
    made = [str(row.pk) for row in Customer.objects.bulk_create(Customer(**fields) for _ in range(2))]
    Customer.objects.update(first_name="Nora")
    Customer.objects.all().delete()
    noted = entries(owner)
    assert [type_ for type_, _ in noted] == [CREATED, CREATED, UPDATED, UPDATED, DELETED, DELETED]
    assert all({pk for type_, pk in noted if type_ == wanted} == set(made) for wanted in (CREATED, UPDATED, DELETED))


@pytest.mark.parametrize(
    ("statement", "type_"),
    [("UPDATE customers_customer SET first_name = 'Nora'", UPDATED), ("DELETE FROM customers_customer", DELETED)],
)
def test_raw_sql_is_noted(owner: Caller, statement: str, type_: str) -> None:
    customer = str(make_customer(owner.organization).pk)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert entries(owner) == [(CREATED, customer), (type_, customer)]


def test_what_is_rolled_back_is_not_noted(owner: Caller) -> None:
    kept = make_customer(owner.organization)
    with transaction.atomic():
        make_customer(owner.organization)
        Customer.objects.filter(pk=kept.pk).delete()
        transaction.set_rollback(True)
    assert entries(owner) == [(CREATED, str(kept.pk))]


def test_a_refused_change_is_not_noted(owner: Caller) -> None:
    write(owner, "POST", "", BODY)
    assert owner.post(BODY).status_code == 409
    assert len(entries(owner)) == 1


def mirror_on(caller: Caller, mirror: dict[str, Any], cursor: str | None) -> str:
    """Read on to the end, three changes at a time, as a mirror does; answer the last cursor."""
    while True:
        page = read(caller, limit=3, **({"cursor": cursor} if cursor else {}))
        mirror |= {entry["customer_id"]: entry["customer"] for entry in page["data"]}
        cursor = page["pagination"]["next_cursor"]
        if not page["data"]:
            return str(cursor)


def test_a_mirror_comes_to_hold_what_the_list_holds(owner: Caller) -> None:
    mirror: dict[str, Any] = {}
    cursor = None
    for turn in range(6):
        made = [write(owner, "POST", "", {**BODY, "email": f"{turn}-{n}@harbor.example"}) for n in range(4)]
        write(owner, "PATCH", f"/{made[turn % 4]}", {"first_name": f"Nora {turn}"})
        write(owner, "DELETE", f"/{made[turn % 3]}")
        cursor = mirror_on(owner, mirror, cursor)
    listed = owner.get(query={"limit": 100}).json()["data"]
    assert {pk: customer for pk, customer in mirror.items() if customer} == {row["id"]: row for row in listed}
    assert len(listed) == 18


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_commits_late_is_not_missed(owner: Caller) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("On SQLite transactions that write come one after the other.")
    written, commit = Event(), Event()

    def write_slowly() -> str:
        try:
            with transaction.atomic():
                slow = make_customer(owner.organization)
                written.set()
                assert commit.wait(timeout=120)
            return str(slow.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(write_slowly)
        assert written.wait(timeout=120)
        quick = write(owner, "POST", "", BODY)
        first = read(owner)
        commit.set()
        slow = running.result(timeout=120)
    assert [entry["customer_id"] for entry in first["data"]] == [quick]
    assert entries(owner, cursor=first["pagination"]["next_cursor"]) == [(CREATED, slow)]
    assert entries(owner) == [(CREATED, quick), (CREATED, slow)]


@pytest.mark.django_db(transaction=True)
def test_two_readers_at_once_are_told_the_same_order(owner: Caller) -> None:
    for _ in range(20):
        make_customer(owner.organization)

    def walk(_: int) -> list[tuple[str, str]]:
        try:
            return entries(owner, limit=100)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        walks = list(pool.map(walk, range(8)))
    assert len(walks[0]) == 20
    assert all(walk == walks[0] for walk in walks)
