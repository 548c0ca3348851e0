"""Every error of the API, gathered from the document's examples."""

from collections.abc import Iterator
from dataclasses import dataclass

from asteri.developers.code import Code, as_json
from asteri.developers.document import content, examples, operations
from asteri.developers.endpoints import LEAST_ERROR, REFERENCE


@dataclass(frozen=True)
class Refusal:
    """An error of the API: its status, its message, what it means and which extra keys it has."""

    status: int
    message: str
    description: str
    code: Code


def refusals() -> list[Refusal]:
    """Answer every error that any operation shows, each once, by status and message."""
    found: dict[tuple[int, str], Refusal] = {}
    for refusal, name in shown_refusals():
        key = (refusal.status, refusal.message)
        if key not in found or name != REFERENCE:
            found[key] = refusal
    return [found[key] for key in sorted(found)]


def shown_refusals() -> Iterator[tuple[Refusal, str]]:
    """Answer every example of an error, with its name."""
    for operation in operations():
        for status, response in operation.responses.items():
            if status >= LEAST_ERROR:
                for name, value in examples(content(response) or {}).items():
                    code = Code("Example", "json", as_json(value))
                    yield Refusal(status, value["error"], response["description"], code), name
