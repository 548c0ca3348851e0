"""What the API is sent: bodies and query parameters, as keyword arguments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Required, TypedDict

from asteri_public_api.models import AccountType, Scope


class CreateCustomerRequest(TypedDict, total=False):
    """A customer to create."""

    account_type: Required[AccountType]
    email: Required[str]
    phone: Required[str]
    display_name: str
    company_name: str
    first_name: str
    last_name: str
    external_id: str


class ReplaceCustomerRequest(TypedDict, total=False):
    """All of a customer: what is left out is cleared."""

    account_type: Required[AccountType]
    email: Required[str]
    phone: Required[str]
    display_name: str
    company_name: str
    first_name: str
    last_name: str


class ChangeCustomerRequest(TypedDict, total=False):
    """What to change of a customer; None clears."""

    account_type: AccountType
    email: str | None
    phone: str | None
    display_name: str
    company_name: str
    first_name: str
    last_name: str
    external_id: str | None


class ListQuery(TypedDict, total=False):
    """A page: how long, from where, in which order."""

    limit: int
    cursor: str
    order: Literal["-created_at", "created_at"]


class ListCustomersQuery(ListQuery, total=False):
    """A page of customers, and which of them."""

    account_type: AccountType
    email: str
    phone: str
    external_id: str
    search: str
    created_after: datetime | str
    created_before: datetime | str
    expand: Literal["profile"]


class ListChangesQuery(TypedDict, total=False):
    """A page of the feed."""

    limit: int
    cursor: str


class CreateApiKeyRequest(TypedDict, total=False):
    """A key to make, within the caller's own scopes, limits and expiry."""

    name: Required[str]
    scopes: Required[Sequence[Scope]]
    per_minute: int
    per_hour: int | None
    per_day: int | None
    expires_at: datetime | str | None


class RotateApiKeyRequest(TypedDict, total=False):
    """How long the predecessor goes on, in hours."""

    grace_hours: int
