"""What every resource of the OpenAPI document shares: headers, parameters, schemas, and how a key is sent."""

from collections.abc import Iterable

from asteri.api import CONTRACT_VERSION
from asteri.api.describe import Json, array, nullable, record, ref, text, whole
from asteri.api.identifiers import UUID_FORM
from asteri.api.pagination import DEFAULT_LIMIT, MAX_LIMIT, NEWEST_FIRST, OLDEST_FIRST

WINDOWS = ("minute", "hour", "day")
MEMBER = '"(minute|hour|day)"'

HEADERS: dict[str, Json] = {
    "X-Request-Id": text(
        "Names the request in our logs: the caller's own `X-Request-Id` where it is well-formed, else a new one.",
        pattern="^[A-Za-z0-9._-]{1,128}$",
    ),
    "Asteri-Version": text("The version of the contract.", enum=[CONTRACT_VERSION]),
    "Cache-Control": text("An answer that depends on a key is stored nowhere.", enum=["no-store"]),
    "RateLimit-Policy": text(
        "The key's limits, a member a window: `q` requests in `w` seconds (IETF draft-ietf-httpapi-ratelimit-headers).",
        pattern=f"^{MEMBER};q=[0-9]+;w=[0-9]+(, {MEMBER};q=[0-9]+;w=[0-9]+)*$",
        examples=['"minute";q=60;w=60'],
    ),
    "RateLimit": text(
        "Where the key stands in each window, this request included: `r` requests are left, and it begins anew in `t` "
        "seconds.",
        pattern=f"^{MEMBER};r=[0-9]+;t=[0-9]+(, {MEMBER};r=[0-9]+;t=[0-9]+)*$",
        examples=['"minute";r=59;t=42'],
    ),
    "Retry-After": whole("After how many seconds the request may be sent again.", minimum=0, examples=[42]),
    "WWW-Authenticate": text("The challenge that goes with a 401.", examples=['Bearer realm="Asteri public API"']),
    "ETag": text("The version of what was answered, for `If-Match` and `If-None-Match`.", examples=['"1"']),
    "Location": text(
        "The path of what was made, or of the one that holds a value that is taken.",
        format="uri-reference",
        examples=["/api/public/v1/customers/8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3"],
    ),
    "Idempotent-Replayed": text("Present where the first answer is answered again.", enum=["true"]),
}
EVERYWHERE = ("X-Request-Id", "Asteri-Version")
WITH_A_KEY = ("Cache-Control", "RateLimit-Policy", "RateLimit")

PARAMETERS: dict[str, Json] = {
    "OrganizationId": {
        "name": "x-organization-id",
        "in": "header",
        "required": True,
        "description": "The active organization, a UUID. A key belongs to exactly one organization.",
        "schema": {
            "type": "string",
            "pattern": f"^{UUID_FORM.pattern}$",
        },  # as a text, which any client can put in a header
        "example": "dce3853d-4f94-4bc8-a816-4d0d74c11a9d",
    },
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "Your own name for the request, answered back: 1 to 128 characters of `A-Za-z0-9._-`. "
        "Any other is replaced by a new one.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes a retry safe: 1 to 255 visible ASCII characters of your choice, a new one for each thing "
        "to be done. For 24 hours the same key, with the same body on the same route, answers the first success again, "
        "with `Idempotent-Replayed: true`.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "example": "0b0f7e3c-0d5f-4f8e-9f0a-5b3f0f2a7c11",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "An `ETag` that you have seen: the request is carried out only while it still holds, else 412.",
        "schema": {"type": "string"},
        "example": '"1"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "An `ETag` that you have seen: while it still holds, the answer is 304, without a body.",
        "schema": {"type": "string"},
        "example": '"1"',
    },
}

PAGES: dict[str, Json] = {
    "limit": whole("How many to answer at most.", minimum=1, maximum=MAX_LIMIT, default=DEFAULT_LIMIT),
    "order": text("Newest first, or oldest first.", enum=[NEWEST_FIRST, OLDEST_FIRST], default=NEWEST_FIRST),
    "cursor": text(
        "`next_cursor` of the page before. It is opaque, and good for its organization, its filters and its order "
        "alone.",
        pattern="^[A-Za-z0-9_-]+$",
    ),
}

ISSUE = record(
    "One fault of a request.",
    path=text('Where it is: a field, a parameter, a header, or "" for the body as a whole.', examples=["email"]),
    message=text("What it is, in a short sentence.", examples=["Invalid email address"]),
)
ERROR = text("What went wrong, in one sentence.")
SCHEMAS: dict[str, Json] = {
    "Pagination": record(
        "List metadata for page traversal.",
        count=whole("How many match the filters, all pages together, exactly.", minimum=0),
        limit=whole("The page size in force.", minimum=1, maximum=MAX_LIMIT),
        next_cursor=nullable(text("The cursor of the next page; null on the last page, and there alone.")),
        example={"count": 2, "limit": 25, "next_cursor": None},
    ),
    "Issue": ISSUE,
    "Error": record("What every error has.", error=ERROR),
    "RequestError": record(
        "A request that cannot be carried out as it is. `issues` names every fault at once; it is absent where the "
        "request could not be read at all.",
        optional=["issues"],
        error=ERROR,
        issues=array("Every fault of the request.", ref("Issue")),
    ),
    "PermissionError": record(
        "What the key may not do.",
        optional=["missingScopes"],
        error=ERROR,
        missingScopes=array("The scopes that the key would need and does not have.", {"type": "string"}),
    ),
    "ConflictError": record(
        "What the state of things does not allow.",
        optional=["field"],
        error=ERROR,
        field=text("The field or the header that it is about.", examples=["email"]),
    ),
    "RateLimitError": record(
        "A limit that is used up.",
        error=ERROR,
        limit=whole("How many requests the window admits.", minimum=1),
        window=text("The window that is full.", enum=list(WINDOWS)),
    ),
}

SECURITY = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "An API key: `ast_live_…`, or `ast_test_…` of a sandbox organization.",
    },
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "API key",
        "description": "The same key as `Authorization: Bearer ast_live_…`.",
    },
}


def headers(required: Iterable[str], optional: Iterable[str] = ()) -> Json:
    """Answer the headers of an answer: those it always has, and those it may have."""
    named = {name: ref(name, "headers") for name in required}
    return {**named, **{name: header(name, is_required=False) for name in optional if name not in named}}


def header(name: str, *, is_required: bool = True) -> Json:
    """Answer a header object."""
    schema = dict(HEADERS[name])
    described: Json = {"description": schema.pop("description")}
    return {**described, **({"required": True} if is_required else {}), "schema": schema}
