"""Limits of a key: each window to the letter, exact under threads, and in force while the shared cache is out."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections
from pytest_django import Settings

from apikeys import counters
from apikeys.models import ApiKey
from apikeys.throttling import is_in_fallback
from asteri import circuit
from asteri.settings import cache as completed
from asteri.settings import env
from customers.models import Customer
from tests.callers import CUSTOMERS, MANY, ROOT, Caller
from tests.factories import make_customer, make_organization

EDGE = datetime(2026, 1, 1, 0, 0, 59, tzinfo=UTC)  # the last second of a minute
WINDOWS = {"minute": 60, "hour": 3_600, "day": 86_400}
DUMMY = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EDGE, tick=False) as traveller:
        yield traveller


def limited(**fields: Any) -> Caller:
    return Caller.of(make_organization(), **fields)


def full(window: str, limit: int) -> tuple[int, Any]:
    return 429, {"error": f"API key {window} rate limit exceeded", "limit": limit, "window": window}


def statuses(caller: Caller, times: int) -> list[int]:
    return [caller.get().status_code for _ in range(times)]


def redis_at(port: int) -> dict[str, Any]:
    return completed(env.cache_url_config(f"redis://127.0.0.1:{port}/0"))


def is_shared(caches: dict[str, Any]) -> bool:
    """Whether the cache of this run is a Redis."""
    return "Redis" in caches["default"]["BACKEND"]


@pytest.fixture(params=["refuses", "keeps nothing", "never answers"])
def broken_cache(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    """The shared cache is a closed port, a cache that forgets, or a Redis that takes a connection and falls silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broken = {"refuses": redis_at(1), "keeps nothing": DUMMY, "never answers": redis_at(silent.getsockname()[1])}
        settings.CACHES = {**settings.CACHES, "default": broken[request.param]}
        yield


@pytest.fixture
def out(settings: Settings) -> None:
    """The shared cache is a Redis that is not there."""
    settings.CACHES = {**settings.CACHES, "default": redis_at(1)}


@pytest.mark.parametrize("window", WINDOWS)
def test_the_message_names_the_window_that_is_full(db: None, clock: time_machine.Traveller, window: str) -> None:
    caller = limited(**{f"per_{window}": 2})
    assert statuses(caller, 2) == [200, 200]
    response = caller.get()
    assert (response.status_code, response.json()) == full(window, 2)
    assert list(response.json()) == ["error", "limit", "window"]


@pytest.mark.parametrize(("window", "seconds"), [("minute", "1"), ("hour", "3541"), ("day", "86341")])
def test_retry_after_is_what_is_left_of_the_window(
    db: None, clock: time_machine.Traveller, window: str, seconds: str
) -> None:
    caller = limited(**{f"per_{window}": 1})
    assert "Retry-After" not in caller.get()
    assert caller.get()["Retry-After"] == seconds


def test_a_success_says_where_the_key_stands(db: None, clock: time_machine.Traveller) -> None:
    response = limited(per_minute=60).get()
    assert response["RateLimit-Policy"] == '"minute";q=60;w=60'
    assert response["RateLimit"] == '"minute";r=59;t=1'


def test_each_window_has_its_member(db: None, clock: time_machine.Traveller) -> None:
    response = limited(per_minute=5, per_hour=6, per_day=7).get()
    assert response["RateLimit-Policy"] == '"minute";q=5;w=60, "hour";q=6;w=3600, "day";q=7;w=86400'
    assert response["RateLimit"] == '"minute";r=4;t=1, "hour";r=5;t=3541, "day";r=6;t=86341'


def test_a_refusal_says_where_the_key_stands(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=1, per_day=9)
    caller.get()
    response = caller.get()
    assert response.status_code == 429
    assert response["RateLimit-Policy"] == '"minute";q=1;w=60, "day";q=9;w=86400'
    assert response["RateLimit"] == '"minute";r=0;t=1, "day";r=8;t=86341'


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (400, {"path": f"{CUSTOMERS}?limit=0"}),
        (400, {"headers": {"x-organization-id": None}}),
        (400, {"headers": {"x-organization-id": "nonsense"}}),
        (403, {"headers": {"x-organization-id": "00000000-0000-4000-8000-000000000000"}}),
        (403, {"method": "POST"}),
        (404, {"path": f"{CUSTOMERS}/nobody"}),
        (404, {"path": f"{ROOT}/nothing"}),
        (405, {"method": "PUT"}),
        (405, {"method": "OPTIONS"}),
    ],
)
@pytest.mark.usefixtures("db", "clock")
def test_every_refusal_of_a_valid_key_counts_and_says_so(status: int, sent: dict[str, Any]) -> None:
    caller = limited(per_minute=2, scopes=["read:customers"])
    response = caller.send(**{"method": "GET", **sent})
    assert response.status_code == status
    assert response["RateLimit-Policy"] == '"minute";q=2;w=60'
    assert response["RateLimit"] == '"minute";r=1;t=1'
    assert statuses(caller, 2) == [200, 429]


