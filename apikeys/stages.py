"""Stages: where a key stands for those who look after it, of one key and of all keys at once."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apikeys.models import ApiKey
from apikeys.states import KeyState

SOON = timedelta(days=14)


class Stage(models.TextChoices):
    """The states of a key, with a warning before the end; each key is in exactly one."""

    ACTIVE = "active", "active"
    EXPIRING = "expiring", "expiring"
    GRACE = "grace", "in grace"
    EXPIRED = "expired", "expired"
    REVOKED = "revoked", "revoked"
    SUSPENDED = "suspended", "suspended"


def stage_of(key: ApiKey) -> Stage:
    """Answer where a key stands at this moment; its organization and its successor are best loaded with it."""
    state = key.state
    is_expiring = state is KeyState.ACTIVE and key.expires_at is not None and key.expires_at <= timezone.now() + SOON
    return Stage.EXPIRING if is_expiring else Stage(state.value)


def alive(now: datetime) -> Q:
    """Answer the condition of keys that have not ended."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def working(now: datetime) -> Q:
    """Answer the condition of keys that are let in."""
    return alive(now) & Q(organization__suspended_at=None)


def at(stage: Stage, now: datetime | None = None) -> Q:
    """Answer the condition of keys at a stage: `stage_of`, said to the database."""
    now = now or timezone.now()
    lasting = working(now) & Q(successor=None)
    soon = Q(expires_at__lte=now + SOON)
    return {
        Stage.ACTIVE: lasting & (Q(expires_at=None) | ~soon),
        Stage.EXPIRING: lasting & soon,
        Stage.GRACE: working(now) & Q(successor__isnull=False),
        Stage.EXPIRED: Q(revoked_at=None, expires_at__lte=now),
        Stage.REVOKED: Q(revoked_at__isnull=False),
        Stage.SUSPENDED: alive(now) & Q(organization__suspended_at__isnull=False),
    }[stage]
