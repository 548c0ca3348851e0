"""Hygiene: keys that are a risk to leave as they are. Each concern is a queryset; keys that don't work are none."""

from datetime import timedelta

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from apikeys.models import ApiKey
from apikeys.stages import Stage, at, working

IDLE_AFTER = timedelta(days=90)
MOST = 2_000  # a count goes no further: MOST + 1 stands for more


class Concern(models.TextChoices):
    """What makes a key worth a look, with the sentence that says why."""

    NEVER_EXPIRING = "never_expiring", "Keys that never expire"
    IDLE = "idle", "Keys idle for 90 days"
    EXPIRING_SOON = "expiring_soon", "Keys that expire within 14 days"
    OFTEN_REFUSED = "often_refused", "Keys refused often in the last 7 days"


def never_expiring() -> QuerySet[ApiKey]:
    """Answer the working keys that go on for ever, the oldest first."""
    return ApiKey.objects.filter(working(timezone.now()), expires_at=None).order_by("created_at", "id")


def idle() -> QuerySet[ApiKey]:
    """Answer the working keys that nobody has used for IDLE_AFTER, those never used the first."""
    now = timezone.now()
    since = now - IDLE_AFTER
    unused = Q(last_used_at__lt=since) | Q(last_used_at=None, created_at__lt=since)
    return ApiKey.objects.filter(working(now), unused).order_by(models.F("last_used_at").asc(nulls_first=True), "id")


def expiring_soon() -> QuerySet[ApiKey]:
    """Answer the keys that will end within 14 days and have no successor, the next to end first."""
    return ApiKey.objects.filter(at(Stage.EXPIRING)).order_by("expires_at", "id")


QUERYSETS = {
    Concern.NEVER_EXPIRING: never_expiring,
    Concern.IDLE: idle,
    Concern.EXPIRING_SOON: expiring_soon,
}


def attention() -> dict[str, int]:
    """Answer how many keys each concern holds; MOST + 1 stands for more than MOST."""
    return {concern.value: queryset().order_by()[: MOST + 1].count() for concern, queryset in QUERYSETS.items()}
