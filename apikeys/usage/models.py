"""What is kept of requests: how many there were, by key, and for a week those that were refused.

No foreign key stands in the database: the rows are written beside the requests, and nothing may keep them from it.
"""

import uuid
from datetime import timedelta
from typing import ClassVar, Self

from django.db import models

from apikeys.keys import PUBLIC_ID_LENGTH, KeyFault
from apikeys.usage.kinds import Kind
from organizations.models import Organization

REFUSALS_KEPT = timedelta(days=7)
GRANTED, THROTTLED = "granted", Kind.THROTTLED.value
REFUSED = tuple(kind.value for kind in Kind if kind not in (Kind.KEY, Kind.ADDRESS, Kind.THROTTLED))
COUNTERS = (GRANTED, THROTTLED, *REFUSED)  # in the order in which counts are handed about


class Counts(models.Model):
    """How often the requests of one key were granted and refused. What bore no valid key is nobody's, and not here."""

    public_id = models.CharField("key", max_length=PUBLIC_ID_LENGTH)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    granted = models.PositiveIntegerField(default=0)
    throttled = models.PositiveIntegerField(default=0)
    wrong_organization = models.PositiveIntegerField(default=0)
    missing_scope = models.PositiveIntegerField(default=0)
    bad_request = models.PositiveIntegerField(default=0)
    not_found = models.PositiveIntegerField(default=0)
    conflict = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Self]]

    class Meta:
        abstract = True


class Hour(Counts):
    """The counts of one key in one hour, which begins at `hour`, in UTC."""

    hour = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(name="key_has_one_row_an_hour", fields=["public_id", "hour"]),)
        indexes = (models.Index(name="usage_by_hour", fields=["hour"]),)

    def __str__(self) -> str:
        return f"{self.public_id} {self.hour:%Y-%m-%d %H:%M}"


class Day(Counts):
    """The sum of a key's hours of one day, in UTC, kept so that a page adds up few rows."""

    day = models.DateField()

    class Meta:
        constraints = (models.UniqueConstraint(name="key_has_one_row_a_day", fields=["public_id", "day"]),)
        indexes = (
            models.Index(name="usage_by_organization_and_day", fields=["organization", "day"]),
            models.Index(name="usage_by_day", fields=["day"]),
        )

    def __str__(self) -> str:
        return f"{self.public_id} {self.day}"


class Batch(models.Model):
    """What a process wrote at once. Its row stands where all of that stands, so that nothing is written twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField()
    left_out = models.PositiveIntegerField(default=0, help_text="Refusals that were counted and not kept one by one.")

    objects: ClassVar[models.Manager[Self]]

    class Meta:
        indexes = (models.Index(name="batches_by_age", fields=["at"]),)

    def __str__(self) -> str:
        return str(self.id)


class Refusal(models.Model):
    """A request that was refused: who asked for what, and why not. Nothing that the request held is here."""

    at = models.DateTimeField()
    request_id = models.CharField("request id", max_length=128)
    public_id = models.CharField("key", max_length=PUBLIC_ID_LENGTH, blank=True)
    is_proven = models.BooleanField(
        "key proven", default=False, help_text="Whether the request bore the valid key, or only something like it."
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    address = models.CharField(max_length=64)
    method = models.CharField(max_length=7)
    route = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    kind = models.CharField("failed at", max_length=18, choices=Kind)
    key_fault = models.CharField("what was wrong with the key", max_length=9, choices=KeyFault, blank=True)
    reason = models.CharField("the answer's error", max_length=255)
    paths = models.CharField("what was at fault", max_length=255, blank=True)

    objects: ClassVar[models.Manager[Self]]

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(name="refusals_by_age", fields=["at", "id"]),
            models.Index(name="refusals_by_request", fields=["request_id"]),
            models.Index(name="refusals_by_key", fields=["public_id", "at", "id"]),
            models.Index(name="refusals_by_organization", fields=["organization", "at", "id"]),
            models.Index(name="refusals_by_address", fields=["address", "at", "id"]),
            models.Index(name="refusals_by_kind", fields=["kind", "at", "id"]),
            models.Index(name="refusals_by_status", fields=["status", "at", "id"]),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.request_id}"
