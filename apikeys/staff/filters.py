"""Filters of the list of keys: each choice is a condition."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.db.models.lookups import Contains
from django.http import HttpRequest
from django.utils import timezone

from apikeys import hygiene
from apikeys.models import DEFAULT_PER_MINUTE, ApiKey
from apikeys.scopes import Scope
from apikeys.stages import Stage, at
from organizations.models import Environment

Choices = Mapping[str, tuple[str, Callable[[], Q]]]


def ago(days: int) -> Any:
    """Answer the moment that many days ago."""
    return timezone.now() - timedelta(days=days)


def carries(scope: Scope) -> Q:
    """Answer the condition of keys with a scope; no scope's name is a part of another's."""
    return Q(Contains(Cast("scopes", TextField()), scope.value))


class ConditionFilter(admin.SimpleListFilter):
    """Filters by one of the conditions in `options`, which have a label each; an unknown one leads back to the list."""

    options: ClassVar[Choices]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Answer the choices."""
        return [(name, label) for name, (label, _) in self.options.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        """Answer the keys that meet the chosen condition."""
        chosen = self.value()
        if chosen is None:
            return queryset
        if chosen not in self.options:
            raise IncorrectLookupParameters
        return queryset.filter(self.options[chosen][1]())


class StateFilter(ConditionFilter):
    """By where a key stands."""

    title, parameter_name = "state", "state"
    options: ClassVar[Choices] = {stage.value: (stage.label, partial(at, stage)) for stage in Stage}


class ScopeFilter(ConditionFilter):
    """By a scope that a key carries."""

    title, parameter_name = "scope", "scope"
    options: ClassVar[Choices] = {
        **{scope.value: (scope.value, partial(carries, scope)) for scope in Scope},
        "none": ("no scopes", lambda: Q(scopes=[])),
    }


class EnvironmentFilter(ConditionFilter):
    """By the environment of a key's organization."""

    title, parameter_name = "environment", "environment"
    options: ClassVar[Choices] = {
        each.value: (str(each.label), partial(Q, organization__environment=each)) for each in Environment
    }


class ExpiryFilter(ConditionFilter):
    """By when a key expires."""

    title, parameter_name = "expiry", "expiry"
    options: ClassVar[Choices] = {
        "never": ("never", lambda: Q(expires_at=None)),
        "past": ("in the past", lambda: Q(expires_at__lte=ago(0))),
        "14": ("within 14 days", lambda: Q(expires_at__gt=ago(0), expires_at__lte=ago(-14))),
        "90": ("within 90 days", lambda: Q(expires_at__gt=ago(0), expires_at__lte=ago(-90))),
        "later": ("later", lambda: Q(expires_at__gt=ago(-90))),
    }


class UseFilter(ConditionFilter):
    """By when a key was used last."""

    title, parameter_name = "last use", "used"
    options: ClassVar[Choices] = {
        "never": ("never", lambda: Q(last_used_at=None)),
        "1": ("in the last 24 hours", lambda: Q(last_used_at__gt=ago(1))),
        "7": ("in the last 7 days", lambda: Q(last_used_at__gt=ago(7))),
        "over30": ("more than 30 days ago", lambda: Q(last_used_at__lte=ago(30))),
        "over90": ("more than 90 days ago", lambda: Q(last_used_at__lte=ago(90))),
    }


class LimitFilter(ConditionFilter):
    """By a key's limits."""

    title, parameter_name = "limits", "limits"
    options: ClassVar[Choices] = {
        "usual": (f"{DEFAULT_PER_MINUTE} a minute", lambda: Q(per_minute=DEFAULT_PER_MINUTE)),
        "less": ("fewer a minute", lambda: Q(per_minute__lt=DEFAULT_PER_MINUTE)),
        "more": ("more a minute", lambda: Q(per_minute__gt=DEFAULT_PER_MINUTE)),
        "hour": ("a limit per hour", lambda: Q(per_hour__isnull=False)),
        "day": ("a limit per day", lambda: Q(per_day__isnull=False)),
    }


class ConcernFilter(ConditionFilter):
    """By what makes a key worth a look."""

    title, parameter_name = "hygiene", "concern"
    options: ClassVar[Choices] = {
        concern.value: (concern.label, condition) for concern, condition in hygiene.CONDITIONS.items()
    }


OTHERS = (ConcernFilter, ScopeFilter, EnvironmentFilter, ExpiryFilter, UseFilter, LimitFilter)
