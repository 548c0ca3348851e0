"""`Idempotency-Key` on POST: a request that is sent again is carried out once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
import time_machine
from django.db import connection, connections, transaction

from customers.models import Customer, IdempotencyLink, IdempotencyRecord
from tests.callers import CUSTOMERS, Caller, encoded
from tests.factories import make_customer

BULK = f"{CUSTOMERS}/bulk"
KEY = "order-7781"
BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
OTHER = {**BODY, "email": "second@harbor.example"}
NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
DIFFERENT = {"error": "Idempotency-Key was used with a different request", "field": "Idempotency-Key"}
IN_PROGRESS = {"error": "A request with this Idempotency-Key is in progress"}


def post(caller: Caller, body: Any = BODY, path: str = CUSTOMERS, key: str = KEY) -> Any:
    return caller.post(body, path, headers={"Idempotency-Key": key})


def bulk(*items: Any) -> dict[str, Any]:
    return {"customers": list(items)}


def is_replay(response: Any) -> bool:
    return bool(response.headers.get("Idempotent-Replayed") == "true")


def answer(response: Any) -> tuple[int, bytes, str | None]:
    return response.status_code, response.content, response.headers.get("Location")


@contextmanager
def refused_inserts(table: str, condition: str) -> Iterator[None]:
    """Let the database itself refuse some rows of a table, as a full disk would."""
    row = f"BEFORE INSERT ON {table} FOR EACH ROW WHEN ({condition})"
    raising = {
        "sqlite": [f"CREATE TRIGGER refused {row} BEGIN SELECT RAISE(ABORT, 'full'); END"],
        "postgresql": [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'full'; END$$",
            f"CREATE TRIGGER refused {row} EXECUTE FUNCTION refuse()",
        ],
    }
    lifting = {"sqlite": ["DROP TRIGGER refused"], "postgresql": [f"DROP TRIGGER refused ON {table}"]}
    with connection.cursor() as cursor:
        for statement in raising[connection.vendor]:
            cursor.execute(statement)
        yield
        for statement in lifting[connection.vendor]:
            cursor.execute(statement)


@pytest.mark.parametrize(("path", "body"), [(CUSTOMERS, BODY), (BULK, bulk(BODY, {}, OTHER))])
def test_a_repeated_request_is_answered_as_the_first_was(owner: Caller, path: str, body: Any) -> None:
    first = post(owner, body, path)
    count = Customer.objects.count()
    again = post(owner, body, path)
    assert answer(again) == answer(first)
    assert (is_replay(first), is_replay(again), Customer.objects.count()) == (False, True, count)


def test_a_replay_tells_what_was_even_where_the_customer_has_changed_since(owner: Caller) -> None:
    first = post(owner, {**BODY, "display_name": "Café 🏠"})
    change = encoded({"display_name": "South Harbor"})
    assert owner.send("PATCH", first["Location"], data=change, content_type="application/json").status_code == 200
    again = post(owner, {**BODY, "display_name": "Café 🏠"})
    assert (answer(again), is_replay(again)) == (answer(first), True)


def test_a_replay_is_no_change(owner: Caller) -> None:
    post(owner)
    post(owner)
    assert len(owner.get(f"{CUSTOMERS}/changes").json()["data"]) == 1


def test_without_a_key_nothing_is_kept(owner: Caller) -> None:
    response = owner.post(BODY)
    assert response.status_code == 201
    assert not IdempotencyRecord.objects.exists()


def test_another_body_under_the_same_key_is_422(owner: Caller) -> None:
    post(owner)
    response = post(owner, OTHER)
    assert (response.status_code, response.json()) == (422, DIFFERENT)
    assert Customer.objects.count() == 1


def test_the_same_body_in_another_order_and_spacing_is_the_same_request(owner: Caller) -> None:
    post(owner)
    again = post(owner, json.dumps(dict(reversed(BODY.items())), indent=4))
    assert (again.status_code, is_replay(again)) == (201, True)


def test_the_order_of_a_bulks_items_makes_another_request(owner: Caller) -> None:
    post(owner, bulk(BODY, OTHER), BULK)
    assert post(owner, bulk(OTHER, BODY), BULK).status_code == 422


def test_another_key_makes_another_request(owner: Caller) -> None:
    post(owner)
    response = post(owner, OTHER, key=KEY.upper())
    assert (response.status_code, is_replay(response)) == (201, False)


def test_another_route_has_keys_of_its_own(owner: Caller) -> None:
    post(owner)
    response = post(owner, bulk(OTHER), BULK)
    assert (response.status_code, is_replay(response)) == (200, False)


def test_another_organization_has_keys_of_its_own(owner: Caller, outsider: Caller) -> None:
    mine, theirs = post(owner).json()["data"], post(outsider).json()["data"]
    assert mine["id"] != theirs["id"]
    assert theirs["organization_id"] == str(outsider.organization.pk)


def test_the_api_keys_of_an_organization_share_its_idempotency_keys(owner: Caller) -> None:
    first, again = post(owner), post(Caller.of(owner.organization))
    assert (answer(again), is_replay(again)) == (answer(first), True)


def test_a_key_that_may_not_write_gets_no_replay(owner: Caller, colleague: Caller) -> None:
    post(owner)
    assert post(colleague).status_code == 403


def test_a_refused_body_leaves_the_key_free(owner: Caller) -> None:
    assert post(owner, {**BODY, "phone": "12"}).status_code == 400
    response = post(owner)
    assert (response.status_code, is_replay(response)) == (201, False)


def test_a_conflict_leaves_the_key_free(owner: Caller) -> None:
    holder = make_customer(owner.organization, email=BODY["email"])
    assert post(owner)["Location"] == f"{CUSTOMERS}/{holder.pk}"
    holder.delete()
    response = post(owner)
    assert (response.status_code, is_replay(response)) == (201, False)


@pytest.mark.parametrize("path", [CUSTOMERS, BULK])
@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\tb", "schlüssel", "a\x7f", "\x01"], ids=ascii)
def test_a_malformed_key_is_refused(owner: Caller, path: str, key: str) -> None:
    response = post(owner, BODY if path == CUSTOMERS else bulk(BODY), path, key)
    issue = {"path": "Idempotency-Key", "message": "Must be 1 to 255 visible ASCII characters"}
    assert (response.status_code, response.json()["issues"]) == (400, [issue])
    assert not Customer.objects.exists()


@pytest.mark.parametrize("key", ["0", "x" * 255, "".join(map(chr, range(0x21, 0x7F)))])
def test_any_visible_ascii_makes_a_key(owner: Caller, key: str) -> None:
    first, again = post(owner, key=key), post(owner, key=key)
    assert (first.status_code, answer(again), is_replay(again)) == (201, answer(first), True)


def test_an_answer_is_kept_for_24_hours(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        first = post(owner)
        clock.shift(DAY - timedelta(milliseconds=1))
        again = post(owner)
    assert (answer(again), is_replay(again)) == (answer(first), True)


def test_after_24_hours_the_key_is_free(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        post(owner)
        clock.shift(DAY)
        fresh, again = post(owner, OTHER), post(owner, OTHER)
    assert (fresh.status_code, is_replay(fresh)) == (201, False)
    assert (answer(again), is_replay(again)) == (answer(fresh), True)


def test_an_answer_goes_with_its_customer(owner: Caller) -> None:
    first = post(owner)
    assert owner.send("DELETE", first["Location"]).status_code == 204
    assert not IdempotencyRecord.objects.exists()
    fresh = post(owner)
    assert (fresh.status_code, is_replay(fresh)) == (201, False)


@pytest.mark.parametrize("position", [0, 1])
def test_a_bulks_answer_goes_with_any_of_its_customers(owner: Caller, position: int) -> None:
    results = post(owner, bulk(BODY, OTHER), BULK).json()["data"]
    post(owner, {**BODY, "email": "third@harbor.example"}, key="kept")
    Customer.objects.get(pk=results[position]["data"]["id"]).delete()
    assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["kept"]
    assert IdempotencyLink.objects.count() == 1


@pytest.mark.parametrize(("path", "body"), [(CUSTOMERS, BODY), (BULK, bulk(BODY, OTHER))])
def test_a_failure_between_customer_and_record_leaves_neither(owner: Caller, path: str, body: Any) -> None:
    with refused_inserts("customers_idempotencylink", "NEW.id IS NOT NULL"):
        failed = post(owner, body, path)
        assert (failed.status_code, failed.json()) == (500, {"error": "Failed to fetch customers"})
        assert (Customer.objects.count(), IdempotencyRecord.objects.count()) == (0, 0)
    retried = post(owner, body, path)
    assert (retried.status_code, is_replay(retried)) == (201 if path == CUSTOMERS else 200, False)


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_under_way_the_second_is_told_to_wait(owner: Caller) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("On SQLite the second request waits for the first one's lock on all writing, and then replays.")
    held, release = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                name = f"{owner.organization.pk}:{CUSTOMERS}:{KEY}"
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
                held.set()
                release.wait(timeout=120)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(hold)
        assert held.wait(timeout=120)
        waiting, other = post(owner), post(owner, OTHER, key="another")
        release.set()
        first.result(timeout=120)
    assert (waiting.status_code, waiting.json(), waiting["Retry-After"]) == (409, IN_PROGRESS, "1")
    assert (other.status_code, post(owner).status_code) == (201, 201)


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_requests_under_one_key_one_makes_the_customer(owner: Caller) -> None:
    def send(_: int) -> int:
        try:
            return int(post(owner).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(send, range(16)))
    assert statuses <= {201, 409}
    assert (Customer.objects.count(), IdempotencyRecord.objects.count()) == (1, 1)
    assert is_replay(post(owner))
