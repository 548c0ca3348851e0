"""MAX_KEY_LIFETIME_DAYS: one rule for the API, the commands and whatever else makes keys."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from pytest_django import Settings

from apikeys import lifetimes
from apikeys.models import ApiKey
from tests.callers import ROOT, Caller, issues

NOW = datetime(2026, 3, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = f"{ROOT}/api-keys"
REFUSAL = "A key must expire within 90 days (MAX_KEY_LIFETIME_DAYS)."


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def eternal(owner: Caller) -> Caller:
    """Holds a key that was made before there was a maximum."""
    return owner


@pytest.fixture
def bounded(eternal: Caller, settings: Settings) -> Caller:
    """Is bound to 90 days from now on."""
    settings.MAX_KEY_LIFETIME_DAYS = 90
    return eternal


def post(caller: Caller, **more: Any) -> Any:
    return caller.post({"name": "CRM", "scopes": [], **more}, KEYS)


def test_without_a_maximum_nothing_bounds_a_key(owner: Caller) -> None:
    assert (lifetimes.longest(), lifetimes.latest(), lifetimes.within(None)) == (None, None, None)
    assert post(owner, expires_at=None).json()["data"]["expires_at"] is None


@pytest.mark.parametrize("days", [36_501, 10**12])
def test_a_maximum_beyond_the_calendar_is_a_century(settings: Settings, days: int) -> None:
    settings.MAX_KEY_LIFETIME_DAYS = days
    assert lifetimes.longest() == timedelta(days=36_500)


def test_an_expiry_that_is_left_out_is_the_latest_allowed(bounded: Caller) -> None:
    assert post(bounded).json()["data"]["expires_at"] == "2026-06-21T12:00:00.000Z"
    assert Caller.of(bounded.organization).key.expires_at == NOW + 90 * DAY


def test_a_makers_own_expiry_comes_first(bounded: Caller) -> None:
    maker = Caller.of(bounded.organization, expires_at=NOW + DAY)
    assert post(maker).json()["data"]["expires_at"] == "2026-03-24T12:00:00.000Z"


@pytest.mark.parametrize("expires_at", [None, "2026-06-21T12:00:00.001Z", "2030-01-01"])
def test_the_api_refuses_a_later_one(bounded: Caller, expires_at: str | None) -> None:
    response = post(bounded, expires_at=expires_at)
    assert (response.status_code, issues(response)) == (400, {"expires_at": "Must be at most 90 days ahead"})
    assert ApiKey.objects.count() == 1


def test_the_api_names_a_makers_bound_before_the_maximum(bounded: Caller) -> None:
    maker = Caller.of(bounded.organization, expires_at=NOW + DAY)
    assert issues(post(maker, expires_at="2030-01-01")) == {"expires_at": "Must not go beyond this key's own"}


def test_the_latest_moment_itself_is_allowed(bounded: Caller) -> None:
    assert post(bounded, expires_at="2026-06-21T12:00:00Z").status_code == 201


@pytest.mark.parametrize("expires_at", [None, NOW + 90 * DAY + timedelta(seconds=1)])
def test_no_code_makes_a_key_that_lives_too_long(bounded: Caller, expires_at: datetime | None) -> None:
    with pytest.raises(ValidationError) as refusal:
        Caller.of(bounded.organization, expires_at=expires_at)
    assert refusal.value.message_dict == {"expires_at": [REFUSAL]}


@pytest.mark.parametrize("option", [["--expires-in-days", "91"], ["--expires-at", "2030-01-01"]])
def test_the_command_refuses_a_later_one(bounded: Caller, option: list[str]) -> None:
    with pytest.raises(CommandError, match="expires_at: A key must expire within 90 days"):
        create(bounded, *option)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("option", [[], ["--expires-in-days", "90"]])
def test_the_commands_keys_end_at_the_latest(
    bounded: Caller, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    create(bounded, *option)
    assert json.loads(capsys.readouterr().out)["expires_at"] == "2026-06-21T12:00:00Z"


def create(caller: Caller, *options: str) -> None:
    about = ["--organization", str(caller.organization.pk), "--name", "CRM", "--scopes", "", "--json"]
    call_command("create_api_key", *about, *options)


def test_a_key_made_before_goes_on_and_its_successor_ends(bounded: Caller) -> None:
    assert bounded.get().status_code == 200
    successor, _ = bounded.key.rotate(DAY)
    assert (bounded.key.expires_at, successor.expires_at) == (NOW + DAY, NOW + 90 * DAY)
