"""Authentication: a key in either header, refused the same way whatever is wrong with it, at once."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.db import connection

from apikeys.keys import PlainKey
from tests.callers import CUSTOMERS, ROOT, Caller

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
INVALID = (401, {"error": "Invalid API key"})
NO_ACCESS = (403, {"error": "API key does not have access to this organization"})


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


def let_cache_age() -> None:
    """Redis keeps its own time, whatever the clock of this process says: have its entries end."""
    if isinstance(caches["default"], RedisCache):
        caches["default"].clear()


def bearing(owner: Caller, *, key: str | None, authorization: str | None) -> Any:
    return owner.get(headers={"x-api-key": key, "authorization": authorization})


def test_a_key_in_its_own_header_is_known(owner: Caller) -> None:
    assert owner.get().status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_a_bearer_token_is_known_whatever_the_case_of_its_scheme(owner: Caller, scheme: str) -> None:
    assert bearing(owner, key=None, authorization=f"{scheme} {owner.text}").status_code == 200


def test_the_same_key_in_both_headers_is_known(owner: Caller) -> None:
    assert bearing(owner, key=owner.text, authorization=f"Bearer {owner.text}").status_code == 200


def test_two_different_keys_are_refused_though_each_is_valid(owner: Caller, colleague: Caller) -> None:
    assert answer(bearing(owner, key=owner.text, authorization=f"Bearer {colleague.text}")) == INVALID
    assert answer(bearing(owner, key=colleague.text, authorization=f"Bearer {owner.text}")) == INVALID


@pytest.mark.parametrize("scheme", ["Basic", "Token", "Bearer,", "Bearer:", ""])
def test_another_scheme_bears_no_key(owner: Caller, scheme: str) -> None:
    assert answer(bearing(owner, key=None, authorization=f"{scheme} {owner.text}".strip())) == INVALID


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "nonsense",
        "ast_live_",
        "ast_live_your_key",
        "ast_live_" + "0" * 50,
        "a" * 10_000,
        "é",
        "\0",
    ],
)
@pytest.mark.parametrize("as_bearer", [False, True])
def test_a_missing_or_malformed_key_is_refused(owner: Caller, text: str | None, as_bearer: bool) -> None:
    token = None if text is None else f"Bearer {text}"
    response = bearing(owner, key=None, authorization=token) if as_bearer else owner.get(headers={"x-api-key": text})
    assert answer(response) == INVALID


@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_an_unknown_key_is_refused(owner: Caller, environment: str) -> None:
    unknown = PlainKey.generate(environment).text
    assert answer(owner.get(headers={"x-api-key": unknown})) == INVALID
    assert answer(bearing(owner, key=None, authorization=f"Bearer {unknown}")) == INVALID


def test_a_refusal_names_the_challenge(owner: Caller) -> None:
    response = owner.get(headers={"x-api-key": None})
    assert response["WWW-Authenticate"] == 'Bearer realm="Asteri public API"'
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"


def test_a_refusal_says_nothing_of_limits(owner: Caller) -> None:
    response = owner.get(headers={"x-api-key": "nonsense"})
    assert "RateLimit" not in response
    assert "RateLimit-Policy" not in response


@pytest.mark.parametrize("path", [f"{ROOT}/nothing", f"{CUSTOMERS}/nobody", f"{CUSTOMERS}?limit=0", ROOT])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_without_a_key_nothing_else_is_learnt(owner: Caller, method: str, path: str) -> None:
    response = owner.send(method, path, headers={"x-api-key": None, "x-organization-id": None})
    assert answer(response) == INVALID


def test_a_key_ends_at_the_exact_moment_of_its_expiry(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        caller = Caller.of(owner.organization, expires_at=NOON + timedelta(minutes=1))
        clock.move_to(NOON + timedelta(seconds=59, microseconds=999_999))
        assert caller.get().status_code == 200
        clock.move_to(NOON + timedelta(minutes=1))
        response = caller.get()
    assert answer(response) == INVALID
    assert "WWW-Authenticate" in response


def test_a_revoked_key_is_refused_from_the_very_next_request(owner: Caller) -> None:
    assert owner.get().status_code == 200
    owner.key.revoke()
    response = owner.get()
    assert answer(response) == INVALID
    assert "WWW-Authenticate" in response


def test_a_suspended_organization_is_refused_from_the_very_next_request(owner: Caller) -> None:
    assert owner.get().status_code == 200
    owner.organization.suspend()
    assert answer(owner.get()) == NO_ACCESS


def test_a_reactivated_organization_works_from_the_very_next_request(owner: Caller) -> None:
    owner.organization.suspend()
    assert answer(owner.get()) == NO_ACCESS
    owner.organization.reactivate()
    assert owner.get().status_code == 200


def test_a_revoked_key_leaves_its_colleagues_alone(owner: Caller, colleague: Caller) -> None:
    owner.key.revoke()
    assert colleague.get().status_code == 200


def test_its_use_is_stamped(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        owner.get()
    owner.key.refresh_from_db()
    assert owner.key.last_used_at == NOON


def test_its_use_is_stamped_at_most_once_a_minute(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        owner.get()
        clock.shift(59.9)
        owner.get()
    owner.key.refresh_from_db()
    assert owner.key.last_used_at == NOON


def test_its_use_is_stamped_again_a_minute_later(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        owner.get()
        clock.shift(60)
        let_cache_age()
        owner.get()
    owner.key.refresh_from_db()
    assert owner.key.last_used_at == NOON + timedelta(minutes=1)


def test_a_failed_key_stamps_nothing(owner: Caller) -> None:
    owner.key.revoke()
    owner.get()
    owner.key.refresh_from_db()
    assert owner.key.last_used_at is None


@pytest.fixture
def locked_keys(transactional_db: None, owner: Caller) -> Iterator[None]:
    """Another connection holds the row of the owner's key, and ours is not patient."""
    patience = {"sqlite": "PRAGMA busy_timeout = 100", "postgresql": "SET lock_timeout = '100ms'"}
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with connection.cursor() as ours, other.cursor() as theirs:
            ours.execute(patience[connection.vendor])
            theirs.execute("UPDATE apikeys_apikey SET name = name")
        yield
    finally:
        other.rollback()
        other.close()
        connection.close()


@pytest.mark.usefixtures("locked_keys")
def test_a_key_whose_use_cannot_be_stamped_is_served(owner: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="apikeys.models"):
        response = owner.get()
    assert response.status_code == 200
    assert f"The use of key {owner.key.public_id} was not stamped." in caplog.text
    assert owner.text not in caplog.text
