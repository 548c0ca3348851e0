"""Stages and hygiene: the database's answer is the model's, and each concern holds the keys that it should."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from apikeys import hygiene
from apikeys.models import ApiKey
from apikeys.stages import Stage, at, stage_of
from apikeys.usage.models import Day
from organizations.models import Organization
from tests.callers import Caller
from tests.factories import make_organization

NOW = datetime(2026, 3, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization()


def key_of(organization: Organization, **fields: Any) -> ApiKey:
    """Make a key; what only time or use would give it is written by the way."""
    key = Caller.of(organization).key
    ApiKey.objects.filter(pk=key.pk).update(**fields)
    return ApiKey.objects.get(pk=key.pk)


def rotated(key: ApiKey) -> ApiKey:
    key.rotate(20 * DAY)
    return key


KEYS: dict[str, tuple[dict[str, Any], Stage]] = {
    "for ever": ({}, Stage.ACTIVE),
    "long": ({"expires_at": NOW + 14 * DAY + timedelta(seconds=1)}, Stage.ACTIVE),
    "soon": ({"expires_at": NOW + 14 * DAY}, Stage.EXPIRING),
    "at once": ({"expires_at": NOW + timedelta(microseconds=1)}, Stage.EXPIRING),
    "now": ({"expires_at": NOW}, Stage.EXPIRED),
    "past": ({"expires_at": NOW - DAY}, Stage.EXPIRED),
    "revoked": ({"revoked_at": NOW}, Stage.REVOKED),
    "revoked, then past": ({"revoked_at": NOW - 2 * DAY, "expires_at": NOW - DAY}, Stage.REVOKED),
}


@pytest.mark.parametrize(("fields", "stage"), KEYS.values(), ids=KEYS)
def test_a_key_is_at_one_stage(organization: Organization, fields: dict[str, Any], stage: Stage) -> None:
    key = key_of(organization, **fields)
    assert stage_of(key) is stage
    assert [found for found in Stage if ApiKey.objects.filter(at(found)).exists()] == [stage]


@pytest.mark.parametrize(("fields", "stage"), KEYS.values(), ids=KEYS)
def test_a_suspended_organizations_key_is_suspended_until_it_ends(
    organization: Organization, fields: dict[str, Any], stage: Stage
) -> None:
    key = key_of(organization, **fields)
    organization.suspend()
    key.refresh_from_db()
    expected = stage if stage in (Stage.EXPIRED, Stage.REVOKED) else Stage.SUSPENDED
    assert stage_of(key) is expected
    assert [found for found in Stage if ApiKey.objects.filter(at(found)).exists()] == [expected]


@pytest.mark.parametrize("grace", [DAY, 20 * DAY])
def test_a_rotated_key_is_in_grace_however_long(organization: Organization, grace: timedelta) -> None:
    key = key_of(organization)
    key.rotate(grace)
    assert stage_of(key) is Stage.GRACE
    assert list(ApiKey.objects.filter(at(Stage.GRACE))) == [key]


CONCERNS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "new": ({"expires_at": NOW + 365 * DAY}, set()),
    "for ever": ({}, {"never_expiring"}),
    "soon": ({"expires_at": NOW + DAY}, {"expiring_soon"}),
    "unused": ({"expires_at": NOW + 365 * DAY, "created_at": NOW - 91 * DAY}, {"idle"}),
    "used then": (
        {"expires_at": NOW + 365 * DAY, "created_at": NOW - 99 * DAY, "last_used_at": NOW - 91 * DAY},
        {"idle"},
    ),
    "in use": ({"expires_at": NOW + 365 * DAY, "created_at": NOW - 99 * DAY, "last_used_at": NOW}, set()),
    "all": ({"created_at": NOW - 91 * DAY}, {"never_expiring", "idle"}),
    "expired": ({"expires_at": NOW - DAY, "created_at": NOW - 91 * DAY}, set()),
    "revoked": ({"revoked_at": NOW, "created_at": NOW - 91 * DAY}, set()),
}


@pytest.mark.parametrize(("fields", "concerns"), CONCERNS.values(), ids=CONCERNS)
def test_what_is_worth_a_look(organization: Organization, fields: dict[str, Any], concerns: set[str]) -> None:
    key = key_of(organization, **fields)
    found = {concern.value for concern, queryset in hygiene.QUERYSETS.items() if key in queryset()}
    assert found == concerns
    assert {name for name, count in hygiene.attention().items() if count} == concerns


def test_a_suspended_organizations_keys_need_no_attention(organization: Organization) -> None:
    key_of(organization, created_at=NOW - 91 * DAY, expires_at=NOW + DAY)
    organization.suspend()
    assert not any(hygiene.attention().values())


def test_a_key_in_grace_is_meant_to_end(organization: Organization) -> None:
    rotated(key_of(organization, expires_at=NOW + DAY))
    assert [key.replaces_id is not None for key in hygiene.expiring_soon()] == [True]


def test_the_most_pressing_comes_first(organization: Organization) -> None:
    later, sooner = (key_of(organization, expires_at=NOW + days * DAY) for days in (9, 3))
    used, unused = (key_of(organization, created_at=NOW - 99 * DAY, last_used_at=at) for at in (NOW - 95 * DAY, None))
    assert list(hygiene.expiring_soon()) == [sooner, later]
    assert list(hygiene.idle()) == [unused, used]


@pytest.mark.parametrize(("refused", "is_often"), [(49, False), (50, True)])
def test_a_key_that_is_refused_often_needs_a_look(organization: Organization, refused: int, is_often: bool) -> None:
    key = key_of(organization, expires_at=NOW + 365 * DAY)
    Day.objects.create(public_id=key.public_id, organization=organization, day=NOW.date(), missing_scope=refused)
    assert list(hygiene.often_refused()) == ([key] if is_often else [])
    assert hygiene.attention()["often_refused"] == is_often
