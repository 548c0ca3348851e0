"""The rows of the error table, as responses of the OpenAPI document."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from asteri.api.components import EVERYWHERE, WITH_A_KEY, headers
from asteri.api.describe import Json, examples, ref
from asteri.api.renderers import MEDIA_TYPE

MISSING_ORGANIZATION = "Missing organization context. Provide x-organization-id."
BAD_ORGANIZATION = "Invalid organization context. x-organization-id must be a UUID."


def refusal(
    description: str,
    schema: str,
    values: Mapping[str, Any],
    required: Iterable[str] = WITH_A_KEY,
    optional: Iterable[str] = (),
) -> Json:
    """Answer the response of an error."""
    return {
        "description": description,
        "headers": headers((*EVERYWHERE, *required), optional),
        "content": {MEDIA_TYPE: {"schema": ref(schema), "examples": examples(values)}},
    }


def limited(error: str, limit: int) -> Json:
    """Answer an example of a 429."""
    return {"error": error, "limit": limit, "window": "minute"}


RESPONSES: dict[str, Json] = {
    "Unauthorized": refusal(
        "Missing, invalid, or expired API credentials.",
        "Error",
        {"reference": {"error": "Invalid API key"}},
        ("Cache-Control", "WWW-Authenticate"),
    ),
    "Forbidden": refusal(
        "Missing scopes or organization access for this request.",
        "PermissionError",
        {
            "reference": {"error": "API key missing required scopes", "missingScopes": ["write:customers"]},
            "another organization": {"error": "API key does not have access to this organization"},
        },
    ),
    "LengthRequired": refusal(
        "A body of unknown length that the server cannot read to its end.",
        "Error",
        {"no length": {"error": "Length required"}},
    ),
    "UnsupportedMediaType": refusal(
        "A body that is not `application/json`, not in UTF-8, or compressed.",
        "Error",
        {"another type": {"error": "Unsupported media type"}},
    ),
    "UnprocessableContent": refusal(
        "An `Idempotency-Key` that was used with another body.",
        "ConflictError",
        {
            "another body": {
                "error": "Idempotency-Key was used with a different request",
                "field": "Idempotency-Key",
            }
        },
    ),
    "PreconditionFailed": refusal(
        "`If-Match` names no version that still holds.", "Error", {"changed": {"error": "Customer has changed"}}
    ),
    "TooManyRequests": refusal(
        "Configured API key rate limit exceeded.",
        "RateLimitError",
        {
            "reference": limited("API key minute rate limit exceeded", 60),
            "too many failed keys": limited("Too many failed authentication attempts", 30),
        },
        ("Cache-Control", "Retry-After"),
        WITH_A_KEY,
    ),
}


def refusals(*, has_organization: bool, has_body: bool, headers: Iterable[str]) -> Iterator[tuple[str, Json]]:
    """Yield the refusals of an operation that follow from what it takes."""
    yield "400", bad_request(has_organization=has_organization, has_body=has_body)
    names = {"401": "Unauthorized", "403": "Forbidden", "429": "TooManyRequests"}
    if has_body:
        names |= {"411": "LengthRequired", "415": "UnsupportedMediaType"}
    if "IfMatch" in headers:
        names |= {"412": "PreconditionFailed"}
    if "IdempotencyKey" in headers:
        names |= {"422": "UnprocessableContent"}
    yield from ((status, ref(name, "responses")) for status, name in names.items())


def bad_request(*, has_organization: bool, has_body: bool) -> Json:
    """Answer the response of a 400."""
    what = "organization context or invalid request payload" if has_body else "or invalid organization context"
    faults = dict(request_faults(has_organization=has_organization, has_body=has_body))
    return refusal(f"Missing {what}.", "RequestError", faults, (), WITH_A_KEY)


def request_faults(*, has_organization: bool, has_body: bool) -> Iterator[tuple[str, Json]]:
    """Yield the examples of a 400 by name: the reference page's first, as the page has it."""
    if has_organization:
        yield "reference", issue(MISSING_ORGANIZATION, "email", "Invalid email address")
        yield "missing organization", issue(MISSING_ORGANIZATION, "x-organization-id", "Required")
    yield "malformed organization", issue(BAD_ORGANIZATION, "x-organization-id", "Invalid UUID")
    yield "unknown parameter", issue("Invalid query parameters", "limt", "Unknown parameter")
    if has_body:
        yield "malformed body", issue("Invalid request payload", "", "Malformed JSON")
        yield "unknown field", issue("Invalid request payload", "colour", "Unknown field")


def issue(error: str, path: str, message: str) -> Json:
    """Answer an example of a 400 with one issue."""
    return {"error": error, "issues": [{"path": path, "message": message}]}


def conflict(description: str, values: Mapping[str, Json]) -> Json:
    """Answer the response of a 409."""
    return refusal(description, "ConflictError", values, WITH_A_KEY, ("Location", "Retry-After"))


def failures(error: str) -> Iterator[tuple[str, Json]]:
    """Yield the responses of what is not the caller's fault."""
    example = {"reference": {"error": error}}
    always = ("Cache-Control",)
    yield "500", refusal("Unexpected preview API failure.", "Error", example, always, WITH_A_KEY)
    yield "503", refusal("The database does not answer.", "Error", example, (*always, "Retry-After"), WITH_A_KEY)
