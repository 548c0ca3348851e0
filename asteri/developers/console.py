"""The console: a form for each operation, made from the document; the browser sends what is entered to this server."""

from dataclasses import dataclass

from asteri.developers.code import as_json
from asteri.developers.document import Node, Operation, operations
from asteri.developers.snippets import body_of, example

SET_APART = ("x-organization-id", "X-Request-Id")  # the one is entered once for all, the other each answer brings
ORDER = ("path", "query", "header")


@dataclass(frozen=True)
class Field:
    """A parameter to enter: where it goes, what it may be, and what stands there to begin with."""

    name: str
    place: str
    description: str
    required: bool
    value: str
    choices: list[str]
    is_number: bool


@dataclass(frozen=True)
class Trial:
    """An operation to try."""

    id: str
    title: str
    method: str
    path: str
    for_organization: bool
    fields: list[Field]
    body: str


def trials() -> dict[str, list[Trial]]:
    """Answer every operation to try, under its resource."""
    grouped: dict[str, list[Trial]] = {}
    for operation in operations():
        grouped.setdefault(operation.tag, []).append(trial(operation))
    return grouped


def trial(operation: Operation) -> Trial:
    """Answer the form of an operation."""
    given = sorted(operation.parameters, key=lambda parameter: ORDER.index(parameter["in"]))
    body = body_of(operation)
    return Trial(
        id=operation.id,
        title=operation.node["summary"],
        method=operation.method,
        path=operation.path,
        for_organization=any(parameter["name"] == SET_APART[0] for parameter in given),
        fields=[field(parameter) for parameter in given if parameter["name"] not in SET_APART],
        body="" if body is None else as_json(body),
    )


def field(parameter: Node) -> Field:
    """Answer the field of a parameter; a path's begins with its example, for it can't be left out."""
    schema = parameter["schema"]
    return Field(
        name=parameter["name"],
        place=parameter["in"],
        description=parameter.get("description", ""),
        required=parameter.get("required", False),
        value=example(parameter) if parameter["in"] == "path" else "",
        choices=schema.get("enum", []),
        is_number=schema.get("type") == "integer",
    )
