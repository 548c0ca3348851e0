"""Filters of the list of refusals."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apikeys.usage.models import REFUSALS_KEPT
from apikeys.usage.subjects import HINT_FORM
from asteri.staff.lists import ExactFilter


class DayFilter(admin.SimpleListFilter):
    """Filters by a day of the week that refusals are kept for, in UTC."""

    title, parameter_name = "day", "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Answer the days, today first."""
        today = timezone.now().date()
        days = [today - timedelta(days=ago) for ago in range(REFUSALS_KEPT.days + 1)]
        return [(day.isoformat(), f"{day:%A, %-d %B}") for day in days]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Answer the refusals of the chosen day; one that isn't offered leaves the list as it is."""
        if self.value() not in dict(self.lookup_choices):
            return queryset
        start = datetime.fromisoformat(str(self.value())).replace(tzinfo=UTC)
        return queryset.filter(at__gte=start, at__lt=start + timedelta(days=1))


class KeyFilter(ExactFilter):
    """Filters by a key's hint or public id."""

    title, parameter_name, lookup = "key", "key", "public_id"

    def value(self) -> Any:
        """Answer the public id."""
        text = super().value()
        return text and public_id_of(text)


class StatusFilter(admin.SimpleListFilter):
    """Filters by the answer's status."""

    title, parameter_name = "status", "status"
    statuses: ClassVar = (
        "400",
        "401",
        "403",
        "404",
        "405",
        "409",
        "411",
        "412",
        "413",
        "415",
        "422",
        "429",
        "500",
        "503",
    )

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Answer the statuses of the error table."""
        return [(status, status) for status in self.statuses]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Answer the refusals with the chosen status."""
        return queryset.filter(status=int(str(self.value()))) if self.value() in self.statuses else queryset


def public_id_of(text: str) -> str:
    """Answer the public id of a hint; any other text is its own."""
    hint = HINT_FORM.fullmatch(text.strip())
    return hint["public_id"] if hint else text.strip()