def test_a_key_of_a_suspended_organization_still_counts(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=1)
    caller.organization.suspend()
    assert statuses(caller, 2) == [403, 429]


def test_a_request_that_is_not_json_counts(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=1)
    assert caller.post(b"x", content_type="text/plain").status_code == 415
    assert statuses(caller, 1) == [429]


def test_what_remains_never_falls_below_nothing(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=1)
    remaining = [caller.get()["RateLimit"] for _ in range(4)]
    assert remaining == ['"minute";r=0;t=1'] * 4


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [("00:00:00", 60), ("00:00:00.000001", 60), ("00:00:59", 1), ("00:00:59.999999", 1), ("00:00:30.5", 30)],
)
def test_the_time_left_is_one_second_to_the_whole_window(
    db: None, clock: time_machine.Traveller, moment: str, seconds: int
) -> None:
    clock.move_to(datetime.fromisoformat(f"2026-01-01T{moment}+00:00"))
    assert limited(per_minute=9).get()["RateLimit"] == f'"minute";r=8;t={seconds}'


def test_a_full_minute_takes_nothing_from_the_hour_and_the_day(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=1, per_hour=3, per_day=4)
    states = [caller.get()["RateLimit"] for _ in range(3)]
    assert states == ['"minute";r=0;t=1, "hour";r=2;t=3541, "day";r=3;t=86341'] * 3


def test_the_shortest_full_window_is_the_one_named(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=1, per_hour=1, per_day=1)
    caller.get()
    assert caller.get().json()["window"] == "minute"


def test_a_full_hour_outlasts_its_minutes(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=5, per_hour=1)
    assert statuses(caller, 1) == [200]
    clock.shift(1)
    response = caller.get()
    assert (response.status_code, response.json()) == full("hour", 1)
    assert response["Retry-After"] == "3540"


def test_the_next_minute_begins_anew(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=2)
    assert statuses(caller, 3) == [200, 200, 429]
    clock.move_to(datetime(2026, 1, 1, 0, 1, tzinfo=UTC))
    response = caller.get()
    assert response.status_code == 200
    assert response["RateLimit"] == '"minute";r=1;t=60'


@pytest.mark.parametrize(("window", "seconds"), [("hour", 3_541), ("day", 86_341)])
def test_the_next_hour_and_the_next_day_begin_anew(
    db: None, clock: time_machine.Traveller, window: str, seconds: int
) -> None:
    caller = limited(**{f"per_{window}": 1})
    assert statuses(caller, 2) == [200, 429]
    clock.shift(seconds - 0.001)
    assert statuses(caller, 1) == [429]
    clock.shift(0.001)
    assert statuses(caller, 2) == [200, 429]


def test_minutes_keep_on_beginning_anew(db: None, clock: time_machine.Traveller, settings: Settings) -> None:
    # In the process's own cache, whose entries end by the clock that the test moves.
    settings.CACHES = {**settings.CACHES, "default": settings.CACHES["fallback"]}
    caller = limited(per_minute=1)
    for _ in range(8):
        assert statuses(caller, 2) == [200, 429]
        clock.shift(60)
    counters: dict[str, Any] = vars(caches["default"])["_cache"]
    assert len([name for name in counters if "minute" in name]) <= 3


def test_sixty_a_minute_unless_told(db: None, clock: time_machine.Traveller) -> None:
    organization = make_organization()
    key, plain = ApiKey.objects.issue(organization, name="Default", scopes=["read:customers"])
    caller = Caller(organization, key, plain.text)
    assert Counter(statuses(caller, 61)) == {200: 60, 429: 1}
    assert caller.get()["RateLimit-Policy"] == '"minute";q=60;w=60'


def test_another_key_of_the_organization_has_its_own_count(db: None, clock: time_machine.Traveller) -> None:
    first = limited(per_minute=1)
    second = Caller.of(first.organization, per_minute=1)
    assert statuses(first, 2) == [200, 429]
    assert statuses(second, 2) == [200, 429]


def test_a_changed_limit_is_in_force_from_the_very_next_request(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=1)
    assert statuses(caller, 2) == [200, 429]
    caller.key.per_minute = 5
    caller.key.save()
    assert statuses(caller, 4) == [200, 200, 200, 429]


@pytest.mark.django_db(transaction=True)
def test_never_more_than_the_limit_is_admitted_whatever_the_number_of_threads(clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=100)

    def ask(_: int) -> list[int]:
        try:
            return statuses(caller, 7)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as threads:
        seen = Counter(status for answers in threads.map(ask, range(16)) for status in answers)
    assert seen == {200: 100, 429: 12}


