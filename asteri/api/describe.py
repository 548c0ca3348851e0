"""What a resource says of itself in the OpenAPI document, where its code alone doesn't say it.

Plain values: each app keeps its own in `schema.py`, and `asteri.api.schema` reads them beside the view sets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A success: its sentence, its schema and its examples by name, the headers that it always has and may have."""

    description: str
    schema: Json | None = None
    examples: Mapping[str, Any] = field(default_factory=dict)
    headers: Sequence[str] = ()
    may_have: Sequence[str] = ()


@dataclass(frozen=True)
class Operation:
    """An action of a view set: its sentences, what it may answer, and what it takes beyond its declarations.

    `answers` are its successes by status, `conflicts` the bodies of its 409s by name; `body` is a serializer's class or
    a component's name; `headers` are the request headers that count, by their names in `asteri.api.components`.
    """

    summary: str
    description: str
    answers: Mapping[int, Answer]
    conflicts: Mapping[str, Json] = field(default_factory=dict)
    headers: Sequence[str] = ()
    body: Any = None
    body_is_required: bool = True
    examples: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """A view set: its tag, its operations by action, and what their parts mean.

    `parameters` are those of queries and paths, each a schema with its description in it; `path` names the variables
    of the view set's paths as the contract does; `fields` are sentences for the fields of bodies, and `bodies` what is
    to be added to a body's schema; `missing` and `conflict` are the sentences of 404 and 409.
    """

    tag: str
    description: str
    missing: str
    operations: Mapping[str, Operation]
    schemas: Mapping[str, Json]
    path: Mapping[str, str]
    parameters: Mapping[str, Json]
    conflict: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, Json] = field(default_factory=dict)


def ref(name: str, section: str = "schemas") -> Json:
    """Answer a reference to a component."""
    return {"$ref": f"#/components/{section}/{name}"}


def record(
    description: str,
    first: Mapping[str, Json] | None = None,
    /,
    *,
    example: Any = None,
    optional: Sequence[str] = (),
    **others: Json,
) -> Json:
    """Answer an object's schema, from its properties in their order; they are required but for the `optional` ones."""
    properties = {**(first or {}), **others}
    required = [name for name in properties if name not in optional]
    schema: Json = {"type": "object", "description": description, "properties": properties, "required": required}
    return schema if example is None else {**schema, "examples": [example]}


def text(description: str, **keywords: Any) -> Json:
    """Answer a text's schema."""
    return {"type": "string", "description": description, **keywords}


def uuid(description: str, **keywords: Any) -> Json:
    """Answer the schema of an id."""
    return text(description, format="uuid", **keywords)


def moment(description: str, **keywords: Any) -> Json:
    """Answer the schema of a time."""
    return text(description, format="date-time", **keywords)


def whole(description: str, **keywords: Any) -> Json:
    """Answer a whole number's schema."""
    return {"type": "integer", "description": description, **keywords}


def array(description: str, items: Json, **keywords: Any) -> Json:
    """Answer a list's schema."""
    return {"type": "array", "description": description, "items": items, **keywords}


def nullable(schema: Json) -> Json:
    """Answer the schema that takes null too."""
    return {**schema, "type": [schema["type"], "null"]}


def envelope(description: str, schema: str) -> Json:
    """Answer the schema of an answer about one thing."""
    return record(description, data=ref(schema))


def page(description: str, schema: str, items: str) -> Json:
    """Answer the schema of a list's answer."""
    return record(description, data=array(items, ref(schema)), pagination=ref("Pagination"))


def examples(values: Mapping[str, Any]) -> Json:
    """Answer named examples as OpenAPI has them: by name, whose words are their summary."""
    return {name.replace(" ", "_"): {"summary": name, "value": value} for name, value in values.items()}
