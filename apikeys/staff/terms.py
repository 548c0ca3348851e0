"""Terms: how long a key lives, as staff choose it."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from apikeys import lifetimes

NEVER, DATE, SAME = "never", "date", "same"
OFFERED = {30: "30 days", 90: "90 days", lifetimes.YEAR.days: "a year"}


def offered() -> list[tuple[str, str]]:
    """Answer the lifetimes that may be chosen: those within the maximum and the maximum itself, or else never too."""
    most = settings.MAX_KEY_LIFETIME_DAYS
    days = {days: label for days, label in OFFERED.items() if not most or days <= most}
    if most and most < lifetimes.YEAR.days:
        days[most] = f"{most} days, the longest allowed"
    return [*((str(number), label) for number, label in days.items()), *([] if most else [(NEVER, "never")])]


def usual() -> str:
    """Answer the lifetime that is offered: a year, or the longest allowed where that is shorter."""
    return str(min(lifetimes.YEAR.days, settings.MAX_KEY_LIFETIME_DAYS or lifetimes.YEAR.days))


def usual_end() -> datetime:
    """Answer when a key ends that is given the usual lifetime now."""
    return timezone.now() + timedelta(days=int(usual()))


def end_of(lifetime: str) -> datetime | None:
    """Answer when a key ends that is given an offered lifetime now; None for never."""
    return None if lifetime == NEVER else timezone.now() + timedelta(days=int(lifetime))


class LifetimeField(forms.ChoiceField):
    """Chooses among the offered lifetimes and others that a form adds."""

    def __init__(self, *, first: Any = (), last: Any = (), **kwargs: Any) -> None:
        choices = lambda: [*first, *offered(), *last]  # noqa: E731 - the settings are read when a form is made.
        super().__init__(choices=choices, initial=usual, widget=forms.RadioSelect, **kwargs)
