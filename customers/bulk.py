"""Bulk creation: each item is judged and stored by itself, and all that were stored commit together.

One commit, so that a killed process leaves none of them: a retry never meets what its own first attempt made.
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from rest_framework.request import Request

from asteri.api.errors import ApiError, Issue, invalid_payload, issues_of
from asteri.api.renderers import json_response
from customers.conflicts import conflict
from customers.models import TakenError
from customers.retries import Done
from customers.serializers import CreateCustomerSerializer, represent
from organizations.context import organization_of

MOST = 100
MAX_BYTES = 1024 * 1024
ITEMS_A_REQUEST = 10  # that many items count as one request against the limits


def items_of(request: Request) -> list[Any]:
    """Answer the items of the body; raise 400 where it is not 1 to 100 items under `customers` and nothing else."""
    body: dict[str, Any] = request.data  # type: ignore[assignment]  # what the parser answers
    items, faults = body.get("customers"), []
    if "customers" not in body:
        faults.append(Issue(path="customers", message="Required"))
    elif not isinstance(items, list) or not 1 <= len(items) <= MOST:
        faults.append(Issue(path="customers", message=f"Must be a list of 1 to {MOST}"))
    faults += [Issue(path=name, message="Unknown field") for name in body if name != "customers"]
    if faults:
        raise invalid_payload(faults)
    return items  # type: ignore[return-value]  # a list, or it would be a fault


def extra_cost(items: list[Any]) -> int:
    """Answer how many requests the items count as, beyond the one that is counted already."""
    return (len(items) - 1) // ITEMS_A_REQUEST


def create_all(request: Request, items: list[Any]) -> Done:
    """Store each item that can be; answer a result for each, in order."""
    with transaction.atomic():
        results = [create_one(request, item) for item in items]
    customers = [result["data"]["id"] for result in results if "data" in result]
    return Done(json_response({"data": results}), customers)


def create_one(request: Request, item: Any) -> dict[str, Any]:
    """Store one item; answer what its own request would have been answered."""
    judged = CreateCustomerSerializer(data=item, context={"organization": organization_of(request)})
    faults = list(faults_of(judged, item))
    if faults:
        return refusal(invalid_payload(faults))
    try:
        return {"status": 201, "data": represent(judged.save())}
    except TakenError as error:
        return refusal(conflict(request, error, judged.validated_data[error.field]))


def faults_of(judged: CreateCustomerSerializer, item: Any) -> Iterator[Issue]:
    """Yield what is wrong with an item."""
    if not isinstance(item, dict):
        yield Issue(path="", message="Must be an object")
    elif not judged.is_valid():
        yield from issues_of(judged.errors)


def refusal(error: ApiError) -> dict[str, Any]:
    """Answer an item's refusal; the holder's `Location` stands in it as `location`."""
    location = {"location": error.headers["Location"]} if "Location" in error.headers else {}
    return {"status": error.status_code, **error.body, **location}
