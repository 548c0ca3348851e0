"""Numbers at a glance: what organizations have and do, for a page of them or for one, each in one statement."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum

from apikeys.models import ApiKey
from apikeys.stages import Stage, at
from apikeys.usage import figures
from customers.models import CustomerTally


@dataclass(frozen=True)
class Glance:
    """An organization's customers by account type, its keys by where they stand, and its requests today."""

    customers: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0

    @property
    def all_customers(self) -> int:
        """All of its customers."""
        return sum(self.customers.values())


def glances(ids: Collection[UUID]) -> dict[UUID, Glance]:
    """Answer what each of the organizations has and does."""
    customers, keys, requests = customers_of(ids), keys_of(ids), figures.organizations_today(ids)
    return {one: Glance(customers.get(one, {}), keys.get(one, {}), requests.get(one, 0)) for one in ids}


def customers_of(ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Answer the kept counts of customers, by organization and account type."""
    found: dict[UUID, dict[str, int]] = {}
    tallies: Any = CustomerTally.objects.filter(organization__in=ids).order_by()
    for organization, account_type, count in tallies.values_list("organization", "account_type").annotate(Sum("count")):
        found.setdefault(organization, {})[account_type] = count
    return found


def keys_of(ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Answer how many keys stand where, by organization; nothing for where none stands."""
    counts: dict[str, Any] = {stage.name: Count("pk", filter=at(stage)) for stage in Stage}
    keys: Any = ApiKey.objects.filter(organization__in=ids).order_by()
    rows = keys.values_list("organization").annotate(**counts)
    return {one: {stage.value: n for stage, n in zip(Stage, numbers, strict=True) if n} for one, *numbers in rows}
