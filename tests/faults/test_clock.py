"""Clocks: one that is set back, or that stands still, changes no order that was promised."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.callers import CUSTOMERS, Caller

NOON = datetime(2026, 3, 23, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def create(caller: Caller, name: str) -> str:
    body = {"account_type": "business", "email": f"{name}@example.com", "phone": "+1-404-555-0128"}
    response = caller.post(body)
    assert response.status_code == 201
    return str(response.json()["data"]["id"])


def create_backwards(caller: Caller, clock: time_machine.Traveller, count: int) -> list[str]:
    """Create customers while the clock is set back a second before each; answer their ids, the newest first."""
    ids = []
    for number in range(count):
        clock.shift(timedelta(seconds=-1))
        ids.append(create(caller, f"back-{number}"))
    return ids


def walk(caller: Caller, **query: str) -> list[str]:
    """Answer the ids of a list, page after page of three."""
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = caller.get(query={"limit": "3", **query, **cursor}).json()
        seen += [customer["id"] for customer in page["data"]]
        if page["pagination"]["next_cursor"] is None:
            return seen
        cursor = {"cursor": page["pagination"]["next_cursor"]}


@pytest.mark.parametrize("order", ["-created_at", "created_at"])
def test_a_list_keeps_to_the_order_of_its_times_when_the_clock_is_set_back(
    owner: Caller, clock: time_machine.Traveller, order: str
) -> None:
    ids = create_backwards(owner, clock, 8)
    assert walk(owner, order=order) == (ids if order == "-created_at" else ids[::-1])


@pytest.mark.parametrize("order", ["-created_at", "created_at"])
def test_customers_of_one_moment_are_each_met_once(owner: Caller, clock: time_machine.Traveller, order: str) -> None:
    ids = [create(owner, f"tie-{number}") for number in range(8)]
    walked = walk(owner, order=order)
    assert sorted(walked) == sorted(ids)
    assert walked == walk(owner, order=order)


def test_a_walk_goes_on_when_the_clock_is_set_back_meanwhile(owner: Caller, clock: time_machine.Traveller) -> None:
    ids = create_backwards(owner, clock, 8)
    first = owner.get(query={"limit": "3"}).json()
    clock.shift(timedelta(days=-1))
    late = create(owner, "late")
    rest = owner.get(query={"limit": "100", "cursor": first["pagination"]["next_cursor"]}).json()
    assert [customer["id"] for customer in first["data"] + rest["data"]] == [*ids, late]


def test_the_feed_tells_of_changes_as_they_came_when_the_clock_is_set_back(
    owner: Caller, clock: time_machine.Traveller
) -> None:
    ids = create_backwards(owner, clock, 8)
    changes = owner.get(f"{CUSTOMERS}/changes").json()["data"]
    assert [change["customer_id"] for change in changes] == ids


def test_a_change_counts_as_one_though_the_clock_was_set_back(owner: Caller, clock: time_machine.Traveller) -> None:
    path = f"{CUSTOMERS}/{create(owner, 'changed')}"
    before = owner.get(path)["ETag"]
    clock.shift(timedelta(hours=-1))
    body = {"data": b'{"display_name": "Later"}', "content_type": "application/json"}
    sent: dict[str, Any] = {**body, "headers": {"if-match": before}}
    assert [owner.send("PATCH", path, **sent).status_code for _ in range(2)] == [200, 412]


def test_a_limit_that_is_full_stays_full_when_the_clock_is_set_back_within_its_window(
    owner: Caller, clock: time_machine.Traveller
) -> None:
    caller = Caller.of(owner.organization, per_minute=2)
    clock.shift(timedelta(seconds=50))
    assert [caller.get().status_code for _ in range(3)] == [200, 200, 429]
    clock.shift(timedelta(seconds=-40))
    assert caller.get().status_code == 429


def test_a_retry_is_answered_again_when_the_clock_is_set_back(owner: Caller, clock: time_machine.Traveller) -> None:
    body = {"account_type": "business", "email": "retried@example.com", "phone": "+1-404-555-0128"}
    first = owner.post(body, headers={"idempotency-key": "k"})
    clock.shift(timedelta(hours=-3))
    again = owner.post(body, headers={"idempotency-key": "k"})
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (201, first.content, "true")
