"""Operations, as the reference shows them: in words on one side, in code on the other."""

from dataclasses import dataclass

from asteri.developers import tables
from asteri.developers.code import Code, as_json
from asteri.developers.document import Node, Operation, content, examples
from asteri.developers.snippets import body_of, snippets
from asteri.developers.tables import Row

LEAST_ERROR = 400
REFERENCE = "reference"  # the name of an example that the reference page shows
PLACES = {"path": "Path parameters", "query": "Query parameters", "header": "Headers"}


@dataclass(frozen=True)
class Answer:
    """What an operation may answer: its status, what it means, its headers, and its examples as code."""

    status: int
    description: str
    headers: list[Row]
    type: tables.Type | None
    examples: list[Code]


def answer(status: int, response: Node) -> Answer:
    """Answer what a response of the document shows."""
    media = content(response)
    codes = [Code(label(status, name), "json", as_json(value)) for name, value in examples(media or {}).items()]
    return Answer(status, response["description"], tables.header_rows(response), type_of(media), codes)


def label(status: int, name: str) -> str:
    """Answer the caption of an example: its status, and its name unless the reference page shows it."""
    return f"{status}" if name == REFERENCE else f"{status}, {name}"


def type_of(media: Node | None) -> tables.Type | None:
    """Answer the type of some content; None for none."""
    return tables.type_of(media["schema"]) if media else None


@dataclass(frozen=True)
class Endpoint:
    """An operation as its part of a page shows it: in words on one side, in code on the other."""

    id: str
    title: str
    description: str
    method: str
    path: str
    scopes: list[str]
    parameters: list[tuple[str, list[Row]]]
    body: tables.Type | None
    body_example: Code | None
    snippets: list[Code]
    successes: list[Answer]
    errors: list[Answer]

    @property
    def shown(self) -> list[Code]:
        """The answers that stand beside the request: those of its first success."""
        return self.successes[0].examples


def endpoint(operation: Operation) -> Endpoint:
    """Answer what a page shows of an operation."""
    answers = [answer(status, response) for status, response in operation.responses.items()]
    example = body_of(operation)
    return Endpoint(
        id=operation.id,
        title=operation.node["summary"],
        description=operation.node.get("description", ""),
        method=operation.method,
        path=operation.path,
        scopes=scopes_of(operation),
        parameters=[(title, rows) for place, title in PLACES.items() if (rows := parameter_rows(operation, place))],
        body=type_of(operation.body),
        body_example=None if example is None else Code("Request body", "json", as_json(example)),
        snippets=snippets(operation),
        successes=[given for given in answers if given.status < LEAST_ERROR],
        errors=[given for given in answers if given.status >= LEAST_ERROR],
    )


def scopes_of(operation: Operation) -> list[str]:
    """Answer the scopes that a key needs for an operation."""
    return next((scopes for choice in operation.node["security"] for scopes in choice.values()), [])


def parameter_rows(operation: Operation, place: str) -> list[Row]:
    """Answer the parameters that go to one place of the request."""
    return [tables.parameter_row(given) for given in operation.parameters if given["in"] == place]
