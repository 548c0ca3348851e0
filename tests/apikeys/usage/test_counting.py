"""Counting: what a process notes of requests, and that it's written once, whatever happens on the way."""

import copy
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from django.db import connection
from pytest_django import Settings

from apikeys.models import ApiKey
from apikeys.usage import gathering
from apikeys.usage.counting import USAGE, Counting, count
from apikeys.usage.models import COUNTERS, Batch, Day, Hour
from tests.apikeys.usage.conftest import exchange, flushed, refusals
from tests.apikeys.usage.relay import breaking_at_commit, database_elsewhere
from tests.callers import CUSTOMERS, Caller
from tests.factories import make_organization
from tests.processes import free_port

BODY = {"account_type": "business", "email": "new@example.com", "phone": "555-0100"}
NOBODY = f"{CUSTOMERS}/00000000-0000-4000-8000-000000000000"
NOON = datetime(2026, 3, 18, 12, 59, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("counting")


def counts(caller: Caller, model: type[Hour] | type[Day] = Hour) -> dict[str, int]:
    """Answer a key's counters that aren't zero, of its only row."""
    row = model.objects.get(public_id=caller.key.public_id)
    assert row.organization_id == caller.organization.id
    return {name: getattr(row, name) for name in COUNTERS if getattr(row, name)}


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda caller: caller.get(), "granted"),
        (lambda caller: caller.post(BODY), "granted"),
        (lambda caller: caller.get(query={"limt": 5}), "bad_request"),
        (lambda caller: caller.post("{"), "bad_request"),
        (lambda caller: caller.post("{}", content_type="text/plain"), "bad_request"),
        (lambda caller: caller.get(headers={"x-organization-id": None}), "wrong_organization"),
        (lambda caller: caller.get(headers={"x-organization-id": "x"}), "wrong_organization"),
        (lambda caller: caller.get(headers={"x-organization-id": str(caller.key.id)}), "wrong_organization"),
        (lambda caller: caller.get(NOBODY), "not_found"),
        (lambda caller: caller.get(f"{CUSTOMERS}/a/b/c"), "not_found"),
        (lambda caller: caller.send("PUT"), "not_found"),
    ],
)
def test_a_request_is_counted_as_what_came_of_it(owner: Caller, ask: Callable[[Caller], Any], kind: str) -> None:
    ask(owner)
    assert flushed()
    assert (counts(owner), counts(owner, Day)) == ({kind: 1}, {kind: 1})


def test_scopes_conflicts_and_limits_are_counted_too(owner: Caller) -> None:
    limited = Caller.of(owner.organization, scopes=["write:customers"], per_minute=3)
    limited.get()
    for _ in range(3):
        limited.post(BODY)
    flushed()
    assert counts(limited) == {"missing_scope": 1, "granted": 1, "conflict": 1, "throttled": 1}


def test_a_server_error_is_counted(db: None) -> None:
    count(exchange(status=500))
    count(exchange(status=503))
    flushed()
    assert Hour.objects.get().failed == 2


def test_nothing_is_written_before_its_time_and_nothing_twice(owner: Caller) -> None:
    for times in (1, 3):
        owner.get()
        assert Hour.objects.count() == (times > 1)
        assert flushed()
        assert flushed()
    assert counts(owner) == {"granted": 2}
    assert len({str(batch) for batch in Batch.objects.all()}) == 2


