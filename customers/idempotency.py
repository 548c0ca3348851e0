"""Idempotency records: what a POST under an `Idempotency-Key` answered first, kept for 24 hours."""

from datetime import timedelta

from django.db import models, transaction
from django.utils import timezone

from organizations.models import Organization

KEPT = timedelta(hours=24)
BATCH = 1_000


class IdempotencyRecord(models.Model):
    """The first success of a POST under a key."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    route = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    location = models.CharField(max_length=255, blank=True)
    body = models.TextField()  # text and not JSON, which PostgreSQL would give back with its keys in another order
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "customers"
        constraints = (
            models.UniqueConstraint(
                name="idempotency_key_is_used_once_on_its_route", fields=["organization", "route", "key"]
            ),
        )
        indexes = (models.Index(name="idempotency_by_age", fields=["created_at"]),)

    def __str__(self) -> str:
        return f"{self.route} {self.key}"

    @property
    def is_kept(self) -> bool:
        """Whether the record still counts."""
        return self.created_at > timezone.now() - KEPT


class IdempotencyLink(models.Model):
    """A customer whose data stands in a stored answer; when the one is deleted, a trigger deletes the other."""

    record = models.ForeignKey(IdempotencyRecord, on_delete=models.CASCADE)
    customer_id = models.UUIDField(db_index=True)

    class Meta:
        app_label = "customers"

    def __str__(self) -> str:
        return str(self.customer_id)


def prune() -> int:
    """Delete one batch of the records that are no longer kept; answer how many they were."""
    old = IdempotencyRecord.objects.filter(created_at__lte=timezone.now() - KEPT).order_by("created_at")
    with transaction.atomic():
        ids = list(old.values_list("pk", flat=True)[:BATCH])
        IdempotencyRecord.objects.filter(pk__in=ids).delete()
    return len(ids)
