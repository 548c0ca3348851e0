"""What the organizations routes say of themselves in the OpenAPI document."""

from asteri.api.describe import Answer, Operation, Resource, envelope, moment, page, record, ref, text, uuid
from organizations.models import Environment

ORGANIZATION = {
    "id": "dce3853d-4f94-4bc8-a816-4d0d74c11a9d",
    "name": "North Harbor Demonstration",
    "environment": "live",
    "created_at": "2026-03-18T15:40:12.000Z",
}
PAGE = {"data": [ORGANIZATION], "pagination": {"count": 1, "limit": 25, "next_cursor": None}}

RESOURCE = Resource(
    tag="Organizations",
    description="What a key may act for. A key belongs to exactly one organization.",
    missing="Requested organization was not found.",
    path={"pk": "organizationId"},
    parameters={"organizationId": uuid("The organization's id.", examples=[ORGANIZATION["id"]])},
    schemas={
        "Organization": record(
            "A tenant: every customer and every key belongs to exactly one.",
            id=uuid("Stable organization identifier."),
            name=text("Display name."),
            environment=text("Live data, or a sandbox.", enum=list(Environment.values)),
            created_at=moment("ISO-8601 timestamp for record creation."),
            example=ORGANIZATION,
        ),
        "OrganizationResponse": envelope("Response body for one organization.", "Organization"),
        "OrganizationListResponse": page(
            "Response body for the list of organizations.", "Organization", "What the key may act for."
        ),
    },
    operations={
        "list": Operation(
            summary="List organizations",
            description="List what the key may act for: how a key's holder learns of the organization's id. "
            "It needs no `x-organization-id`.",
            answers={200: Answer("The organizations.", ref("OrganizationListResponse"), {"organizations": PAGE})},
        ),
        "retrieve": Operation(
            summary="Retrieve an organization",
            description="Retrieve the organization that the key belongs to.",
            answers={
                200: Answer("The organization.", ref("OrganizationResponse"), {"organization": {"data": ORGANIZATION}})
            },
        ),
    },
)
