"""The OpenAPI document, as the reference site reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asteri.api.document import contract

METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"

Node = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation as the document has it: where it is, and what it says."""

    method: str
    path: str
    node: Node

    @property
    def id(self) -> str:
        """The operation's id, which is its anchor too."""
        return str(self.node["operationId"])

    @property
    def tag(self) -> str:
        """The resource that it belongs to."""
        return str(self.node["tags"][0])

    @property
    def parameters(self) -> list[Node]:
        """Its parameters, with what they refer to in their place."""
        return [resolved(parameter) for parameter in self.node.get("parameters", [])]

    @property
    def body(self) -> Node | None:
        """What it takes as JSON; None for nothing."""
        return content(resolved(self.node.get("requestBody", {})))

    @property
    def responses(self) -> dict[int, Node]:
        """What it answers, by status."""
        return {int(status): resolved(response) for status, response in sorted(self.node["responses"].items())}


def operations() -> Iterator[Operation]:
    """Answer every operation, in the document's order of paths."""
    for path, item in contract()["paths"].items():
        yield from (Operation(method.upper(), path, item[method]) for method in METHODS if method in item)


def name_of(reference: str) -> str:
    """Answer the last part of a reference: the name of what it refers to."""
    return reference.rpartition("/")[2]


def resolved(node: Node) -> Node:
    """Answer what a node says; where it only refers to another, what that one says."""
    while "$ref" in node:
        section, name = node["$ref"].removeprefix("#/components/").split("/")
        node = contract()["components"][section][name]
    return node


def content(node: Node) -> Node | None:
    """Answer the JSON of a body or a response: its schema and its examples; None where it has none."""
    found: Node | None = node.get("content", {}).get(JSON)
    return found


def examples(node: Node) -> dict[str, Any]:
    """Answer the examples of some content: each value, by what it shows."""
    named = {
        example.get("summary", name): resolved(example)["value"] for name, example in node.get("examples", {}).items()
    }
    return named or ({"": node["example"]} if "example" in node else {})
