"""Pruning: usage is kept for USAGE_DAYS, refusals for a week."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from apikeys.usage.models import REFUSALS_KEPT, Batch, Day, Hour, Refusal

BATCH = 1_000


def prune_usage() -> int:
    """Delete one batch of the hours and one of the days that need not be kept; answer how many rows they were."""
    oldest = timezone.now() - timedelta(days=settings.USAGE_DAYS)
    return delete_some(Hour, hour__lt=oldest) + delete_some(Day, day__lt=oldest.date())


def prune_refusals() -> int:
    """Delete one batch of the refusals that need not be kept; answer how many they were."""
    oldest = timezone.now() - REFUSALS_KEPT
    return delete_some(Refusal, at__lt=oldest)


def prune_batches() -> int:
    """Delete one batch of what tells batches apart, once none of them can still be sent; answer how many they were."""
    return delete_some(Batch, at__lt=timezone.now() - REFUSALS_KEPT)


def delete_some(model: type[Any], **old: Any) -> int:
    """Delete BATCH rows at most; answer how many they were."""
    ids = list(model.objects.filter(**old).order_by().values_list("pk", flat=True)[:BATCH])
    return int(model.objects.filter(pk__in=ids).delete()[0])
