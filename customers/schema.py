"""What the customers routes say of themselves in the OpenAPI document, in the words of the reference page."""

from typing import Any

from asteri.api.bodies import NO_BLANK_LINE, TextFieldSchema
from asteri.api.describe import Answer, Json, Operation, Resource, ref, text, uuid
from customers.models import MAX_LENGTH, AccountType
from customers.serializers import (
    PROFILE,
    ChangeCustomerSerializer,
    CreateCustomerSerializer,
    ReplaceCustomerSerializer,
)
from customers.shapes import (
    CREATE,
    CUSTOMER,
    EXPANDED,
    EXTERNAL_ID_TAKEN,
    FEED,
    IN_PROGRESS,
    PAGINATION,
    RESULTS,
    SCHEMAS,
    TAKEN,
)

MOMENT = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}
CHANGED = {**CUSTOMER, "phone": "404-555-0199"}
PAGES = {
    "reference": {"data": [CUSTOMER], "pagination": PAGINATION},
    "expand=profile": {"data": [EXPANDED], "pagination": PAGINATION},
}
# The narrower one first: clients that try one after the other find the profile where there is one.
CUSTOMERS = {"anyOf": [ref("CustomerWithProfileListResponse"), ref("CustomerListResponse")]}
ONE_CUSTOMER = {"anyOf": [ref("CustomerWithProfileResponse"), ref("CustomerResponse")]}


class EmailFieldSchema(TextFieldSchema):
    """An e-mail address of a body."""

    target_class = "customers.serializers.EmailField"
    priority = 1

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema."""
        return {"type": "string", "format": "email", "maxLength": self.target.max_length}


class PhoneFieldSchema(TextFieldSchema):
    """A phone number of a body."""

    target_class = "customers.serializers.PhoneField"
    priority = 1

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema; that a number can exist in a region no schema can say."""
        return {"type": "string", "format": "phone", "minLength": 2, "maxLength": self.target.max_length}


