"""What the document says in words, because JSON Schema can't: steers what Schemathesis takes for valid.

Only cases that are meant to be valid are steered, and the caller's own key is kept alive; whatever is meant to be
refused goes out as it was generated.
"""

import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation

LONGEST_TEXT = 255  # characters
MOST = 100  # items of a bulk request
FAR_AWAY, CENTURY = 4_102_444_800, 3_155_760_000  # the year 2100, in seconds

PAGE_EMAIL, PAGE_IDEMPOTENCY_KEY = "ops@northerborfacilities.com", "0b0f7e3c-0d5f-4f8e-9f0a-5b3f0f2a7c11"
NOBODY = "00000000-0000-4000-8000-000000000000"
cursors: dict[str, Any] = {}

# Numbers that can exist in the organization's region, addresses that are valid everywhere, moments in the future.
schemathesis.openapi.format(
    "phone", st.builds("+1-{}-555-{:04}".format, st.sampled_from(["404", "212", "312"]), st.integers(0, 9999))
)
schemathesis.openapi.format(
    "email",
    st.builds(
        "{}@{}".format,
        st.from_regex("[a-zA-Z0-9]{1,20}", fullmatch=True),
        st.sampled_from(["a.example", "b-c.example"]),
    ),
)
schemathesis.openapi.format(
    "date-time",
    st.integers(FAR_AWAY, FAR_AWAY + CENTURY).map(
        lambda second: f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"
    ),
)


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leave out lists of a bulk request whose fault is in an item: that is refused in its place of a 200.

    And texts that are too long by the blanks around them alone, which the server cuts off before it counts.
    """
    if isinstance(case.body, dict) and any(map(is_padded, case.body.values())):
        return False
    if operation_of(case) != "customers-bulk" or not case.meta.is_negative_at(ParameterLocation.BODY):
        return True
    body = case.body
    return not (isinstance(body, dict) and set(body) == {"customers"} and is_list(body["customers"]))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Change a case before it is sent."""
    spare_own_key(case)
    if not is_negative(case):
        if isinstance(case.body, dict):
            case.body = without_fractions(case.body)
        make_anew(case)
        steer_cursor(case)
        STEERS.get(operation_of(case), leave)(case)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Remember cursors that are good: the feed's whatever the limit, a list's without filters."""
    if response.status_code == 200 and not set(case.query or ()) - {"limit", "cursor"}:
        cursor = (response.json().get("pagination") or {}).get("next_cursor") if case.method == "GET" else None
        cursors.update({operation_of(case): cursor} if cursor else {})


def is_padded(value: Any) -> bool:
    return (
        isinstance(value, str) and len(value) > len(value.strip()) and len(value) > LONGEST_TEXT >= len(value.strip())
    )


def is_negative(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_negative


def is_list(items: Any) -> bool:
    return isinstance(items, list) and 1 <= len(items) <= MOST


def operation_of(case: Any) -> str:
    return str(case.operation.definition.raw["operationId"])


def spare_own_key(case: Any) -> None:
    """Keep alive the key that the run itself needs."""
    if (case.path_parameters or {}).get("apiKeyId") == os.environ["ASTERI_KEY_ID"] and case.method != "GET":
        case.path_parameters["apiKeyId"] = NOBODY


def without_fractions(value: Any) -> Any:
    """Write whole numbers as whole numbers: to JSON Schema 1.0 is one, to the server it isn't."""
    match value:
        case dict():
            return {name: without_fractions(item) for name, item in value.items()}
        case list():
            return [without_fractions(item) for item in value]
        case float() if value.is_integer():
            return int(value)
    return value


def make_anew(case: Any) -> None:
    """Make what can be used once, and is an example of the document, into something new."""
    if isinstance(case.body, dict) and case.body.get("email") == PAGE_EMAIL:
        case.body["email"] = f"{uuid.uuid4().hex}@example.com"
    if (case.headers or {}).get("Idempotency-Key") == PAGE_IDEMPOTENCY_KEY:
        case.headers["Idempotency-Key"] = uuid.uuid4().hex


def steer_cursor(case: Any) -> None:
    """Send a cursor that was handed out, and with it what it was handed out for; none as long as none was."""
    if "cursor" in (case.query or {}):
        known = cursors.get(operation_of(case))
        case.query = {"cursor": known} if known else {name: case.query[name] for name in case.query if name != "cursor"}


def steer_upsert(case: Any) -> None:
    """An external id in the body has to be the one in the path."""
    if isinstance(case.body, dict) and "external_id" in case.body:
        case.body["external_id"] = unquote(case.path_parameters["external_id"])


def steer_change(case: Any) -> None:
    """A change must not leave a customer without any name; whether it does depends on what is stored."""
    if isinstance(case.body, dict) and not case.body.get("display_name", "kept").strip():
        case.body["display_name"] = "Named"


def steer_expiry(case: Any) -> None:
    """A key's expiry has to lie in the future; moments that the server itself has told don't."""
    if isinstance(case.body, dict) and case.body.get("expires_at"):
        case.body["expires_at"] = "2100-01-01T00:00:00Z"


def leave(case: Any) -> None:
    """Change nothing."""


STEERS: dict[str, Callable[[Any], None]] = {
    "api-keys-create": steer_expiry,
    "customers-update": steer_change,
    "customers-upsert": steer_upsert,
}
