"""The check that calls out breaking changes: on the committed document, and on a table of what it has to find."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asteri.api.document import contract
from tests.contract.compatibility import breaks

RELEASED = Path(__file__).with_name("released.json")  # made anew when a version is released: openapi --file …


def document() -> dict[str, Any]:
    """A contract of two operations."""
    thing = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string", "format": "uuid"}, "kind": {"type": "string", "enum": ["a", "b"]}},
    }
    answer = {
        "description": "A thing.",
        "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
    }
    body = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "maxLength": 9},
            "note": {"type": ["string", "null"]},
            "size": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    }
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}
    return {
        "paths": {
            "/things": {
                "get": {"operationId": "list", "parameters": [limit], "responses": {"200": answer, "404": {}}},
                "post": {
                    "operationId": "create",
                    "requestBody": {"content": {"application/json": {"schema": body}}},
                    "responses": {"201": answer},
                },
            }
        },
        "components": {"schemas": {"Thing": thing}},
    }


def listing(changed: Any) -> Any:
    return changed["paths"]["/things"]["get"]


def body(changed: Any) -> Any:
    return changed["paths"]["/things"]["post"]["requestBody"]["content"]["application/json"]["schema"]


def thing(changed: Any) -> Any:
    return changed["components"]["schemas"]["Thing"]


BREAKING: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a path goes": (lambda new: new["paths"].pop("/things"), "GET /things: removed"),
    "a method goes": (lambda new: new["paths"]["/things"].pop("post"), "POST /things: removed"),
    "an operation has another id": (lambda new: listing(new).update(operationId="all"), "operation id list is now all"),
    "a parameter goes": (lambda new: listing(new).update(parameters=[]), "query parameter limit removed"),
    "a parameter is required": (
        lambda new: listing(new)["parameters"][0].update(required=True),
        "query parameter limit is now required",
    ),
    "a parameter takes less": (
        lambda new: listing(new)["parameters"][0]["schema"].update(maximum=50),
        "query parameter limit asks for another maximum",
    ),
    "a body is required": (
        lambda new: new["paths"]["/things"]["post"]["requestBody"].update(required=True),
        "body is now required",
    ),
    "a body's media type goes": (
        lambda new: new["paths"]["/things"]["post"]["requestBody"].update(content={}),
        "body application/json removed",
    ),
    "a field goes": (lambda new: body(new)["properties"].pop("note"), "body.note removed"),
    "a field is required": (lambda new: body(new)["required"].append("note"), "body.note is now required"),
    "a field takes no null": (
        lambda new: body(new)["properties"]["note"].update(type="string"),
        "body.note no longer takes null",
    ),
    "a field has another type": (
        lambda new: body(new)["properties"]["size"].update(type="string"),
        "body.size no longer takes integer",
    ),
    "a field takes some values alone": (
        lambda new: body(new)["properties"]["name"].update(enum=["x"]),
        "body.name no longer takes any other enum",
    ),
    "a field is shorter": (
        lambda new: body(new)["properties"]["name"].update(maxLength=8),
        "body.name asks for another maxLength",
    ),
    "a field is longer": (
        lambda new: body(new)["properties"]["name"].update(minLength=1),
        "body.name asks for another minLength",
    ),
    "a field has a pattern": (
        lambda new: body(new)["properties"]["name"].update(pattern="^x"),
        "body.name asks for another pattern",
    ),
    "an item has another type": (
        lambda new: body(new)["properties"]["tags"]["items"].update(type="integer"),
        "body.tags[] no longer takes string",
    ),
    "a body is closed": (
        lambda new: body(new).update(additionalProperties=False),
        "body asks for another additionalProperties",
    ),
    "a field has alternatives": (
        lambda new: body(new)["properties"]["size"].update(anyOf=[{}]),
        "body.size has 1 alternatives, not 0",
    ),
    "a status goes": (lambda new: listing(new)["responses"].pop("404"), "status 404 removed"),
    "a header goes": (
        lambda new: listing(new)["responses"]["200"]["headers"].clear(),
        "200 header ETag removed",
    ),
    "an answer's media type goes": (
        lambda new: listing(new)["responses"]["200"].update(content={}),
        "200 application/json removed",
    ),
    "an answer's field goes": (lambda new: thing(new)["properties"].pop("id"), "200.id removed"),
    "an answer's field is uncertain": (lambda new: thing(new)["required"].clear(), "200.id is no longer certain"),
    "an answer's field may be null": (
        lambda new: thing(new)["properties"]["id"].update(type=["string", "null"]),
        "200.id may now be null",
    ),
    "an answer's field has a new value": (
        lambda new: thing(new)["properties"]["kind"]["enum"].append("c"),
        "200.kind may now be c",
    ),
    "an answer's field has another format": (
        lambda new: thing(new)["properties"]["id"].update(format="date"),
        "200.id has another format",
    ),
}
HARMLESS: dict[str, Callable[[Any], Any]] = {
    "nothing changes": dict,
    "a path comes": lambda new: new["paths"].update({"/more": {}}),
    "a method comes": lambda new: new["paths"]["/things"].update(delete={}),
    "an optional parameter comes": lambda new: listing(new)["parameters"].append(
        {"name": "order", "in": "query", "schema": {}}
    ),
    "a parameter takes more": lambda new: listing(new)["parameters"][0]["schema"].pop("maximum"),
    "an optional field comes": lambda new: body(new)["properties"].update(colour={"type": "string"}),
    "a field is no longer required": lambda new: body(new)["required"].clear(),
    "a field takes null": lambda new: body(new)["properties"]["name"].update(type=["string", "null"]),
    "an answer has a new field": lambda new: thing(new)["properties"].update(more={"type": "string"}),
    "an answer's field is certain": lambda new: thing(new)["required"].append("kind"),
    "an answer's value no longer comes": lambda new: thing(new)["properties"]["kind"]["enum"].pop(),
    "a status comes": lambda new: listing(new)["responses"].update({"429": {}}),
    "a description changes": lambda new: listing(new).update(description="Other words."),
}


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_clients_is_named(name: str) -> None:
    change, sentence = BREAKING[name]
    new = document()
    change(new)
    assert any(found.endswith(sentence) for found in breaks(document(), new)), breaks(document(), new)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_breaks_nobody_is_not_named(name: str) -> None:
    new = document()
    HARMLESS[name](new)
    assert breaks(document(), new) == []


def test_the_committed_document_breaks_no_client_of_the_released_one() -> None:
    assert breaks(json.loads(RELEASED.read_text()), contract()) == []


@pytest.mark.parametrize("operation", ["customers-list", "customers-create", "customers-retrieve"])
def test_the_loss_of_an_operation_of_the_released_document_would_be_named(operation: str) -> None:
    released = json.loads(RELEASED.read_text())
    new = copy.deepcopy(released)
    for methods in new["paths"].values():
        for method in [method for method in methods if methods[method]["operationId"] == operation]:
            del methods[method]
    assert [found.partition(": ")[2] for found in breaks(released, new)] == ["removed"]
