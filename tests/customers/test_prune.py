"""The `prune` command: what need not be kept goes, batch by batch."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from customers.models import Customer, CustomerChange, Feed, IdempotencyLink, IdempotencyRecord
from tests.callers import CUSTOMERS, Caller
from tests.factories import make_customer

CHANGES = f"{CUSTOMERS}/changes"
BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
A_WHILE = timedelta(minutes=1)
DAY, NINETY_DAYS = timedelta(hours=24), timedelta(days=90)
NOTHING = {"idempotency_records": 0, "changes": 0, "usage": 0, "refusals": 0, "stored_sheets": 0, "audit_records": 0}
EXPIRED = {
    "error": "Invalid query parameters",
    "issues": [{"path": "cursor", "message": "Expired cursor"}],
}


def prune(*arguments: str) -> str:
    out = StringIO()
    call_command("prune", *arguments, stdout=out)
    return out.getvalue()


def pruned() -> Any:
    return json.loads(prune("--json"))


def make_customers(caller: Caller, count: int) -> list[str]:
    return [str(make_customer(caller.organization).pk) for _ in range(count)]


def age(count: int, by: timedelta = NINETY_DAYS + A_WHILE) -> None:
    """Make the first changes that old; the database itself stamps them, with its own clock."""
    ids = list(CustomerChange.objects.order_by("id").values_list("pk", flat=True)[:count])
    CustomerChange.objects.filter(pk__in=ids).update(occurred_at=timezone.now() - by)


def read(caller: Caller, **query: Any) -> tuple[list[str], str]:
    """Answer the customers of a page of the feed, and the cursor."""
    answered = caller.get(CHANGES, query=query).json()
    return [entry["customer_id"] for entry in answered["data"]], answered["pagination"]["next_cursor"]


def post(caller: Caller, key: str, **fields: Any) -> int:
    return int(caller.post({**BODY, **fields}, headers={"Idempotency-Key": key}).status_code)


def test_says_what_it_deleted(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        post(owner, "k")
    age(1)
    assert (
        prune()
        == "Deleted 1 idempotency records, 1 changes, 0 usage, 0 refusals, 0 stored sheets and 0 audit records.\n"
    )


def test_says_it_as_json_too(owner: Caller) -> None:
    assert pruned() == NOTHING


def test_takes_no_other_argument(db: None) -> None:
    with pytest.raises(CommandError, match="unrecognized arguments"):
        prune("--all")


def test_changes_are_kept_for_90_days(owner: Caller) -> None:
    make_customers(owner, 3)
    age(3, NINETY_DAYS - A_WHILE)
    age(1, NINETY_DAYS + A_WHILE)
    assert pruned()["changes"] == 1
    assert CustomerChange.objects.count() == 2


def test_idempotency_records_are_kept_for_24_hours(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        post(owner, "first")
        clock.shift(A_WHILE)
        post(owner, "second", email="second@harbor.example")
        clock.shift(DAY - A_WHILE)
        assert pruned()["idempotency_records"] == 1
    assert [link.record.key for link in IdempotencyLink.objects.all()] == ["second"]
    assert IdempotencyRecord.objects.count() == 1


def test_customers_themselves_stay(owner: Caller) -> None:
    make_customers(owner, 2)
    age(2)
    prune()
    assert Customer.objects.count() == 2


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_all_batches_are_pruned(owner: Caller, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr("customers.changes.BATCH", batch)
    monkeypatch.setattr("customers.idempotency.BATCH", batch)
    with time_machine.travel(NOON, tick=False):
        for number in range(5):
            post(owner, str(number), email=f"{number}@harbor.example")
    age(5)
    assert pruned() == {**NOTHING, "idempotency_records": 5, "changes": 5}
    assert (CustomerChange.objects.count(), IdempotencyRecord.objects.count()) == (0, 0)


def test_a_second_run_finds_nothing(owner: Caller) -> None:
    make_customers(owner, 1)
    age(1)
    prune()
    assert pruned() == NOTHING


def test_a_cursor_before_what_was_pruned_has_expired(owner: Caller) -> None:
    make_customers(owner, 3)
    _, cursor = read(owner, limit=1)
    age(2)
    prune()
    response = owner.get(CHANGES, query={"cursor": cursor})
    assert (response.status_code, response.json()) == (400, EXPIRED)


def test_a_cursor_of_the_empty_feed_expires_as_well(owner: Caller) -> None:
    _, cursor = read(owner)
    make_customers(owner, 1)
    age(1)
    prune()
    response = owner.get(CHANGES, query={"cursor": cursor})
    assert (response.status_code, response.json()) == (400, EXPIRED)


@pytest.mark.parametrize("seen", [2, 3, 4])
def test_a_cursor_at_or_after_what_was_pruned_goes_on(owner: Caller, seen: int) -> None:
    made = make_customers(owner, 4)
    _, cursor = read(owner, limit=seen)
    age(2)
    prune()
    assert read(owner, cursor=cursor)[0] == made[seen:]


def test_a_first_read_starts_at_the_oldest_that_is_kept(owner: Caller) -> None:
    made = make_customers(owner, 4)
    age(2)
    prune()
    first, cursor = read(owner, limit=1)
    assert (first, read(owner, cursor=cursor)[0]) == (made[2:3], made[3:])


def test_a_cursor_expires_for_its_own_organization_alone(owner: Caller, outsider: Caller) -> None:
    make_customers(owner, 2)
    age(2)
    theirs = make_customers(outsider, 2)
    _, cursor = read(outsider, limit=1)
    prune()
    assert read(outsider, cursor=cursor)[0] == theirs[1:]


def test_a_feed_that_was_never_read_is_pruned_too(owner: Caller, outsider: Caller) -> None:
    kept = make_customers(owner, 3)[1:]
    age(1)
    make_customers(outsider, 1)
    assert pruned()["changes"] == 1
    assert (read(owner)[0], len(read(outsider)[0])) == (kept, 1)


def test_every_feed_with_old_changes_is_pruned(owner: Caller, outsider: Caller) -> None:
    for caller in (owner, outsider):
        make_customers(caller, 2)
    age(4)
    assert pruned()["changes"] == 4


def test_a_feed_without_old_changes_is_left_alone(owner: Caller) -> None:
    make_customers(owner, 1)
    prune()
    assert not Feed.objects.exists()


def test_places_go_on_after_everything_was_pruned(owner: Caller) -> None:
    make_customers(owner, 3)
    _, end = read(owner)
    age(3)
    assert pruned()["changes"] == 3
    later = make_customers(owner, 2)
    assert read(owner, cursor=end)[0] == later
    assert list(CustomerChange.objects.order_by("place").values_list("place", flat=True)) == [4, 5]


def test_a_feed_that_was_pruned_whole_can_be_followed_from_a_first_read(owner: Caller) -> None:
    make_customers(owner, 3)
    age(3)
    prune()
    _, cursor = read(owner)
    later = make_customers(owner, 1)
    response = owner.get(CHANGES, query={"cursor": cursor})
    assert response.status_code == 200, response.content
    assert [entry["customer_id"] for entry in response.json()["data"]] == later


def test_at_the_end_of_a_pruned_feed_the_cursor_still_holds(owner: Caller) -> None:
    make_customers(owner, 3)
    _, end = read(owner)
    age(3)
    prune()
    assert read(owner, cursor=end) == ([], end)