def test_every_entry_in_the_cache_ends(db: None) -> None:
    caller = limited(per_minute=1, per_hour=5, per_day=5)
    statuses(caller, 2)
    caller.get(headers={"x-api-key": "nonsense"})
    ends = endings()
    assert len(ends) == 5  # three windows, the stamp of the use, the failed key
    assert all(0 < end <= 2 * 86_400 for end in ends)


def endings() -> list[float]:
    """Answer how many seconds each entry of the shared cache has left; -1 for one that never ends."""
    cache: Any = caches["default"]
    if isinstance(cache, LocMemCache):
        return [-1 if end is None else end - time.time() for end in vars(cache)["_expire_info"].values()]
    client = cache._cache.get_client()
    return [client.ttl(name) for name in client.scan_iter()]


@pytest.mark.usefixtures("broken_cache")
def test_a_request_is_served_and_limited_while_the_shared_cache_is_out(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=2, per_hour=9)
    assert statuses(caller, 2) == [200, 200]
    response = caller.get()
    assert (response.status_code, response.json()) == full("minute", 2)
    assert response["RateLimit"] == '"minute";r=0;t=1, "hour";r=7;t=3541'


@pytest.mark.usefixtures("broken_cache")
def test_keys_do_not_share_a_count_while_the_shared_cache_is_out(db: None, clock: time_machine.Traveller) -> None:
    first = limited(per_minute=1)
    second = Caller.of(first.organization, per_minute=1)
    assert statuses(first, 2) == [200, 429]
    assert statuses(second, 2) == [200, 429]


@pytest.mark.parametrize(("processes", "share"), [(1, 9), (2, 4), (4, 2), (9, 1), (50, 1)])
@pytest.mark.usefixtures("out")
def test_while_the_shared_cache_is_out_a_process_admits_its_share(
    db: None, clock: time_machine.Traveller, settings: Settings, processes: int, share: int
) -> None:
    settings.WEB_CONCURRENCY = processes
    caller = limited(per_day=9)
    assert Counter(statuses(caller, 12)) == {200: share, 429: 12 - share}
    response = caller.get()
    assert (response.status_code, response.json()) == full("day", 9)
    assert response["RateLimit-Policy"] == f'"minute";q={MANY};w=60, "day";q=9;w=86400'


@pytest.mark.usefixtures("out")
def test_the_fallback_is_told_of_once_in_a_while(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(circuit, "PAUSE", 0)  # every request asks again
    caller = limited()
    assert statuses(caller, 3) == [200] * 3
    assert caplog.text.count("The shared cache does not answer") == 1
    monkeypatch.setattr(circuit.shared_cache, "silent_until", time.monotonic())
    assert statuses(caller, 3) == [200] * 3
    assert caplog.text.count("The shared cache does not answer") == 2


def test_requests_count_in_their_process_until_the_shared_cache_is_asked_again(
    db: None, clock: time_machine.Traveller, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "PAUSE", 0.5)
    caller, there = limited(per_day=1), settings.CACHES
    settings.CACHES = {**there, "default": redis_at(1)}
    assert (statuses(caller, 2), is_in_fallback()) == ([200, 429], True)
    settings.CACHES = {**there, "default": there["default"] if is_shared(there) else redis_at(2)}
    assert (statuses(caller, 1), is_in_fallback()) == ([429], True)
    time.sleep(0.5)
    expected = ([200], False) if is_shared(there) else ([429], True)
    assert (statuses(caller, 1), is_in_fallback()) == expected


def test_a_silent_cache_does_not_freeze_a_request(db: None, settings: Settings) -> None:
    caller = limited(per_minute=2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CACHES = {**settings.CACHES, "default": redis_at(silent.getsockname()[1])}
        began = time.monotonic()
        assert caller.get().status_code == 200
    assert time.monotonic() - began < 2


def test_a_refused_create_stores_nothing(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=1)
    body = {"account_type": "business", "phone": "404-555-0128"}
    answers = [caller.post({**body, "email": f"{n}@example.com"}).status_code for n in range(3)]
    assert (answers, Customer.objects.count()) == ([201, 429, 429], 1)


def test_a_refused_read_says_nothing_of_what_was_read(db: None, clock: time_machine.Traveller) -> None:
    caller = limited(per_minute=1)
    customer = make_customer(caller.organization)
    answers = [caller.get(f"{CUSTOMERS}/{customer.pk}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert customer.display_name not in answers[1].content.decode()
    assert "ETag" not in answers[1].headers


def test_a_count_that_nobody_awaited_is_not_taken_for_another(settings: Settings) -> None:
    if not is_shared(settings.CACHES):
        pytest.skip("Only a shared cache is awaited.")
    cache: Any = caches["default"]
    given_up, another = (counters.Counter(f"limit:{name}:minute:0", 10, 60) for name in ("given-up", "another"))
    cache.ask([given_up], 5, as_whole=False)
    assert cache.count([another], 1, as_whole=False) == counters.Count([1], None)
    assert cache.count([given_up], 1, as_whole=False).used in ([1], [6])
