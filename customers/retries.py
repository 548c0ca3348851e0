"""Safe retries: a POST under an `Idempotency-Key` is carried out once, however often it arrives.

The record of what was answered commits with the customers that it's about or not at all, so a killed process leaves
neither a stuck key nor a second customer. What keeps two requests with one key apart ends with their transaction.
(The header is that of the IETF draft draft-ietf-httpapi-idempotency-key-header.)
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.http import HttpResponse
from rest_framework.request import Request

from asteri.api.errors import ApiError, Issue
from asteri.api.renderers import json_response
from customers.models import IdempotencyLink, IdempotencyRecord
from organizations.context import organization_of

HEADER, VARIABLE = "Idempotency-Key", "HTTP_IDEMPOTENCY_KEY"
FORM = re.compile(r"[\x21-\x7e]{1,255}")

# On SQLite the transaction itself holds the lock on all writing, so a second request waits and then replays.
TAKE_TURN = {
    "postgresql": "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
    "sqlite": "SELECT %s IS NOT NULL",
}


@dataclass(frozen=True)
class Done:
    """What a POST has done: its answer, and the customers that the answer tells about."""

    response: HttpResponse
    customers: Iterable[UUID]


def once(request: Request, act: Callable[[], Done]) -> HttpResponse:
    """Carry out `act`, or answer what it answered first under the request's key.

    Raise 400 for a malformed key, 409 while the first request is under way, 422 for a request that differs from it.
    """
    key = idempotency_key(request)
    if key is None:
        return act().response
    with transaction.atomic():
        identity: dict[str, Any] = {"organization": organization_of(request), "route": request.path, "key": key}
        fingerprint = hashlib.sha256(json.dumps(request.data, sort_keys=True).encode()).hexdigest()
        take_turn(f"{identity['organization'].pk}:{request.path}:{key}")
        found = IdempotencyRecord.objects.filter(**identity).first()
        if found and found.is_kept:
            return replay(found, fingerprint)
        if found:
            found.delete()
        done = act()
        store(done, fingerprint=fingerprint, **identity)
        return done.response


def replay(record: IdempotencyRecord, fingerprint: str) -> HttpResponse:
    """Answer what was answered first; raise 422 for a request that isn't the same."""
    if fingerprint != record.fingerprint:
        raise ApiError(422, f"{HEADER} was used with a different request", field=HEADER)
    headers = {"Idempotent-Replayed": "true", **({"Location": record.location} if record.location else {})}
    return json_response(json.loads(record.body), record.status, headers)


def idempotency_key(request: Request) -> str | None:
    """Answer the request's key, None where it has none; raise 400 for a malformed one."""
    key = request.META.get(VARIABLE)
    if key is not None and not FORM.fullmatch(key):
        issue = Issue(path=HEADER, message="Must be 1 to 255 visible ASCII characters")
        raise ApiError(400, f"Invalid {HEADER}", issues=[issue])
    return key


def take_turn(name: str) -> None:
    """Hold the name until the transaction ends; raise 409 where another one holds it."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_TURN[connection.vendor], [name])
        (is_mine,) = cursor.fetchone()
    if not is_mine:
        raise ApiError(409, f"A request with this {HEADER} is in progress", headers={"Retry-After": "1"})


def store(done: Done, **fields: Any) -> None:
    """Keep an answer, and note whose data it holds."""
    response = done.response
    location = response.headers.get("Location", "")
    body = response.content.decode()
    record = IdempotencyRecord.objects.create(status=response.status_code, location=location, body=body, **fields)
    IdempotencyLink.objects.bulk_create(IdempotencyLink(record=record, customer_id=id_) for id_ in done.customers)
