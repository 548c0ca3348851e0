"""Schemas as tables: Field, Type, Required, Description, in the reference page's words for types."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from asteri.api.document import contract
from asteri.developers.code import Code, as_json
from asteri.developers.document import Node, name_of, resolved

FORMATS = {"uuid": "uuid", "date-time": "datetime"}


@dataclass(frozen=True)
class Part:
    """A piece of a type's text, and the schema that it names, if any."""

    text: str
    schema: str = ""


Type = list[Part]


@dataclass(frozen=True)
class Row:
    """A field, a parameter or a header."""

    name: str
    type: Type
    required: bool
    description: str
    facts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A schema of the document by its name."""

    name: str
    description: str
    rows: list[Row]
    example: Code | None

    @property
    def anchor(self) -> str:
        """Where it is on its page."""
        return f"schema-{self.name}"


def schemas() -> Node:
    """Answer the document's named schemas."""
    named: Node = contract()["components"]["schemas"]
    return named


def table(name: str, shown: Any = None) -> Table:
    """Answer the table of a named schema, with its own example, or else the one that is `shown` elsewhere."""
    schema = schemas()[name]
    example = next(iter(schema.get("examples", [])), shown)
    code = None if example is None else Code("Example", "json", as_json(example))
    return Table(name, schema["description"], list(rows(schema)), code)


def wrapped(name: str) -> Type:
    """Answer the type that a schema only wraps as its `data`; nothing for one that has more to say."""
    properties = schemas()[name].get("properties", {})
    return type_of(properties["data"]) if list(properties) == ["data"] and "$ref" in properties["data"] else []


def rows(schema: Node, prefix: str = "") -> Iterator[Row]:
    """Answer a row for each property; those of an object without a name follow it, as `pagination.limit`."""
    required = schema.get("required", [])
    for name, node in schema.get("properties", {}).items():
        yield row(f"{prefix}{name}", node, required=name in required)
        yield from rows(node, f"{prefix}{name}.")


def row(name: str, node: Node, *, required: bool) -> Row:
    """Answer the row of one property."""
    description = node.get("description") or ("" if "$ref" not in node else resolved(node).get("description", ""))
    return Row(name, type_of(node), required, description, list(facts(node)))


def parameter_row(parameter: Node) -> Row:
    """Answer the row of one parameter."""
    named = {**parameter["schema"], "description": parameter.get("description", "")}
    return row(parameter["name"], named, required=parameter.get("required", False))


def header_rows(response: Node) -> list[Row]:
    """Answer a row for each header of a response."""
    headers = ({"name": name, **resolved(node)} for name, node in response.get("headers", {}).items())
    return [parameter_row(header) for header in headers]


def facts(node: Node) -> Iterator[str]:
    """Answer the bounds that a schema sets, in words."""
    if "minimum" in node and "maximum" in node:
        yield f"{node['minimum']:,} to {node['maximum']:,}"
    if "maxLength" in node:
        yield f"at most {node['maxLength']} characters"
    if "maxItems" in node:
        yield f"{node.get('minItems', 0)} to {node['maxItems']} items"
    if "default" in node:
        yield f"{json.dumps(node['default'])} unless given"


def type_of(node: Node) -> Type:
    """Answer a schema's type as the reference page writes it: `uuid`, `string | null`, `Customer[]`."""
    if "$ref" in node:
        return named(name_of(node["$ref"]))
    for several in ("oneOf", "anyOf", "allOf"):
        if several in node:
            return joined(type_of(choice) for choice in node[several])
    if node.get("type") == "array":
        return [*type_of(node["items"]), Part("[]")]
    return joined([Part(text)] for text in words(node))


def named(name: str) -> Type:
    """Answer a named schema, as what it wraps where it does no more."""
    inner = wrapped(name)
    return [Part('{"data": '), *inner, Part("}")] if inner else [Part(name, name)]


def words(node: Node) -> Iterator[str]:
    """Answer the names of the plain types that a schema allows; for a choice its values."""
    if "const" in node or "enum" in node:
        yield from (json.dumps(value) for value in node.get("enum", [node.get("const")]))
        return
    types: str | list[str] = node["type"]
    for name in [types] if isinstance(types, str) else types:
        yield FORMATS.get(node.get("format", ""), name) if name == "string" else name


def joined(choices: Iterable[Type]) -> Type:
    """Answer the choices with ` | ` between them."""
    parts = [part for choice in choices for part in (Part(" | "), *choice)]
    return parts[1:]
