"""The filters of staff's list of customers, beside those that every list of the site knows."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from asteri.staff.lists import FormFilter
from customers.filters import MomentField
from customers.models import Customer, CustomerTally
from organizations.models import Environment, Organization

FEW = 1_000  # organizations that are named one by one: the planner knows how many customers those have


class DayFilter(FormFilter):
    """Filters by a day; the address may name a moment too, as the API's does."""

    def field(self) -> forms.Field:
        """Answer a field for a day, in UTC."""
        return MomentField(required=False, widget=forms.DateInput(attrs={"type": "date"}))


class CreatedAfter(DayFilter):
    """Filters by the first day, as the API's `created_after`."""

    title, parameter_name, lookup = "created from", "created_after", "created_at__gte"


class CreatedBefore(DayFilter):
    """Filters by the day after the last, as the API's `created_before`."""

    title, parameter_name, lookup = "created before", "created_before", "created_at__lt"


class EnvironmentFilter(admin.SimpleListFilter):
    """Filters by the environment of the customers' organizations."""

    title, parameter_name = "environment", "environment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Answer the environments."""
        return Environment.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        """Answer the customers of that environment's organizations.

        Where these are few they're named, since a join looks to the planner as if each had as many customers as any.
        """
        if self.value() is None:
            return queryset
        owners = CustomerTally.objects.filter(organization__environment=self.value()).order_by().values("organization")
        ids = list(owners.distinct().values_list("organization", flat=True)[: FEW + 1])
        if len(ids) > FEW:
            return queryset.filter(organization__in=Organization.objects.filter(environment=self.value()))
        return queryset.filter(organization__in=ids)
