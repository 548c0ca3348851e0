"""The reference: a page a resource, made from the document's tags, operations and schemas."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asteri.api.document import contract
from asteri.developers import tables
from asteri.developers.document import Node, Operation, content, examples, name_of, operations
from asteri.developers.endpoints import LEAST_ERROR, Endpoint, endpoint
from asteri.developers.tables import Table


@dataclass(frozen=True)
class Resource:
    """A tag of the document: its description, the schemas that it's about, and its endpoints."""

    name: str
    description: str
    tables: list[Table]
    endpoints: list[Endpoint]


def resources() -> list[Resource]:
    """Answer every resource, in the document's order of tags."""
    return [resource(tag, [one for one in operations() if one.tag == tag["name"]]) for tag in contract()["tags"]]


def resource(tag: Node, members: list[Operation]) -> Resource:
    """Answer what the page of a tag shows."""
    shown = dict(examples_of(members))
    described = [tables.table(name, shown.get(name)) for name in schemas_of(members)]
    return Resource(tag["name"], tag["description"], described, [endpoint(operation) for operation in members])


def schemas_of(members: list[Operation]) -> list[str]:
    """Answer the names of a resource's schemas: what it consists of, then what is sent, then what is answered."""
    sent = [name for one in members for name in named(one.body)]
    answered = [name for one in members for name in answered_by(one)]
    parts = [name for name in parts_of([*answered, *sent]) if name not in {*sent, *answered}]
    return [name for name in dict.fromkeys([*parts, *sent, *answered]) if not tables.wrapped(name)]


def examples_of(members: list[Operation]) -> Iterator[tuple[str, Any]]:
    """Answer the first example of what each operation takes and answers, with the name of its schema."""
    for operation in members:
        for media in (operation.body, *map(content, operation.responses.values())):
            found = list(examples(media or {}).values())[:1]
            yield from zip(named(media), found, strict=False)


def answered_by(operation: Operation) -> Iterator[str]:
    """Answer the names of the schemas of an operation's successes."""
    for status, response in operation.responses.items():
        if status < LEAST_ERROR:
            yield from named(content(response))


def parts_of(names: list[str]) -> Iterator[str]:
    """Answer the names of the schemas within others, each after those within itself."""
    for name in names:
        inner = list(references(tables.schemas()[name]))
        yield from parts_of(inner)
        yield from inner


def named(media: Node | None) -> list[str]:
    """Answer the names of the schemas that some content may have."""
    return list(references(media["schema"])) if media else []


def references(node: Any) -> Iterator[str]:
    """Answer the names of the schemas that a schema refers to, in their order."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield name_of(node["$ref"])
        yield from (name for key, value in node.items() if key != "examples" for name in references(value))
    elif isinstance(node, list):
        yield from (name for value in node for name in references(value))
