"""Stored sheets: a file that staff import part by part, kept in the database meanwhile, which all machines share.

Rows are gone as soon as they're imported; those that were refused stay to be downloaded, for a day at most. The
database has no foreign keys to users and organizations: making one locks those tables, and a sheet is forgotten anyway.
"""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from organizations.models import Organization

KEPT = timedelta(hours=24)


class Phase(models.TextChoices):
    """What is being done with a sheet, or was last."""

    CHECK = "check"
    IMPORT = "import"


class StoredSheet(models.Model):
    """A staff user's file for an organization, how far it's dealt with, and what became of its rows so far."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    name = models.CharField(max_length=255)
    phase = models.CharField(max_length=6, choices=Phase, default=Phase.CHECK)
    rows = models.PositiveIntegerField()
    parts = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    stored_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        app_label = "customers"

    def __str__(self) -> str:
        return self.name

    @property
    def is_under_way(self) -> bool:
        """Whether parts are left in this phase."""
        return self.done < self.parts

    @property
    def is_checked(self) -> bool:
        """Whether all is known that a check finds out, and nothing imported yet."""
        return self.phase == Phase.CHECK and not self.is_under_way

    @property
    def is_imported(self) -> bool:
        """Whether nothing is left to do."""
        return self.phase == Phase.IMPORT and not self.is_under_way


class SheetPart(models.Model):
    """A part of a stored sheet: its rows, what the good ones claim, and what is wrong with the bad ones, as JSON."""

    sheet = models.ForeignKey(StoredSheet, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    rows = models.TextField()
    claims = models.TextField(default="{}")
    faults = models.TextField(default="[]")

    class Meta:
        app_label = "customers"
        constraints = (models.UniqueConstraint(name="part_of_a_sheet_has_its_own_number", fields=["sheet", "number"]),)

    def __str__(self) -> str:
        return f"{self.sheet}, part {self.number}"


def prune() -> int:
    """Delete one of the sheets that are no longer kept; answer how many that was."""
    old = StoredSheet.objects.filter(stored_at__lte=timezone.now() - KEPT).values_list("pk", flat=True)[:1]
    return StoredSheet.objects.filter(pk__in=list(old)).delete()[1].get("customers.StoredSheet", 0)