RESOURCE = Resource(
    tag="Customers",
    description="Customer resources anchor the public platform. They give downstream systems a stable identity model "
    "for accounts, service locations, communication preferences, and lifecycle activity.",
    missing="Requested customer record was not found.",
    conflict="Duplicate customer email or conflicting customer state.",
    path={"pk": "customerId", "external_id": "external_id"},
    parameters={
        "customerId": uuid("The customer's id.", examples=[CUSTOMER["id"]]),
        "account_type": text("Exactly this account classification.", enum=list(AccountType.values)),
        "email": text("The customer with this e-mail address, whatever its case.", format="email"),
        "phone": text("The customers with this number, however it is written.", format="phone"),
        "external_id": text(
            "Your own identifier of the customer, exactly.",
            minLength=1,
            maxLength=MAX_LENGTH,
            pattern=NO_BLANK_LINE,
            examples=["crm-1041"],
        ),
        "search": text(
            "Every word is found, whatever its case, in a name, the company, the e-mail or the phone.",
            minLength=1,
            maxLength=MAX_LENGTH,
            pattern=NO_BLANK_LINE,
        ),
        "created_after": {
            "description": "Created at this moment or later. ISO-8601; UTC and midnight unless said.",
            **MOMENT,
        },
        "created_before": {
            "description": "Created before this moment. ISO-8601; UTC and midnight unless said.",
            **MOMENT,
        },
        "expand": text("`profile` adds the names that a create takes, as `profile`.", enum=[PROFILE]),
    },
    schemas=SCHEMAS,
    bodies={
        "CreateCustomerRequest": {
            "description": "Payload for creating a customer in the public API.",
            "examples": [CREATE],
        },
        "ChangeCustomerRequest": {
            "description": "The fields that are to change; an empty text clears an optional field.",
            "examples": [{"phone": "404-555-0199"}],
        },
        "ReplaceCustomerRequest": {
            "description": "All that the customer is to be: an optional field that is left out is cleared.",
            "examples": [CREATE],
        },
    },
    fields={
        "account_type": "Account classification used when creating the customer.",
        "display_name": "Customer display name or company name. "
        "Useful when you do not want to provide explicit name fields.",
        "company_name": "Explicit company name for business accounts.",
        "first_name": "Primary contact first name.",
        "last_name": "Primary contact last name.",
        "email": "Primary contact email.",
        "phone": "Primary contact phone number.",
        "external_id": "Your own identifier of the customer, unique in the organization.",
    },
    operations={
        "list": Operation(
            summary="List customers",
            description="List customers in the active organization with filtering and pagination.",
            answers={200: Answer("One page of customers.", CUSTOMERS, PAGES)},
        ),
        "create": Operation(
            summary="Create a customer",
            description="Create a customer with organization-scoped identity and contact data.",
            answers={
                201: Answer(
                    "The new customer.",
                    ref("CustomerResponse"),
                    {"reference": {"data": CUSTOMER}},
                    ("Location",),
                    ("ETag",),
                )
            },
            conflicts={"reference": TAKEN, "external id": EXTERNAL_ID_TAKEN, "in progress": IN_PROGRESS},
            headers=("IdempotencyKey",),
            body=CreateCustomerSerializer,
            examples={"reference": CREATE},
        ),
        "retrieve": Operation(
            summary="Retrieve a customer",
            description="Retrieve one customer and related profile metadata.",
            answers={
                200: Answer(
                    "The customer.",
                    ONE_CUSTOMER,
                    {"reference": {"data": CUSTOMER}, "expand=profile": {"data": EXPANDED}},
                    ("ETag",),
                ),
                304: Answer("The version that `If-None-Match` names still holds.", headers=("ETag",)),
            },
            headers=("IfNoneMatch",),
        ),
        "partial_update": Operation(
            summary="Change a customer",
            description="Change the fields that are sent; the others stay. `email` and `phone` may be null.",
            answers={
                200: Answer(
                    "The customer as it is now.", ref("CustomerResponse"), {"changed": {"data": CHANGED}}, ("ETag",)
                )
            },
            conflicts={"e-mail": TAKEN, "external id": EXTERNAL_ID_TAKEN},
            headers=("IfMatch",),
            body=ChangeCustomerSerializer,
            examples={"phone": {"phone": CHANGED["phone"]}},
        ),
        "destroy": Operation(
            summary="Delete a customer",
            description="Delete a customer. Its id answers 404 from then on and is never used again; its e-mail is "
            "free.",
            answers={204: Answer("The customer is gone.")},
            headers=("IfMatch",),
        ),
        "upsert": Operation(
            summary="Create or replace a customer by your own identifier",
            description="Create the customer with this `external_id`, or replace all of it. An `external_id` in the "
            "body has to be the one in the path. The same request may be sent again safely.",
            answers={
                200: Answer(
                    "The customer that was replaced.",
                    ref("CustomerResponse"),
                    {"replaced": {"data": CUSTOMER}},
                    ("ETag",),
                ),
                201: Answer(
                    "The customer that was created.",
                    ref("CustomerResponse"),
                    {"created": {"data": CUSTOMER}},
                    ("ETag", "Location"),
                ),
            },
            conflicts={"e-mail": TAKEN},
            body=ReplaceCustomerSerializer,
            examples={"customer": CREATE},
        ),
        "bulk": Operation(
            summary="Create up to 100 customers",
            description="Create customers, each judged and stored by itself; all that are stored are stored together. "
            "Every ten count as one request against the limits. The body may have 1 MiB.",
            answers={
                200: Answer(
                    "What became of each, in order.", ref("BulkCreateCustomersResponse"), {"results": {"data": RESULTS}}
                )
            },
            conflicts={"in progress": IN_PROGRESS},
            headers=("IdempotencyKey",),
            body="BulkCreateCustomersRequest",
            examples={"customers": {"customers": [CREATE]}},
        ),
        "changes": Operation(
            summary="Follow what changes",
            description="Answer what has happened to the customers since a cursor, in the order in which it "
            "took effect: list once, then follow. Changes are kept for 90 days; a cursor from before is a 400 with the "
            "message `Expired cursor`.",
            answers={200: Answer("What has happened.", ref("CustomerChangesResponse"), {"changes": FEED})},
        ),
    },
)
