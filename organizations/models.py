"""Organizations: the tenants. Every customer and every key belongs to exactly one."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

import phonenumbers
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone


class Environment(models.TextChoices):
    """Live data or a sandbox; the keys of each begin with their own prefix."""

    LIVE = "live"
    SANDBOX = "sandbox"


def validate_region(region: str) -> None:
    """Refuse what is no ISO 3166-1 alpha-2 code of a region that has phone numbers."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError(
            "%(region)s is no region with phone numbers: use a code such as US.", params={"region": region}
        )


class Organization(models.Model):
    """A tenant: a field-service business whose customers the API keeps."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    environment = models.CharField(max_length=7, choices=Environment, default=Environment.LIVE)
    region = models.CharField(
        "default phone region",
        max_length=2,
        default="US",
        validators=[validate_region],
        help_text="Where a phone number without a country code belongs, as an ISO 3166-1 code such as US.",
    )
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager[Self]]

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.CheckConstraint(
                name="organization_environment_is_known", condition=models.Q(environment__in=Environment.values)
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the organization; raise ValidationError where a field breaks its rules, whoever asks."""
        self.clean_fields()
        super().save(*args, **kwargs)

    @property
    def is_suspended(self) -> bool:
        """Whether its keys are refused, from the very next request on."""
        return self.suspended_at is not None

    def suspend(self, now: datetime | None = None) -> None:
        """Refuse its keys until it is reactivated; suspending twice keeps the first time."""
        self.suspended_at = self.suspended_at or now or timezone.now()
        self.save(update_fields=["suspended_at"])

    def reactivate(self) -> None:
        """Let its keys work again."""
        self.suspended_at = None
        self.save(update_fields=["suspended_at"])
