"""Errors: every refusal of the API is built here, `{"error": "<message>"}` with the keys that its row adds."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpResponse
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    MethodNotAllowed,
    NotFound,
    UnsupportedMediaType,
    ValidationError,
)

from asteri.api.renderers import json_response
from asteri.faults import is_database_fault

logger = logging.getLogger(__name__)
FAILED = "Internal server error"
RETRY_AFTER_FAULT = {"Retry-After": "1"}


class Issue(TypedDict):
    """One fault of a request: where it is (a field, a parameter, "" for the whole body) and what it is."""

    path: str
    message: str


class ApiError(APIException):
    """An answer of the error table: a status, its message, the extra keys in their order, and headers."""

    def __init__(self, status: int, error: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(error)
        self.status_code = status
        self.body = {"error": error, **extra}
        self.headers = dict(headers or {})


def invalid_payload(issues: Iterable[Issue]) -> ApiError:
    """Answer the 400 of a body, with every fault of it."""
    return ApiError(400, "Invalid request payload", issues=list(issues))


def invalid_query(issues: Iterable[Issue]) -> ApiError:
    """Answer the 400 of a query string, with every fault of it."""
    return ApiError(400, "Invalid query parameters", issues=list(issues))


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer any exception of a view in the contract's words; what was not foreseen is logged, and is a 500."""
    view = context["view"]
    error = exc if isinstance(exc, ApiError) else translated(exc, view)
    return json_response(error.body, error.status_code, error.headers)


def translated(exc: Exception, view: Any) -> ApiError:  # noqa: PLR0911 - one row of the error table a line.
    """Answer the row of the error table that an exception of Django or REST framework stands for."""
    match exc:
        case AuthenticationFailed():
            return ApiError(401, str(exc.detail), headers={"WWW-Authenticate": exc.auth_header})  # type: ignore[attr-defined]
        case ValidationError():
            return invalid_payload(issues_of(exc.detail))
        case Http404() | NotFound():
            return ApiError(404, view.not_found)
        case MethodNotAllowed():
            return ApiError(405, "Method not allowed", headers={"Allow": ", ".join(view.allowed_methods)})
        case UnsupportedMediaType():
            return ApiError(415, "Unsupported media type")
        case SuspiciousOperation():
            return ApiError(400, "Bad request")
    return unexpected(exc, view)


def unexpected(exc: Exception, view: Any) -> ApiError:
    """Log what went wrong; answer 503 where the database does not answer, else 500."""
    is_fault = is_database_fault(exc)
    logger.error("%s in %s", type(exc).__name__, type(view).__name__, exc_info=exc)
    return ApiError(503 if is_fault else 500, view.failed, headers=RETRY_AFTER_FAULT if is_fault else None)


def issues_of(detail: Any) -> Iterable[Issue]:
    """Flatten a serializer's errors, one issue a message."""
    for path, messages in detail.items():
        yield from (Issue(path=path, message=str(message)) for message in messages)
