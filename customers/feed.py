"""The sync feed over HTTP: every change since a cursor, and always a cursor to go on from."""

import json
import struct
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from asteri.api.cursors import seal, unseal
from asteri.api.errors import Issue, invalid_query
from asteri.api.pagination import bad_limit, limit_of
from asteri.api.renderers import json_response
from asteri.moments import timestamp
from customers.changes import CustomerChange, changes_after, feed_of
from customers.models import Customer
from customers.serializers import represent
from organizations.context import organization_of

PLACE = struct.Struct(">q")


def scope_of(request: Request) -> str:
    """Answer what a feed's cursor is bound to."""
    return json.dumps([str(organization_of(request).pk), request.path])


def place_of(request: Request) -> int | None:
    """Answer the place that the request's cursor holds, 0 without one; None for a cursor from elsewhere."""
    if "cursor" not in request.query_params:
        return 0
    payload = unseal(request.query_params["cursor"], scope_of(request))
    return None if payload is None else int(PLACE.unpack(payload)[0])


def faults(request: Request) -> Iterator[Issue]:
    """Yield what is wrong with `limit` and `cursor`."""
    if limit_of(request) is None:
        yield bad_limit()
    if place_of(request) is None:
        yield Issue(path="cursor", message="Invalid cursor")


def answer(request: Request, customers: QuerySet[Customer]) -> HttpResponse:
    """Answer the changes that follow the cursor; 400 where some that follow it are no longer kept."""
    organization, after, limit = organization_of(request), place_of(request) or 0, limit_of(request) or 0
    changes = changes_after(organization, after, limit)
    pruned_to = feed_of(organization).pruned_to  # asked last: what was pruned while we read is known here
    if "cursor" in request.query_params and after < pruned_to:
        raise invalid_query([Issue(path="cursor", message="Expired cursor")])
    present = customers.in_bulk([change.customer_id for change in changes])
    last = max(after, pruned_to, *(change.place or 0 for change in changes))
    pagination = {"limit": limit, "next_cursor": seal(PLACE.pack(last), scope_of(request))}
    return json_response({"data": [described(change, present) for change in changes], "pagination": pagination})


def described(change: CustomerChange, present: dict[UUID, Customer]) -> dict[str, Any]:
    """Answer a change, with the customer as it is now: null for one that is gone."""
    customer = present.get(change.customer_id)
    return {
        "type": change.type,
        "customer_id": str(change.customer_id),
        "occurred_at": timestamp(change.occurred_at),
        "customer": represent(customer) if customer else None,
    }