def test_hours_are_apart_and_days_are_added_up(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for seconds in (0, 120, 12 * 3_600):
            clock.shift(seconds)
            owner.get()
        flushed()
    assert list(Hour.objects.order_by("hour").values_list("hour__hour", "granted")) == [(12, 1), (13, 1), (1, 1)]
    assert list(Day.objects.order_by("day").values_list("day__day", "granted")) == [(18, 2), (19, 1)]


def test_processes_add_up(owner: Caller) -> None:
    for _ in range(2):
        another = Counting()
        another.note(exchange(owner.key.public_id, organization=str(owner.organization.id)))
        assert another.flush()
    assert counts(owner) == {"granted": 2}


def test_many_keys_are_written_in_a_few_statements(db: None, django_assert_max_num_queries: Any) -> None:
    for number in range(450):
        count(exchange(f"k{number}"))
    with django_assert_max_num_queries(13):  # the batch; of 200 keys each: their hours, their days, which to stamp
        flushed()
    assert (Hour.objects.count(), Day.objects.count()) == (450, 450)


def test_threads_count_each_request(db: None) -> None:
    def ask() -> None:
        for _ in range(500):
            count(exchange())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flushed()
    assert Hour.objects.get().granted == 4_000


def test_what_bore_no_valid_key_is_nobodys_count(owner: Caller) -> None:
    owner.get(headers={"x-api-key": None})
    owner.get(headers={"x-api-key": owner.text[:-1] + "!"})
    flushed()
    assert not Hour.objects.exists()
    assert len(refusals()) == 2


def test_a_process_that_serves_nobody_notes_nothing(owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(USAGE, "is_open", False)
    owner.get(query={"limt": 5})
    assert not USAGE.gathered.has_some


def test_too_many_keys_are_not_counted_and_that_is_said(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gathering, "MOST_COUNTED", 2)
    for key in ("a", "b", "c", "a"):
        count(exchange(key))
    assert flushed()
    assert dict(Hour.objects.values_list("public_id", "granted")) == {"a": 2, "b": 1}
    assert "1 requests were not counted" in caplog.text


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite commits in this process.")
@pytest.mark.parametrize("is_heard", [False, True], ids=["not committed", "committed without a word"])
@pytest.mark.django_db(transaction=True)
def test_a_batch_whose_commit_broke_off_is_sent_again_and_counts_once(owner: Caller, is_heard: bool) -> None:
    owner.get(query={"limt": 1})
    with breaking_at_commit(is_heard=is_heard):
        assert not flushed()
    assert (Batch.objects.count(), Hour.objects.count(), len(refusals())) == ((1, 1, 1) if is_heard else (0, 0, 0))
    owner.get()
    assert flushed()
    assert counts(owner) == {"granted": 1, "bad_request": 1}
    assert (len(refusals()), Batch.objects.count()) == (1, 2)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no process to end.")
@pytest.mark.django_db(transaction=True)
def test_a_batch_whose_backend_is_ended_is_sent_again(owner: Caller) -> None:
    def end_it(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "INSERT INTO usage_day" in sql:  # behind what a statement says of its own
            with psycopg.connect(**parameters, autocommit=True) as another:
                another.execute(
                    "SELECT pg_terminate_backend(%s, 30000)", [context["connection"].connection.info.backend_pid]
                )
        return execute(sql, params, many, context)

    owner.get()
    parameters = {"conninfo": connection.connection.info.dsn, "password": connection.connection.info.password}
    with connection.execute_wrapper(end_it):
        assert not flushed()
    connection.close()
    assert not Hour.objects.exists()
    assert flushed()
    assert counts(owner) == {"granted": 1}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_out_is_warned_of_once_a_minute_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    count(exchange())
    with database_elsewhere(HOST="127.0.0.1", PORT=free_port(), NAME="/nowhere/at-all"):
        assert [flushed() for _ in range(3)] == [False] * 3
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        monkeypatch.setattr(USAGE, "silent_until", 0.0)
        count(exchange())
        assert not flushed()
    assert len(caplog.records) == 2
    assert flushed()
    assert Hour.objects.get().granted == 2


def test_a_batch_that_can_never_be_written_holds_no_other_up(
    db: None, caplog: pytest.LogCaptureFixture, owner: Caller
) -> None:
    USAGE.gathered.count((0, "k" * 13, str(owner.organization.id)), 0)
    if connection.vendor == "sqlite":  # which takes any length
        USAGE.gathered.counts[0, "k", str(owner.organization.id)] = [-1] * len(COUNTERS)
    assert not flushed()
    assert "Usage was lost" in caplog.text
    owner.get()
    assert flushed()
    assert counts(owner) == {"granted": 1}


@pytest.mark.django_db(transaction=True)
def test_a_thread_writes_what_is_left_at_the_end(settings: Settings) -> None:
    settings.USAGE_FLUSH_SECONDS = 30
    own = Counting()
    own.close()
    own.open()
    own.note(exchange(organization=str(make_organization().id)))
    own.close()
    assert Hour.objects.get().granted == 1
    assert (own.is_open, own.thread.is_alive()) == (False, False)


@pytest.mark.django_db(transaction=True)
def test_processes_of_one_parent_write_batches_of_their_own() -> None:
    parent = Counting()
    for _ in range(2):
        child = Counting()
        child.gathered = copy.deepcopy(parent.gathered)
        child.open()
        child.note(exchange())
        child.close()
    assert Hour.objects.get().granted == 2


def test_the_use_of_a_key_is_noted_with_what_is_counted(owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiKey, "is_stamped_later", True)
    assert owner.get().status_code == 200
    before = ApiKey.objects.get(pk=owner.key.pk).last_used_at
    assert flushed()
    assert (before, ApiKey.objects.get(pk=owner.key.pk).last_used_at is None) == (None, False)


@pytest.mark.parametrize(("seconds", "is_noted"), [(59, False), (60, True)])
def test_a_use_is_noted_once_a_minute(owner: Caller, seconds: int, is_noted: bool) -> None:
    with time_machine.travel(NOON, tick=False):
        last = NOON - timedelta(seconds=seconds)
        owner.get()
        ApiKey.objects.update(last_used_at=last)
        assert flushed()
    assert ApiKey.objects.get(pk=owner.key.pk).last_used_at == (NOON if is_noted else last)


def test_a_process_that_counts_notes_uses_so_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiKey, "is_stamped_later", False)
    process = Counting()
    process.open()
    while_open = ApiKey.is_stamped_later
    process.close()
    assert (while_open, ApiKey.is_stamped_later) == (True, False)
