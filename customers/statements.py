"""The statements of the hot path, each compiled once (asteri/statements.py): one customer, a page with its count."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db.models import CharField, DateTimeField, UUIDField

from asteri.api.pagination import Position, Slice
from asteri.statements import Asked, Parameter, Select
from customers.models import Customer
from customers.tallies import count, kept_count

ORGANIZATION = Parameter("organization", UUIDField())
CREATED_AT, ID = Parameter("created_at", DateTimeField()), Parameter("id", UUIDField())
ACCOUNT_TYPE = Parameter("account_type", CharField())
OF = ("organization", "account_type")


@cache
def retrieve(*columns: str) -> Select:
    """Answer the statement for the columns of the customer with an `id` in an `organization`."""
    return Select(lambda: Customer.objects.filter(organization=ORGANIZATION, id=ID).order_by().values_list(*columns))


@cache
def list_page(page: Slice, *columns: str, of_one_type: bool = False) -> Select:
    """Answer the statement for a page of an `organization`'s customers, or of those of one `account_type`.

    Each row ends with the count of all pages; a page after a row takes the row's `created_at` and `id`.
    """
    of = {"organization": ORGANIZATION, **({"account_type": ACCOUNT_TYPE} if of_one_type else {})}
    counted = Customer.objects.filter(**of).annotate(count=kept_count(**of)).values_list(*columns, "count")
    return Select(lambda: page.of(counted, CREATED_AT, ID))


def page_of(page: Slice, after: Position | None, columns: Sequence[str], **of: Any) -> Asked:
    """Ask for a page, of an `organization` or one `account_type`; a row is its columns and the count of all pages."""
    place = {"created_at": after.created_at, "id": after.id} if after else {}
    return list_page(page, *columns, of_one_type="account_type" in of).asked(**of, **place)


def counted(rows: list[Any], asked: Asked) -> tuple[list[Any], int]:
    """Answer a page's rows and the count of all pages, which a page without rows doesn't tell."""
    if rows:
        return rows, rows[0][-1]
    return rows, count(**{name: value for name, value in asked.values.items() if name in OF})
