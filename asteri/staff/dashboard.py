"""The first page: what needs somebody, what was asked of the API, who is new; of each only what a role may see."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apikeys import hygiene
from apikeys.usage.figures import everything_24_hours
from customers.models import STAFF_ORDER, Customer
from organizations.models import Organization

ROWS = 10


@dataclass(frozen=True)
class Figure:
    """How many keys a concern holds, and where they're looked after."""

    label: str
    count: int
    address: str

    @property
    def shown(self) -> str:
        """The count as people read it, `1,000+` beyond what is counted."""
        return f"{self.count:,}" if self.count <= hygiene.MOST else f"{hygiene.MOST:,}+"


def panels(request: HttpRequest) -> dict[str, Any]:
    """Answer what the dashboard shows; what a user may not see isn't asked for."""
    user: Any = request.user
    return {
        "concerns": concerns() if user.has_perm("apikeys.view_apikey") else None,
        "requests": everything_24_hours() if user.has_perm("usage.view_hour") else None,
        "customers": newest_customers() if user.has_perm("customers.view_customer") else None,
        "suspended": suspended() if user.has_perm("organizations.view_organization") else None,
    }


def concerns() -> list[Figure]:
    """Answer how many keys need attention, by what about them does."""
    page, counts = reverse("admin:apikeys_apikey_hygiene"), hygiene.attention()
    return [Figure(str(hygiene.Concern(name).label), count, f"{page}#{name}") for name, count in counts.items()]


def newest_customers() -> list[Customer]:
    """Answer the customers that were created last, in any organization."""
    return list(Customer.objects.select_related("organization").order_by(*STAFF_ORDER)[:ROWS])


def suspended() -> list[Organization]:
    """Answer the organizations that were suspended last."""
    return list(Organization.objects.exclude(suspended_at=None).order_by("-suspended_at")[:ROWS])
