"""Hygiene: keys that are a risk to leave as they are. Each concern is a condition; keys that don't work are none."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice

from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apikeys.models import ApiKey
from apikeys.stages import Stage, at, working
from apikeys.usage.figures import often_refused as refusals_by_key

IDLE_AFTER = timedelta(days=90)
MOST = 2_000  # a count goes no further: MOST + 1 stands for more


class Concern(models.TextChoices):
    """What makes a key worth a look."""

    NEVER_EXPIRING = "never_expiring", "never expire"
    IDLE = "idle", "idle for 90 days"
    EXPIRING_SOON = "expiring_soon", "expire within 14 days"
    OFTEN_REFUSED = "often_refused", "refused 50 times or more in 7 days"


def is_never_expiring() -> Q:
    """Answer the condition of keys that go on for ever."""
    return working(timezone.now()) & Q(expires_at=None)


def is_idle() -> Q:
    """Answer the condition of keys that nobody has used for IDLE_AFTER, or ever since they were made before that."""
    now = timezone.now()
    since = now - IDLE_AFTER
    return working(now) & (Q(last_used_at__lt=since) | Q(last_used_at=None, created_at__lt=since))


def is_expiring_soon() -> Q:
    """Answer the condition of keys that will end soon and have no successor."""
    return at(Stage.EXPIRING)


def is_often_refused() -> Q:
    """Answer the condition of keys whose requests are refused often: the MOST most refused of them."""
    return is_among(refusals_by_key())


def is_among(refusals: Iterable[str]) -> Q:
    """Answer the condition of working keys that are among the MOST first of those named by their public ids."""
    return working(timezone.now()) & Q(public_id__in=list(islice(refusals, MOST)))


CONDITIONS = {
    Concern.NEVER_EXPIRING: is_never_expiring,
    Concern.IDLE: is_idle,
    Concern.EXPIRING_SOON: is_expiring_soon,
    Concern.OFTEN_REFUSED: is_often_refused,
}


def never_expiring() -> QuerySet[ApiKey]:
    """Answer the keys that never expire, the oldest first."""
    return ApiKey.objects.filter(is_never_expiring()).order_by("created_at", "id")


def idle() -> QuerySet[ApiKey]:
    """Answer the idle keys, those never used first, then those unused for longest."""
    return ApiKey.objects.filter(is_idle()).order_by(F("last_used_at").asc(nulls_first=True), "id")


def expiring_soon() -> QuerySet[ApiKey]:
    """Answer the keys that expire soon, the next to end first."""
    return ApiKey.objects.filter(is_expiring_soon()).order_by("expires_at", "id")


def often_refused() -> QuerySet[ApiKey]:
    """Answer the keys that are refused often, the newest first."""
    return ApiKey.objects.filter(is_often_refused())


QUERYSETS = {
    Concern.NEVER_EXPIRING: never_expiring,
    Concern.IDLE: idle,
    Concern.EXPIRING_SOON: expiring_soon,
    Concern.OFTEN_REFUSED: often_refused,
}


def count(keys: QuerySet[ApiKey]) -> int:
    """Answer how many keys there are; MOST + 1 stands for more than MOST."""
    return keys.order_by()[: MOST + 1].count()


def attention() -> dict[str, int]:
    """Answer how many keys each concern holds, by its name; MOST + 1 stands for more than MOST."""
    return {concern.value: count(queryset()) for concern, queryset in QUERYSETS.items()}
