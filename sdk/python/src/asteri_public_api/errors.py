"""What goes wrong: the API refuses, the API fails, or no answer comes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NotRequired, Required, TypedDict


class Issue(TypedDict):
    """One fault of a request: where it is (a field, a parameter, "" for the whole body) and what it is."""

    path: str
    message: str


class ErrorPayload(TypedDict, total=False):
    """What the API says about a request that it refuses; which keys there are depends on the status."""

    error: Required[str]
    issues: NotRequired[list[Issue]]
    missingScopes: NotRequired[list[str]]
    field: NotRequired[str]
    limit: NotRequired[int]
    window: NotRequired[Literal["minute", "hour", "day"]]


class AsteriError(Exception):
    """What every error of this package has in common.

    `idempotency_key` is the `Idempotency-Key` that the request was sent under, where it had one. Send the same request
    again under it to learn what became of it: it is carried out once, however often it arrives.
    """

    def __init__(self, message: str, *, idempotency_key: str | None = None) -> None:
        super().__init__(message)
        self.idempotency_key = idempotency_key


class AsteriConnectionError(AsteriError):
    """No answer came, on the last try either; `__cause__` is httpx's error. What became of the request is unknown."""


class AsteriTimeoutError(AsteriConnectionError):
    """No answer came in time, on the last try either."""


class AsteriApiError(AsteriError):
    """The API refused a request, or failed.

    `status` is the HTTP status, `payload` what the API said, `retry_after` how many seconds it asks to wait, where it
    does, `request_id` the id under which it has logged the request, `contract_version` the version of the contract that
    answered. `headers` are all of them, such as `location`: on a 409 it leads to the customer that holds the value.
    """

    def __init__(
        self, status: int, payload: ErrorPayload, headers: Mapping[str, str], *, idempotency_key: str | None = None
    ) -> None:
        super().__init__(f"{status} {sentence(payload)}", idempotency_key=idempotency_key)
        self.status = status
        self.payload = payload
        self.headers = headers
        self.retry_after = seconds_to_wait(headers)
        self.request_id = headers.get("x-request-id")
        self.contract_version = headers.get("asteri-version")

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive pickling, as an error of a worker process has to."""
        return rebuilt, (self.status, self.payload, dict(self.headers), self.idempotency_key)


def rebuilt(
    status: int, payload: ErrorPayload, headers: Mapping[str, str], idempotency_key: str | None
) -> AsteriApiError:
    """Make an error anew from what it holds."""
    return AsteriApiError(status, payload, headers, idempotency_key=idempotency_key)


def sentence(payload: ErrorPayload) -> str:
    """Answer an error in words, its details included."""
    issues = [f"{issue['path']} {issue['message']}".strip() for issue in payload.get("issues", [])]
    details = issues or payload.get("missingScopes", [])
    return f"{payload['error']}: {', '.join(details)}" if details else payload["error"]


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After`, seconds or a date (RFC 9110, section 10.2.3); None where it is missing or unreadable."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment.tzinfo else None
