"""Keyset pages over (`created_at`, `id`): a walk meets each row once, and page 40,000 costs what page 1 costs.

A cursor holds the last row of its page and a MAC (HMAC-SHA256, truncated to 128 bits) over that position and over what
the page was a page of: organization, route, order and filters. So it's good there alone, and can't be forged or cut.
"""

import base64
import hmac
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
from django.utils.crypto import salted_hmac
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from asteri.api.errors import Issue

DEFAULT_LIMIT, MAX_LIMIT = 25, 100
NEWEST_FIRST, OLDEST_FIRST = "-created_at", "created_at"
LIMIT_FORM = re.compile(r"[0-9]{1,9}")
CURSOR_FORM = re.compile(r"[A-Za-z0-9_-]{54}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAYOUT = struct.Struct(">q16s16s")  # microseconds since EPOCH, id, MAC
MAC_BYTES = 16


@dataclass(frozen=True)
class Position:
    """A row's place in the order of a list."""

    created_at: datetime
    id: UUID

    def encode(self, scope: str) -> str:
        """Answer the cursor for the page after this row, good within `scope`."""
        moment = (self.created_at - EPOCH) // timedelta(microseconds=1)
        raw = LAYOUT.pack(moment, self.id.bytes, mac(moment, self.id.bytes, scope))
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @classmethod
    def decode(cls, cursor: str, scope: str) -> Self | None:
        """Read a cursor; None for one that was not made here for `scope`, to the last bit."""
        if not CURSOR_FORM.fullmatch(cursor):
            return None
        moment, identifier, proof = LAYOUT.unpack(base64.urlsafe_b64decode(cursor + "=="))
        if not hmac.compare_digest(proof, mac(moment, identifier, scope)):
            return None
        position = cls(EPOCH + timedelta(microseconds=moment), UUID(bytes=identifier))
        return position if position.encode(scope) == cursor else None

    def following(self, queryset: QuerySet[Any], order: str) -> QuerySet[Any]:
        """Answer the rows after this one."""
        here = (Value(self.created_at, DateTimeField()), Value(self.id, UUIDField()))
        return queryset.filter(RowComparison("created_at", "id", *here, operator="<" if order == NEWEST_FIRST else ">"))


class RowComparison(Func):
    """Compares two rows, `(a, b) < (c, d)`, by SQL's own means: an index serves it within a tie too, unlike an OR."""

    output_field = BooleanField()
    arity = 4

    def as_sql(self, compiler: SQLCompiler, connection: Any, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        """Write the comparison."""
        compiled = [compiler.compile(expression) for expression in self.get_source_expressions()]
        (a, b, c, d), values = zip(*compiled, strict=True)
        return f"({a}, {b}) {self.extra['operator']} ({c}, {d})", tuple(chain(*values))


def mac(moment: int, identifier: bytes, scope: str) -> bytes:
    """Answer the proof that a position was handed out here, for that scope."""
    text = f"{moment}:{identifier.hex()}:{scope}"
    return salted_hmac("asteri.api.pagination", text, algorithm="sha256").digest()[:MAC_BYTES]


class KeysetPagination(BasePagination):
    """Reads `limit`, `order` and `cursor`; answers one page, the exact count, and the cursor of the next page."""

    parameters = ("limit", "order", "cursor")
    limit = DEFAULT_LIMIT
    order = NEWEST_FIRST
    after: Position | None = None

    def read(self, request: Request, view: Any, filters: Mapping[str, Any]) -> Iterator[Issue]:
        """Take the page that the query asks for; yield what is wrong with it. A cursor is bound to the `filters`."""
        query = request.query_params
        self.order = query.get("order", NEWEST_FIRST)
        self.scope = json.dumps(
            [
                view.tenant,
                request.path,
                self.order,
                sorted((name, value) for name, value in query.items() if name in filters),
            ]
        )
        if self.order not in (NEWEST_FIRST, OLDEST_FIRST):
            yield Issue(path="order", message=f"Must be one of: {NEWEST_FIRST}, {OLDEST_FIRST}")
        limit = query.get("limit", str(DEFAULT_LIMIT))
        if not (LIMIT_FORM.fullmatch(limit) and 1 <= int(limit) <= MAX_LIMIT):
            yield Issue(path="limit", message=f"Must be a whole number from 1 to {MAX_LIMIT}")
        else:
            self.limit = int(limit)
        if "cursor" in query:
            self.after = Position.decode(query["cursor"], self.scope)
            if self.after is None:
                yield Issue(path="cursor", message="Invalid cursor")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Answer the rows of the page; remember the count of all pages, and whether there is a next one."""
        self.count = queryset.count()
        rest = self.after.following(queryset, self.order) if self.after else queryset
        direction = "-" if self.order == NEWEST_FIRST else ""
        rows = list(rest.order_by(f"{direction}created_at", f"{direction}id")[: self.limit + 1])
        page = rows[: self.limit]
        self.next_cursor = (
            Position(page[-1].created_at, page[-1].id).encode(self.scope) if len(rows) > len(page) else None
        )
        return page

    def get_paginated_response(self, data: Any) -> Response:
        """Answer the page in its envelope."""
        return Response(
            {"data": data, "pagination": {"count": self.count, "limit": self.limit, "next_cursor": self.next_cursor}}
        )
