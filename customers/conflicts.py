"""Conflicts: a value that another customer holds, and where to find who does."""

from functools import cache
from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request

from apikeys.authentication import key_of
from apikeys.scopes import Scope
from asteri.api.errors import ApiError
from customers.emails import email_key
from customers.models import Customer, TakenError
from organizations.context import organization_of
from organizations.models import Organization


def taken_message(field: str) -> str:
    """Answer the sentence for a value of `field` that is taken."""
    return f"Customer {field} already exists in this organization"


def location_of(customer_id: UUID) -> str:
    """Answer where a customer can be retrieved."""
    return f"{customers()}/{customer_id}"


@cache
def customers() -> str:
    """Answer where customers are; finding a route costs more than a statement is prepared for."""
    return reverse("customers-list")


def holder_of(organization: Organization, field: str, value: str) -> Customer | None:
    """Answer the organization's customer that holds the value now; it may have gone since it was found taken."""
    column, sought = ("email_key", email_key(value)) if field == "email" else (field, value)
    return Customer.objects.of(organization).filter(**{column: sought}).first()


def conflict(request: Request, error: TakenError, value: str) -> ApiError:
    """Answer the 409 of a taken value, with the holder's `Location` for a key that may read customers."""
    headers = {}
    if Scope.READ_CUSTOMERS in key_of(request).scopes:
        holder = holder_of(organization_of(request), error.field, value)
        headers = {"Location": location_of(holder.pk)} if holder else {}
    return ApiError(409, taken_message(error.field), headers=headers, field=error.field)
