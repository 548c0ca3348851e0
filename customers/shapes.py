"""What the answers of the customers routes look like, for the OpenAPI document, with the reference page's examples."""

from typing import Any

from asteri.api.describe import Json, array, envelope, moment, nullable, page, record, ref, text, uuid, whole
from asteri.api.pagination import MAX_LIMIT
from customers import bulk
from customers.changes import ChangeType
from customers.models import AccountType
from customers.serializers import PROFILE

# The reference page's own.
CUSTOMER: Json = {
    "id": "8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3",
    "organization_id": "dce3853d-4f94-4bc8-a816-4d0d74c11a9d",
    "account_type": "business",
    "display_name": "North Harbor Facilities",
    "email": "ops@northerborfacilities.com",
    "phone": "+1-404-555-0128",
    "created_at": "2026-03-18T15:40:12.000Z",
}
CREATE: Json = {
    "account_type": "business",
    "display_name": "North Harbor Facilities",
    "company_name": "North Harbor Facilities",
    "first_name": "Nora",
    "last_name": "Harbor",
    "email": "ops@northerborfacilities.com",
    "phone": "+1-404-555-0128",
}
PAGINATION = {"count": 2, "limit": 25, "next_cursor": None}
TAKEN = {"error": "Customer email already exists in this organization", "field": "email"}

NAMES = {
    "company_name": "North Harbor Facilities",
    "first_name": "Nora",
    "last_name": "Harbor",
    "updated_at": "2026-03-18T15:40:12.000Z",
    "external_id": "crm-1041",
}
EXPANDED = {**CUSTOMER, PROFILE: NAMES}
CURSOR = "AAAAAAAAAAFo2xJ7hQ0dXv7kq1m3b5Zc"
CHANGE = {
    "type": str(ChangeType.CREATED),
    "customer_id": CUSTOMER["id"],
    "occurred_at": "2026-03-18T15:40:12.000Z",
    "customer": CUSTOMER,
}
FEED = {"data": [CHANGE], "pagination": {"limit": 25, "next_cursor": CURSOR}}
EXTERNAL_ID_TAKEN = {"error": "Customer external_id already exists in this organization", "field": "external_id"}
IN_PROGRESS = {"error": "A request with this Idempotency-Key is in progress"}
RESULTS = [
    {"status": 201, "data": CUSTOMER},
    {
        "status": 400,
        "error": "Invalid request payload",
        "issues": [{"path": "email", "message": "Invalid email address"}],
    },
    {"status": 409, **TAKEN, "location": f"/api/public/v1/customers/{CUSTOMER['id']}"},
]

CUSTOMER_FIELDS: dict[str, Json] = {
    "id": uuid("Stable customer identifier."),
    "organization_id": uuid("Organization that owns the record."),
    "account_type": text("High-level account classification.", enum=list(AccountType.values)),
    "display_name": text("Primary display name shown across the platform."),
    "email": nullable(text("Primary contact email.")),
    "phone": nullable(text("Primary contact phone number.")),
    "created_at": moment("ISO-8601 timestamp for record creation."),
}
ERROR = text("What went wrong, in one sentence.")


def result(description: str, status: int, **properties: Any) -> Json:
    """Answer the schema of what became of one item of a bulk request."""
    said = {"type": "integer", "description": "What the item's own request would have been answered.", "enum": [status]}
    return record(description, optional=["location"], status=said, **properties)


SCHEMAS: dict[str, Json] = {
    "Customer": record(
        "Canonical public representation of a customer record in Asteri.", CUSTOMER_FIELDS, example=CUSTOMER
    ),
    "CustomerProfile": record(
        "The names that a create takes, read back.",
        company_name=nullable(text("Explicit company name for business accounts.")),
        first_name=nullable(text("Primary contact first name.")),
        last_name=nullable(text("Primary contact last name.")),
        updated_at=moment("ISO-8601 timestamp of the last change."),
        external_id=nullable(text("Your own identifier of the customer.")),
        example=NAMES,
    ),
    "CustomerWithProfile": record(
        "A Customer as `expand=profile` shows it.",
        {**CUSTOMER_FIELDS, PROFILE: ref("CustomerProfile")},
        example=EXPANDED,
    ),
    "CustomerResponse": envelope("Response body for one customer.", "Customer"),
    "CustomerWithProfileResponse": envelope(
        "Response body for one customer, where `expand=profile` asks for its names.", "CustomerWithProfile"
    ),
    "CustomerListResponse": page(
        "Response body for customer list endpoints.",
        "Customer",
        "Collection of customers matching the current filter set.",
    ),
    "CustomerWithProfileListResponse": page(
        "Response body for customer list endpoints, where `expand=profile` asks for names.",
        "CustomerWithProfile",
        "Collection of customers matching the current filter set.",
    ),
    "CustomerChange": record(
        "What happened to a customer.",
        type=text("What happened.", enum=list(ChangeType.values)),
        customer_id=uuid("The customer it happened to."),
        occurred_at=moment("ISO-8601 timestamp of the change."),
        customer={
            "description": "The customer as it is now; null once it is gone.",
            "anyOf": [ref("Customer"), {"type": "null"}],
        },
        example=CHANGE,
    ),
    "CustomerChangesResponse": record(
        "Response body for the sync feed.",
        data=array("What happened since the cursor, in the order in which it took effect.", ref("CustomerChange")),
        pagination=ref("ChangesPagination"),
        example=FEED,
    ),
    "ChangesPagination": record(
        "Where to go on.",
        limit=whole("The page size in force.", minimum=1, maximum=MAX_LIMIT),
        next_cursor=text("The cursor to go on from, now or later. It is never null."),
        example=FEED["pagination"],
    ),
    "BulkCreateCustomersRequest": {
        **record(
            "Customers to be created, each judged and stored by itself.",
            customers=array(
                "The customers. One that is not as it has to be is refused in its place of the answer, and the others "
                "are stored all the same.",
                ref("CreateCustomerRequest"),
                minItems=1,
                maxItems=bulk.MOST,
            ),
        ),
        "additionalProperties": False,
    },
    "BulkCreated": result("A customer that was stored.", 201, data=ref("Customer")),
    "BulkInvalid": result(
        "An item that is not as it has to be.", 400, error=ERROR, issues=array("Every fault of the item.", ref("Issue"))
    ),
    "BulkConflict": result(
        "An item whose e-mail address or external id another customer holds.",
        409,
        error=ERROR,
        field=text("The field whose value is taken."),
        location=text(
            "Where the customer that holds it can be retrieved, for a key that may read customers.",
            format="uri-reference",
        ),
    ),
    "BulkCreateCustomersResponse": record(
        "Response body for bulk creation.",
        data=array(
            "What became of each item, in their order.",
            {"anyOf": [ref("BulkCreated"), ref("BulkInvalid"), ref("BulkConflict")]},
        ),
        example={"data": RESULTS},
    ),
}
