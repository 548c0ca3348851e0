"""The states of a key."""

from django.db import models


class KeyState(models.TextChoices):
    """Where a key stands now, the strongest reason first."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    GRACE = "grace"
    ACTIVE = "active"


class KeyEndedError(Exception):
    """The key has ended or has a successor already, so it can't be rotated."""
