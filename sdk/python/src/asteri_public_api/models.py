"""What the API answers: the schemas of its OpenAPI document. Fields that a later version adds are passed over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from asteri_public_api.errors import Issue

AccountType = Literal["individual", "business"]
Scope = Literal[
    "read:customers",
    "write:customers",
    "delete:customers",
    "read:organizations",
    "read:api_keys",
    "write:api_keys",
]
T = TypeVar("T")


def read(model: type[T], data: Mapping[str, Any]) -> T:
    """Build a model from JSON."""
    known = [each for each in fields(model) if each.name in data]  # type: ignore[arg-type]  # models are dataclasses
    return model(**{each.name: each.metadata.get("read", as_is)(data[each.name]) for each in known})


def as_is(value: T) -> T:
    """Answer the value."""
    return value


def optional(reader: Callable[[Any], T], value: Any) -> T | None:
    """Read a value that may be null."""
    return None if value is None else reader(value)


MOMENT: Mapping[str, Any] = {"read": partial(optional, datetime.fromisoformat)}


def nested(model: type[Any]) -> Mapping[str, Any]:
    """Answer the metadata of a field that holds another model, or null."""
    return {"read": partial(optional, partial(read, model))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What is known of an answer beside its body.

    `request_id` is the id under which the API has logged the request, `contract_version` that of the contract that
    answered, `etag` the customer's version for `if_match`; `replayed` says whether this is the stored answer of an
    earlier request under the same `Idempotency-Key`.
    """

    status: int
    headers: Mapping[str, str]
    request_id: str | None
    contract_version: str | None
    etag: str | None
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerProfile:
    """The names that a customer was given, and its external id."""

    company_name: str | None
    first_name: str | None
    last_name: str | None
    updated_at: datetime = field(metadata=MOMENT)
    external_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer; `profile` is there where the request asked to expand it."""

    id: str
    organization_id: str
    account_type: AccountType
    display_name: str
    email: str | None
    phone: str | None
    created_at: datetime = field(metadata=MOMENT)
    profile: CustomerProfile | None = field(default=None, metadata=nested(CustomerProfile))


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChange:
    """Something that happened to a customer; `customer` is as it is now, None once it is gone."""

    type: Literal["customer.created", "customer.updated", "customer.deleted"]
    customer_id: str
    occurred_at: datetime = field(metadata=MOMENT)
    customer: Customer | None = field(metadata=nested(Customer))


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What became of one customer of a bulk request: `data` for a 201, else what its own request would be told."""

    status: Literal[201, 400, 409]
    data: Customer | None = field(default=None, metadata=nested(Customer))
    error: str | None = None
    issues: Sequence[Issue] = ()
    field: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An organization that the key may act for."""

    id: str
    name: str
    environment: Literal["live", "sandbox"]
    created_at: datetime = field(metadata=MOMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What may be seen of a key."""

    id: str
    hint: str
    name: str
    scopes: Sequence[Scope]
    per_minute: int
    per_hour: int | None
    per_day: int | None
    expires_at: datetime | None = field(metadata=MOMENT)
    state: Literal["revoked", "expired", "suspended", "grace", "active"]
    created_at: datetime = field(metadata=MOMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentApiKey(ApiKey):
    """The caller's own key, and its organization."""

    organization: Organization = field(metadata=nested(Organization))


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedApiKey(ApiKey):
    """A key that has just been made: `key` is shown this once."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagination:
    """Where a page stands: how many there are on all pages, and the next page's cursor, None on the last."""

    count: int
    limit: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPagination:
    """Where a page of the feed ends; there is always a cursor to go on from."""

    limit: int
    next_cursor: str


P = TypeVar("P", Pagination, FeedPagination)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Generic[T]):
    """An answer's data."""

    data: T
    meta: Meta = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T, P]):
    """A page of a list or of the feed."""

    data: Sequence[T]
    pagination: P
    meta: Meta = field(repr=False, compare=False)
