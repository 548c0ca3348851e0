"""Rotation and revocation: a successor alike, a predecessor that ends in time, and nobody who comes second."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connections

from apikeys.models import ApiKey
from apikeys.states import KeyEndedError, KeyState
from tests.callers import Caller
from tests.factories import make_organization

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def rotated(caller: Caller, grace: timedelta = HOUR) -> Caller:
    key, plain = caller.key.rotate(grace)
    return Caller(caller.organization, key, plain.text)


def status(caller: Caller) -> int:
    return int(caller.get().status_code)


def test_the_successor_is_like_its_predecessor(owner: Caller) -> None:
    fields = {
        "name": "CRM",
        "scopes": ["read:customers", "delete:customers"],
        "per_minute": 5,
        "per_hour": 6,
        "per_day": 7,
        "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
    }
    successor = rotated(Caller.of(owner.organization, **fields)).key
    successor.refresh_from_db()
    assert {name: getattr(successor, name) for name in fields} == fields
    assert successor.organization == owner.organization


def test_the_successor_is_a_key_of_its_own(owner: Caller) -> None:
    successor = rotated(owner)
    assert successor.key.id != owner.key.id
    assert successor.text[9:] != owner.text[9:]
    assert successor.key.replaces == owner.key
    assert status(successor) == 200


def test_the_successor_of_a_sandbox_key_is_a_sandbox_key(db: None) -> None:
    successor = rotated(Caller.of(make_organization(environment="sandbox")))
    assert successor.text.startswith("ast_test_")


def test_the_predecessor_works_until_its_grace_has_passed(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        successor = rotated(owner)
        clock.move_to(NOON + HOUR - timedelta(microseconds=1))
        assert status(owner) == 200
        clock.move_to(NOON + HOUR)
        assert status(owner) == 401
        assert status(successor) == 200


def test_without_grace_the_predecessor_ends_at_once(owner: Caller) -> None:
    successor = rotated(owner, timedelta(0))
    assert status(owner) == 401
    assert status(successor) == 200


def test_the_predecessor_never_outlives_its_own_expiry(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        caller = Caller.of(owner.organization, expires_at=NOON + HOUR)
        rotated(caller, 24 * HOUR)
        assert caller.key.expires_at == NOON + HOUR
        clock.shift(HOUR)
        assert status(caller) == 401


def test_a_grace_that_ends_before_the_expiry_brings_it_forward(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        caller = Caller.of(owner.organization, expires_at=NOON + 24 * HOUR)
        successor = rotated(caller)
    assert caller.key.expires_at == NOON + HOUR
    assert successor.key.expires_at == NOON + 24 * HOUR


def test_its_state_goes_from_active_through_grace_to_expired(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert owner.key.state == KeyState.ACTIVE
        successor = rotated(owner)
        assert ApiKey.objects.get(pk=owner.key.pk).state == KeyState.GRACE
        assert successor.key.state == KeyState.ACTIVE
        clock.shift(HOUR)
        assert ApiKey.objects.get(pk=owner.key.pk).state == KeyState.EXPIRED


def test_its_state_names_the_strongest_reason(owner: Caller) -> None:
    owner.key.rotate(HOUR)
    owner.organization.suspend()
    assert ApiKey.objects.get(pk=owner.key.pk).state == KeyState.SUSPENDED
    owner.key.revoke()
    assert ApiKey.objects.get(pk=owner.key.pk).state == KeyState.REVOKED


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (lambda key: key.rotate(HOUR), "grace"),
        (lambda key: key.revoke(), "revoked"),
        (lambda key: key.end_by(NOON), "expired"),
    ],
    ids=["rotated", "revoked", "expired"],
)
def test_a_key_that_has_ended_or_has_a_successor_is_not_rotated(
    owner: Caller, end: Callable[[ApiKey], object], state: str
) -> None:
    end(owner.key)
    known = ApiKey.objects.count()
    with pytest.raises(KeyEndedError, match=f"is {state} and can't be rotated"):
        owner.key.rotate(HOUR)
    assert ApiKey.objects.count() == known


def test_a_refused_rotation_leaves_the_key_as_it_was(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        owner.key.rotate(HOUR)
        with pytest.raises(KeyEndedError):
            owner.key.rotate(24 * HOUR)
    owner.key.refresh_from_db()
    assert owner.key.expires_at == NOON + HOUR


def test_a_stale_copy_of_a_rotated_key_is_not_rotated(owner: Caller) -> None:
    stale = ApiKey.objects.get(pk=owner.key.pk)
    owner.key.rotate(HOUR)
    with pytest.raises(KeyEndedError):
        stale.rotate(HOUR)


def test_a_successor_can_be_rotated_in_its_turn(owner: Caller) -> None:
    third = rotated(rotated(owner))
    assert status(third) == 200


@pytest.mark.django_db(transaction=True)
def test_two_rotations_at_once_make_one_successor(owner: Caller) -> None:
    together = Barrier(2)

    def rotate(key: ApiKey) -> bool:
        try:
            together.wait(timeout=120)
            key.rotate(HOUR)
        except KeyEndedError:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        copies = [ApiKey.objects.get(pk=owner.key.pk) for _ in range(2)]
        assert sorted(threads.map(rotate, copies)) == [False, True]
    assert ApiKey.objects.filter(replaces=owner.key).count() == 1


def test_revoking_twice_keeps_the_first_time(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        owner.key.revoke()
        clock.shift(60)
        owner.key.revoke()
    assert owner.key.revoked_at == NOON
    assert ApiKey.objects.get(pk=owner.key.pk).revoked_at == NOON


def test_revoking_a_stale_copy_keeps_the_first_time(owner: Caller) -> None:
    stale = ApiKey.objects.get(pk=owner.key.pk)
    with time_machine.travel(NOON, tick=False) as clock:
        owner.key.revoke()
        clock.shift(60)
        stale.revoke()
    assert stale.revoked_at == NOON


def test_revoking_the_predecessor_ends_its_grace(owner: Caller) -> None:
    successor = rotated(owner)
    owner.key.revoke()
    assert status(owner) == 401
    assert status(successor) == 200
