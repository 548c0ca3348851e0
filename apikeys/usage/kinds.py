"""Kinds: what came of a request, as staff speak of it, in the order of the pipeline's checks."""

from django.db import models

from apikeys.permissions import MISSING_SCOPES
from asteri.api.exchange import Exchange
from organizations.context import HEADER

FAILED = 500


class Kind(models.TextChoices):
    """Which check a request failed."""

    KEY = "key", "API key"
    ADDRESS = "address", "Too many failed keys"
    THROTTLED = "throttled", "Rate limit"
    ORGANIZATION = "wrong_organization", "Organization"
    SCOPE = "missing_scope", "Scopes"
    BAD_REQUEST = "bad_request", "Bad request"
    NOT_FOUND = "not_found", "Not found"
    CONFLICT = "conflict", "Conflict"
    FAILED = "failed", "Server error"


BY_STATUS = {401: Kind.KEY, 404: Kind.NOT_FOUND, 405: Kind.NOT_FOUND, 409: Kind.CONFLICT, 412: Kind.CONFLICT}


def kind_of(exchange: Exchange) -> Kind:
    """Answer which check the request failed; the answer to it was a refusal."""
    match exchange.status:
        case 429:
            return Kind.THROTTLED if exchange.key else Kind.ADDRESS
        case 403:
            return Kind.SCOPE if exchange.refusal == MISSING_SCOPES else Kind.ORGANIZATION
        case 400 if exchange.paths == (HEADER,):
            return Kind.ORGANIZATION
    return Kind.FAILED if exchange.status >= FAILED else BY_STATUS.get(exchange.status, Kind.BAD_REQUEST)
