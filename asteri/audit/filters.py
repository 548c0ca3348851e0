"""The filters of the list of records, each answered by an index."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import BigIntegerField, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest

from asteri.audit.actor import ActorKind
from asteri.audit.models import Record
from asteri.audit.subjects import SUBJECTS
from asteri.staff.lists import ExactFilter, FormFilter

MARGIN = 1_000  # by so many places may the order of ids differ from that of times, where many write at once


class SubjectFilter(ExactFilter):
    """Filters by the id of a customer, a key, an organization, a user or a group."""

    title, parameter_name, lookup = "id of what was changed", "subject", "subject_id"


class KeyFilter(ExactFilter):
    """Filters by the public id, or the hint, of the key that acted."""

    title, parameter_name, lookup, kind = "API key that acted", "key", "actor", ActorKind.API_KEY

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Answer what actors of this kind and that name have done."""
        named = self.value()
        return queryset.filter(actor_kind=self.kind, actor=self.name_of(named)) if named else queryset

    def name_of(self, text: str) -> str:
        """Answer a key's public id; a hint such as `ast_live_UUe7yQ266Mbu…` holds it."""
        return text.rpartition("_")[2].rstrip("…. ")


class UserFilter(KeyFilter):
    """Filters by the name of the user who acted."""

    title, parameter_name, kind = "user who acted", "user", ActorKind.USER

    def name_of(self, text: str) -> str:
        """Answer the name."""
        return text


class FromFilter(FormFilter):
    """Filters by the first day, in UTC. The id of its first record bounds the list, whatever else it's filtered by."""

    title, parameter_name, lookup = "first day", "from", "at__gte"
    bound, order, margin, end = "id__gte", "at", -MARGIN, time.min

    def field(self) -> forms.Field:
        """Answer a day."""
        return forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date", "class": "vDateField"}))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Answer the records of that side of the day's end."""
        day = self.value()
        if day is None:
            return queryset
        in_time = {self.lookup: datetime.combine(day, self.end, UTC)}
        edge = Subquery(Record.objects.filter(**in_time).order_by(self.order).values("pk")[:1])
        return queryset.filter(**in_time, **{self.bound: Cast(edge, BigIntegerField()) + self.margin})


class UntilFilter(FromFilter):
    """Filters by the last day, in UTC."""

    title, parameter_name, lookup = "last day", "until", "at__lte"
    bound, order, margin, end = "id__lte", "-at", MARGIN, time.max


class TypeFilter(admin.SimpleListFilter):
    """Filters by what kind of thing was changed; the kinds are known, and none needs to be looked for."""

    title, parameter_name = "type", "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Answer the kinds."""
        return [(subject.label, subject.label.partition(".")[2]) for subject in SUBJECTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Answer the records of that kind."""
        return queryset.filter(subject_type=self.value()) if self.value() else queryset
