"""Lifetimes: how far ahead a key may end. One rule for the admin, the command and the API.

Where MAX_KEY_LIFETIME_DAYS bounds them, a key whose expiry is left out ends at the latest moment allowed; one that is
to end later, or never, is refused. A key made before the bound was set keeps its expiry; its successor doesn't.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

YEAR = timedelta(days=365)
LONGEST = 36_500  # days: a century is no bound, and the calendar goes on after it


def longest() -> timedelta | None:
    """Answer how long a key may live; None where nothing bounds it."""
    days = settings.MAX_KEY_LIFETIME_DAYS
    return timedelta(days=min(days, LONGEST)) if days else None


def latest() -> datetime | None:
    """Answer when a key that is made now ends at the latest; None where it may go on for ever."""
    bound = longest()
    return timezone.now() + bound if bound else None


def within(expires_at: datetime | None) -> datetime | None:
    """Answer the expiry, or the latest one allowed where that comes first."""
    return min(filter(None, (expires_at, latest())), default=None)


def fault(expires_at: datetime | None) -> str | None:
    """Answer what is wrong with an expiry that a key is to get now; None for nothing."""
    end = latest()
    if expires_at is not None and expires_at <= timezone.now():
        return "The expiry must lie in the future."
    if end is not None and (expires_at is None or expires_at > end):
        return f"A key must expire within {settings.MAX_KEY_LIFETIME_DAYS} days (MAX_KEY_LIFETIME_DAYS)."
    return None
