"""The audit trail: who changed what, from what to what, and when.

The database itself writes every record, in triggers (asteri/audit/laying.py), in the transaction of the change: so no
way of writing can miss one, and what is rolled back leaves none. It refuses to change a record or delete a young one.
"""

from typing import ClassVar, Self

from django.db import models

from asteri.audit.actor import ActorKind


class Action(models.TextChoices):
    """What was done to the subject."""

    CREATED = "created", "created"
    CHANGED = "changed", "changed"
    DELETED = "deleted", "deleted"


class Record(models.Model):
    """One change of one subject. `changes` holds `[from, to]` by field; secrets stand there as "…".

    Django doesn't manage the table: its migration makes it, and no `flush` empties it.
    """

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=7, choices=ActorKind)
    actor = models.CharField(max_length=150, blank=True)
    request_id = models.CharField(max_length=128, blank=True)
    address = models.CharField(max_length=64, blank=True)
    subject_type = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=64)
    organization_id = models.UUIDField(null=True)
    action = models.CharField(max_length=7, choices=Action)
    changes = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[Self]]

    class Meta:
        app_label = "audit"
        managed = False
        db_table = "audit_record"
        ordering = ("-id",)
        verbose_name = "audit record"

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id} {self.action}"

    @property
    def who(self) -> str:
        """Who acted, for people."""
        return f"{self.get_actor_kind_display()} {self.actor}".strip()

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """The changes, for people: each field with what it was and what it became; "" for nothing."""
        return [(name, *map(shown, pair)) for name, pair in self.changes.items()]


def shown(value: object) -> str:
    """Write a value of a change for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
