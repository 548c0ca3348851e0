"""What the api-keys routes say of themselves in the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

from apikeys.scopes import Scope
from apikeys.serializers import MOST_REQUESTS, CreateApiKeySerializer, RotateApiKeySerializer
from apikeys.states import KeyState
from asteri.api.describe import (
    Answer,
    Json,
    Operation,
    Resource,
    array,
    envelope,
    moment,
    nullable,
    page,
    record,
    ref,
    text,
    uuid,
    whole,
)
from organizations.schema import ORGANIZATION

HINT = "ast_live_4gkXb2Qm9TzW…"
KEY: Json = {
    "id": "5f0b7a0e-3b0e-4a52-9d43-3f0a6a1d7c55",
    "hint": HINT,
    "name": "Nightly import",
    "scopes": ["read:customers", "write:customers"],
    "per_minute": 60,
    "per_hour": None,
    "per_day": None,
    "expires_at": None,
    "state": "active",
    "created_at": "2026-03-18T15:40:12.000Z",
}
CREATED = {"id": KEY["id"], "key": "ast_live_your_key", **KEY}
PAGE = {"data": [KEY], "pagination": {"count": 1, "limit": 25, "next_cursor": None}}
SCOPES = list(Scope.values)


def limit(window: str) -> Json:
    """Answer the schema of a key's limit, where it may be unlimited."""
    return nullable(whole(f"Requests {window}; null for no such limit.", minimum=1, maximum=MOST_REQUESTS))


SEEN: dict[str, Json] = {
    "hint": text("What people may see of the key: how it begins."),
    "name": text("What the key is for."),
    "scopes": array("What the key may do.", text("A scope.", enum=SCOPES)),
    "per_minute": whole("Requests a minute.", minimum=1, maximum=MOST_REQUESTS),
    "per_hour": limit("an hour"),
    "per_day": limit("a day"),
    "expires_at": nullable(moment("When the key ends; null for never.")),
    "state": text("Where the key stands; `grace` is a rotated key's time to end.", enum=list(KeyState.values)),
    "created_at": moment("ISO-8601 timestamp for record creation."),
}
ID = uuid("Stable key identifier. It is not the key.")


class ScopesFieldSchema(OpenApiSerializerFieldExtension):
    """A list of scopes in a body."""

    target_class = "apikeys.serializers.ScopesField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema."""
        return {"type": "array", "items": {"type": "string", "enum": SCOPES}}


class ExpiryFieldSchema(OpenApiSerializerFieldExtension):
    """A moment in a body."""

    target_class = "apikeys.serializers.ExpiryField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        """Answer its schema; that it lies in the future no schema can say."""
        return {"type": "string", "format": "date-time"}


RESOURCE = Resource(
    tag="API keys",
    description="The organization's keys, under the rule that no key hands out more than it has: no scope, no limit "
    "and no expiry beyond its own.",
    missing="Requested API key was not found.",
    conflict="The key has ended, or has been rotated already.",
    path={"pk": "apiKeyId"},
    parameters={"apiKeyId": uuid("The key's id, which is not the key.", examples=[KEY["id"]])},
    schemas={
        "ApiKey": record("What may be seen of a key.", {"id": ID, **SEEN}, example=KEY),
        "CreatedApiKey": record(
            "A key that has just been made.",
            {"id": ID, "key": text("The key itself. It is shown this once and stored nowhere."), **SEEN},
            example=CREATED,
        ),
        "CurrentApiKey": record(
            "The caller's own key, and the organization it belongs to.",
            {"id": ID, **SEEN},
            organization=ref("Organization"),
            example={**KEY, "organization": ORGANIZATION},
        ),
        "ApiKeyResponse": envelope("Response body for one key.", "ApiKey"),
        "CreatedApiKeyResponse": envelope("Response body for a key that has just been made.", "CreatedApiKey"),
        "CurrentApiKeyResponse": envelope("Response body for the caller's own key.", "CurrentApiKey"),
        "ApiKeyListResponse": page(
            "Response body for the list of keys.", "ApiKey", "The organization's keys, those that have ended included."
        ),
    },
    bodies={
        "CreateApiKeyRequest": {
            "description": "A key to be made. What is left out is the caller's own, at most 60 a minute."
        },
        "RotateApiKeyRequest": {"description": "How the key that is replaced ends."},
    },
    fields={
        "name": "What the key is for. It must not be blank.",
        "scopes": "What the key may do: scopes that the caller has itself.",
        "per_minute": "Requests a minute, at most the caller's own limit; 60 or that limit where it is left out.",
        "per_hour": "Requests an hour, at most the caller's own limit; null for no limit, where the caller has none.",
        "per_day": "Requests a day, at most the caller's own limit; null for no limit, where the caller has none.",
        "expires_at": "When the key ends: ISO-8601, in the future, not after the caller's own end; null for never.",
        "grace_hours": "For how many hours the key that is replaced goes on, never beyond its own expiry.",
    },
    operations={
        "list": Operation(
            summary="List API keys",
            description="List the organization's keys, those that have ended included.",
            answers={200: Answer("The keys.", ref("ApiKeyListResponse"), {"keys": PAGE})},
        ),
        "create": Operation(
            summary="Create an API key",
            description="Make a key. This answer is the only one that holds the key itself. Each request makes a new "
            "one: there is no `Idempotency-Key` here, because an answer that holds a key is kept nowhere.",
            answers={
                201: Answer("The new key.", ref("CreatedApiKeyResponse"), {"key": {"data": CREATED}}, ("Location",))
            },
            body=CreateApiKeySerializer,
            examples={"key": {"name": "Nightly import", "scopes": KEY["scopes"], "per_minute": 60}},
        ),
        "current": Operation(
            summary="Retrieve the caller's own key",
            description="Retrieve what the key that bears the request may do. Any valid key may ask; it needs no "
            "`x-organization-id`.",
            answers={
                200: Answer(
                    "The caller's own key.",
                    ref("CurrentApiKeyResponse"),
                    {"key": {"data": {**KEY, "organization": ORGANIZATION}}},
                )
            },
        ),
        "retrieve": Operation(
            summary="Retrieve an API key",
            description="Retrieve what may be seen of one key.",
            answers={200: Answer("The key.", ref("ApiKeyResponse"), {"key": {"data": KEY}})},
        ),
        "rotate": Operation(
            summary="Rotate an API key",
            description="Make a key like this one, which ends after a grace time. A key that may do more than the "
            "caller's own is a 403. This answer is the only one that holds the new key itself.",
            answers={
                201: Answer("The new key.", ref("CreatedApiKeyResponse"), {"key": {"data": CREATED}}, ("Location",))
            },
            conflicts={"ended": {"error": "API key has ended or has been rotated already"}},
            body=RotateApiKeySerializer,
            body_is_required=False,
            examples={"grace time": {"grace_hours": 24}},
        ),
        "destroy": Operation(
            summary="Revoke an API key",
            description="End a key now and for good, the caller's own included. Revoking it again changes nothing.",
            answers={204: Answer("The key has ended.")},
        ),
    },
)
