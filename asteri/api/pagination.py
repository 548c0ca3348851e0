"""Keyset pages over (`created_at`, `id`): a walk meets each row once, and page 40,000 costs what page 1 costs.

A cursor holds the last row of its page, and is bound to what that is a page of: organization, route, order and filters.
"""

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Self
from uuid import UUID

from django.db.models import BooleanField, DateTimeField, Func, QuerySet, UUIDField, Value
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpResponse
from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from asteri.api.cursors import seal, unseal
from asteri.api.errors import Issue
from asteri.api.renderers import json_response

DEFAULT_LIMIT, MAX_LIMIT = 25, 100
NEWEST_FIRST, OLDEST_FIRST = "-created_at", "created_at"
LIMIT_FORM = re.compile(r"[0-9]{1,9}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAYOUT = struct.Struct(">q16s")  # microseconds since EPOCH, id


def limit_of(request: Request) -> int | None:
    """Answer how many rows a page may have; None for a `limit` that is out of bounds."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    return int(text) if LIMIT_FORM.fullmatch(text) and 1 <= int(text) <= MAX_LIMIT else None


def bad_limit() -> Issue:
    """Answer what is wrong with a `limit` that is out of bounds."""
    return Issue(path="limit", message=f"Must be a whole number from 1 to {MAX_LIMIT}")


@dataclass(frozen=True)
class Position:
    """A row's place in the order of a list."""

    created_at: datetime
    id: UUID

    @property
    def values(self) -> tuple[Value, Value]:
        """The row's columns, to be part of a query."""
        return Value(self.created_at, DateTimeField()), Value(self.id, UUIDField())

    def encode(self, scope: str) -> str:
        """Answer the cursor for the page after this row, good within `scope`."""
        return seal(LAYOUT.pack((self.created_at - EPOCH) // timedelta(microseconds=1), self.id.bytes), scope)

    @classmethod
    def decode(cls, cursor: str, scope: str) -> Self | None:
        """Read a cursor; None for one that was not made here for `scope`."""
        payload = unseal(cursor, scope)
        if payload is None:
            return None
        moment, identifier = LAYOUT.unpack(payload)
        return cls(EPOCH + timedelta(microseconds=moment), UUID(bytes=identifier))


@dataclass(frozen=True)
class Slice:
    """Which rows a page asks for: in what order, how many, and whether from the beginning or after a row."""

    order: str
    limit: int
    is_later: bool

    def of(self, queryset: QuerySet[Any, Any], created_at: Any, id: Any) -> QuerySet[Any, Any]:  # noqa: A002 - the column's name.
        """Answer those rows, and one more that tells of a next page; a later page follows the row of those columns."""
        is_newest_first = self.order == NEWEST_FIRST
        if self.is_later:
            after = RowComparison("created_at", "id", created_at, id, operator="<" if is_newest_first else ">")
            queryset = queryset.filter(after)
        sign = "-" if is_newest_first else ""
        return queryset.order_by(f"{sign}created_at", f"{sign}id")[: self.limit + 1]


class RowComparison(Func):
    """Compares two rows, `(a, b) < (c, d)`, by SQL's own means: an index serves it within a tie too, unlike an OR."""

    output_field = BooleanField()
    arity = 4

    def as_sql(self, compiler: SQLCompiler, connection: Any, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        """Write the comparison."""
        compiled = [compiler.compile(expression) for expression in self.get_source_expressions()]
        (a, b, c, d), values = zip(*compiled, strict=True)
        return f"({a}, {b}) {self.extra['operator']} ({c}, {d})", tuple(chain(*values))


class KeysetPagination(BasePagination):
    """Reads `limit`, `order` and `cursor`; answers one page, the exact count, and the cursor of the next page."""

    parameters = ("limit", "order", "cursor")
    tenant: str | None = None

    def read(self, request: Request, tenant: str, filters: Mapping[str, Any]) -> list[Issue]:
        """Take the page that the query asks for; answer what is wrong with it.

        A cursor is bound to the tenant and to the `filters`. To read the same once more costs nothing.
        """
        if self.tenant != tenant:
            self.tenant, self.issues = tenant, list(self.take(request, tenant, filters))
        return self.issues

    def take(self, request: Request, tenant: str, filters: Mapping[str, Any]) -> Iterator[Issue]:
        """Take order, limit and cursor; yield what is wrong with each."""
        query = request.query_params
        self.order = query.get("order", NEWEST_FIRST)
        self.scope = json.dumps(
            [
                tenant,
                request.path,
                self.order,
                sorted((name, value) for name, value in query.items() if name in filters),
            ]
        )
        if self.order not in (NEWEST_FIRST, OLDEST_FIRST):
            yield Issue(path="order", message=f"Must be one of: {NEWEST_FIRST}, {OLDEST_FIRST}")
        self.limit = limit_of(request) or 0
        if not self.limit:
            yield bad_limit()
        self.after = Position.decode(query["cursor"], self.scope) if "cursor" in query else None
        if "cursor" in query and self.after is None:
            yield Issue(path="cursor", message="Invalid cursor")

    @property
    def page(self) -> Slice:
        """Which rows are asked for."""
        return Slice(self.order, self.limit, self.after is not None)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Answer the rows of the page; remember the count of all pages, and whether there is a next one."""
        rows, self.count = view.read_page(queryset, self.page, self.after)
        page: list[Any] = rows[: self.limit]
        self.next_cursor = Position(*view.position_of(page[-1])).encode(self.scope) if len(rows) > len(page) else None
        return page

    def get_paginated_response(self, data: Any) -> HttpResponse:  # type: ignore[override]  # written here and now
        """Answer the page in its envelope."""
        return json_response(
            {"data": data, "pagination": {"count": self.count, "limit": self.limit, "next_cursor": self.next_cursor}}
        )
