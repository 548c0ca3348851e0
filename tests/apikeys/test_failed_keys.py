"""Failed keys: an address may guess so often and no more, and nobody else pays for it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import RequestFactory
from pytest_django import Settings

from apikeys.keys import PlainKey
from asteri.api.address import client_address
from asteri.settings import cache as completed
from asteri.settings import env
from tests.callers import Caller

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def three_a_minute(settings: Settings) -> Settings:
    settings.FAILED_AUTH_PER_MINUTE = 3
    return settings


def guess(caller: Caller, peer: str = HOME, *, key: str | None = "nonsense", forwarded: str | None = None) -> Any:
    return caller.get(headers={"x-api-key": key, "x-forwarded-for": forwarded}, REMOTE_ADDR=peer)


def guesses(caller: Caller, times: int, peer: str = HOME, forwarded: str | None = None) -> list[int]:
    return [guess(caller, peer, forwarded=forwarded).status_code for _ in range(times)]


def test_thirty_failed_keys_are_refused_and_the_next_is_one_too_many(owner: Caller) -> None:
    assert Counter(guesses(owner, 30)) == {401: 30}
    response = guess(owner)
    body = {"error": "Too many failed authentication attempts", "limit": 30, "window": "minute"}
    assert (response.status_code, response.json()) == (429, body)
    assert list(response.json()) == ["error", "limit", "window"]


def test_retry_after_lies_within_the_minute(owner: Caller, three_a_minute: Settings) -> None:
    guesses(owner, 3)
    response = guess(owner)
    assert 1 <= int(response["Retry-After"]) <= 60
    assert "WWW-Authenticate" not in response


def test_retry_after_is_when_the_next_guess_is_heard(
    owner: Caller, three_a_minute: Settings, clock: time_machine.Traveller
) -> None:
    guesses(owner, 3)
    wait = int(guess(owner)["Retry-After"])
    clock.shift(wait - 1)
    assert guesses(owner, 1) == [429]
    clock.shift(2)
    assert guesses(owner, 1) == [401]


def test_retry_after_is_one_to_sixty_seconds_at_every_second(
    owner: Caller, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.FAILED_AUTH_PER_MINUTE = 1
    waits = set()
    for _ in range(60):
        guesses(owner, 1)
        waits.add(int(guess(owner)["Retry-After"]))
        clock.shift(1)
    assert waits <= set(range(1, 61))


@pytest.mark.parametrize(
    "key", ["nonsense", PlainKey.generate("live").text, "ast_live_" + "0" * 50], ids=["form", "unknown", "checksum"]
)
def test_every_kind_of_failed_key_counts(owner: Caller, three_a_minute: Settings, key: str) -> None:
    seen = [guess(owner, key=key).status_code for _ in range(4)]
    assert seen == [401, 401, 401, 429]


def test_a_revoked_key_counts_as_failed(owner: Caller, outsider: Caller, three_a_minute: Settings) -> None:
    outsider.key.revoke()
    seen = [guess(owner, key=outsider.text).status_code for _ in range(4)]
    assert seen == [401, 401, 401, 429]


def test_a_bearer_token_counts_as_a_key_does(owner: Caller, three_a_minute: Settings) -> None:
    headers = {"x-api-key": None, "authorization": "Bearer nonsense"}
    seen = [owner.get(headers=headers, REMOTE_ADDR=HOME).status_code for _ in range(3)]
    assert [*seen, *guesses(owner, 1)] == [401, 401, 401, 429]


def test_a_valid_key_from_there_goes_on_working(owner: Caller, three_a_minute: Settings) -> None:
    assert guesses(owner, 5) == [401, 401, 401, 429, 429]
    assert owner.get(REMOTE_ADDR=HOME).status_code == 200


def test_missing_keys_are_not_counted(owner: Caller, three_a_minute: Settings) -> None:
    assert Counter(guess(owner, key=None).status_code for _ in range(9)) == {401: 9}
    assert Counter(guess(owner, key="  ").status_code for _ in range(9)) == {401: 9}
    assert guesses(owner, 1) == [401]


def test_a_missing_key_is_401_even_from_there(owner: Caller, three_a_minute: Settings) -> None:
    guesses(owner, 4)
    assert guess(owner, key=None).status_code == 401


def test_other_addresses_are_unaffected(owner: Caller, three_a_minute: Settings) -> None:
    assert guesses(owner, 4) == [401, 401, 401, 429]
    assert guesses(owner, 4, ELSEWHERE) == [401, 401, 401, 429]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_the_limit_is_the_settings(owner: Caller, settings: Settings, limit: int) -> None:
    settings.FAILED_AUTH_PER_MINUTE = limit
    assert guesses(owner, limit) == [401] * limit
    response = guess(owner)
    assert (response.status_code, response.json()["limit"]) == (429, limit)


def test_a_forged_forwarded_header_changes_nothing_by_default(owner: Caller, three_a_minute: Settings) -> None:
    seen = [guess(owner, forwarded=f"203.0.113.{number}").status_code for number in range(4)]
    assert seen == [401, 401, 401, 429]


@pytest.mark.parametrize("proxies", [1, 2])
def test_behind_proxies_a_forged_entry_changes_nothing(owner: Caller, three_a_minute: Settings, proxies: int) -> None:
    three_a_minute.TRUSTED_PROXY_COUNT = proxies
    appended = [HOME, "10.0.0.2"][:proxies]
    seen = [guess(owner, forwarded=", ".join([f"192.0.2.{number}", *appended])).status_code for number in range(4)]
    assert seen == [401, 401, 401, 429]


def test_behind_a_proxy_two_callers_are_two(owner: Caller, three_a_minute: Settings) -> None:
    three_a_minute.TRUSTED_PROXY_COUNT = 1
    assert guesses(owner, 4, "10.0.0.2", HOME) == [401, 401, 401, 429]
    assert guesses(owner, 1, "10.0.0.2", ELSEWHERE) == [401]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "192.0.2.1", HOME),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "192.0.2.1, 192.0.2.2", "192.0.2.2"),
        (1, " 192.0.2.1 ,192.0.2.2 ", "192.0.2.2"),
        (2, "192.0.2.1, 192.0.2.2", "192.0.2.1"),
        (2, "192.0.2.0, 192.0.2.1, 192.0.2.2", "192.0.2.1"),
        (2, "192.0.2.1", HOME),
        (3, "192.0.2.1, 192.0.2.2", HOME),
        (1, None, HOME),
        (1, "", HOME),
        (1, ",", HOME),
        (1, "unknown", HOME),
        (1, "192.0.2.1, nonsense", HOME),
        (1, "192.0.2.256", HOME),
        (1, "::ffff:192.0.2.1", "192.0.2.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ],
)
def test_the_caller_is_the_entry_that_the_outermost_trusted_proxy_saw(
    settings: Settings, proxies: int, forwarded: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=HOME)
    assert client_address(request) == expected


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        ("", "unknown"),
        ("nonsense", "unknown"),
        ("192.0.2", "unknown"),
        ("1" * 10_000, "unknown"),
    ],
)
def test_an_address_has_one_form(peer: str, expected: str) -> None:
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=peer)) == expected


def test_addresses_of_one_ipv6_subscriber_share_a_count(owner: Caller, three_a_minute: Settings) -> None:
    seen = [guess(owner, f"2001:db8:1:2::{number}").status_code for number in range(1, 5)]
    assert seen == [401, 401, 401, 429]
    assert guess(owner, "2001:db8:1:3::1").status_code == 401


def test_an_ipv4_address_mapped_into_ipv6_is_the_same_address(owner: Caller, three_a_minute: Settings) -> None:
    assert guesses(owner, 3, f"::ffff:{HOME}") == [401, 401, 401]
    assert guesses(owner, 1, HOME) == [429]


@pytest.mark.parametrize("peer", ["", "nonsense"])
def test_callers_without_an_address_share_a_count(owner: Caller, three_a_minute: Settings, peer: str) -> None:
    assert guesses(owner, 4, peer) == [401, 401, 401, 429]
    assert owner.get(REMOTE_ADDR=peer).status_code == 200


@pytest.mark.parametrize("backend", ["redis", "dummy"])
def test_while_the_cache_is_out_a_failed_key_is_still_refused(
    owner: Caller, three_a_minute: Settings, backend: str
) -> None:
    out = {
        "redis": completed(env.cache_url_config("redis://127.0.0.1:1/0")),
        "dummy": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    }
    three_a_minute.CACHES = {**three_a_minute.CACHES, "default": out[backend]}
    response = guess(owner)
    assert (response.status_code, response.json()) == (401, {"error": "Invalid API key"})
