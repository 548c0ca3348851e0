"""What breaks clients: the differences between a released OpenAPI document and a new one that callers have to hear of.

A request may say less than before and not more is asked of it; an answer still holds what it held, in the forms that it
had. (The comparers to be had as Python packages are young; this one knows as much of JSON Schema as our document uses.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "put", "post", "patch", "delete")
LEAST, MOST = ("minLength", "minItems", "minimum"), ("maxLength", "maxItems", "maximum")
FAR = float("inf")


@dataclass(frozen=True)
class Document:
    """A document, and how to follow its references."""

    root: dict[str, Any]

    def resolve(self, node: Any) -> dict[str, Any]:
        """Answer a node, or what it refers to."""
        while "$ref" in node:
            target = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        resolved: dict[str, Any] = node
        return resolved

    def operations(self) -> dict[str, dict[str, Any]]:
        """Answer every operation by its method and path."""
        return {
            f"{method.upper()} {path}": methods[method]
            for path, methods in self.root["paths"].items()
            for method in METHODS
            if method in methods
        }

    def parameters(self, operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Answer an operation's parameters by place and name."""
        resolved = map(self.resolve, operation.get("parameters", ()))
        return {f"{parameter['in']} parameter {parameter['name']}": parameter for parameter in resolved}

    def content(self, holder: dict[str, Any]) -> dict[str, Any]:
        """Answer the schemas of a body or an answer by media type."""
        return {media: about.get("schema", {}) for media, about in holder.get("content", {}).items()}


def breaks(released: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Answer what of `new` breaks clients of `released`, a sentence each."""
    return list(Comparison(Document(released), Document(new)).all())


@dataclass(frozen=True)
class Comparison:
    """Two documents, the older one first; each method yields what breaks within its part."""

    old: Document
    new: Document

    def all(self) -> Iterator[str]:
        """Compare everything that clients rely on."""
        was, is_now = self.old.operations(), self.new.operations()
        for name, operation in was.items():
            if name not in is_now:
                yield f"{name}: removed"
            else:
                yield from (f"{name}: {what}" for what in self.operation(operation, is_now[name]))

    def operation(self, was: Any, is_now: Any) -> Iterator[str]:
        """Compare an operation."""
        if was["operationId"] != is_now["operationId"]:
            yield f"operation id {was['operationId']} is now {is_now['operationId']}"
        yield from self.parameters(self.old.parameters(was), self.new.parameters(is_now))
        yield from self.body(
            self.old.resolve(was.get("requestBody", {})), self.new.resolve(is_now.get("requestBody", {}))
        )
        yield from self.answers(was["responses"], is_now["responses"])

    def parameters(self, was: Any, is_now: Any) -> Iterator[str]:
        """Compare parameters: none may go, and none may be asked for that was not."""
        yield from (f"{name} removed" for name in was if name not in is_now)
        for name, parameter in is_now.items():
            if parameter.get("required") and not was.get(name, {}).get("required"):
                yield f"{name} is now required"
            if name in was:
                yield from self.narrowed(name, was[name]["schema"], parameter["schema"])

    def body(self, was: Any, is_now: Any) -> Iterator[str]:
        """Compare request bodies."""
        if is_now.get("required") and not was.get("required"):
            yield "body is now required"
        now = self.new.content(is_now)
        for media, schema in self.old.content(was).items():
            if media not in now:
                yield f"body {media} removed"
            else:
                yield from self.narrowed("body", schema, now[media])

    def answers(self, was: Any, is_now: Any) -> Iterator[str]:
        """Compare answers by status."""
        for status, answer in was.items():
            if status not in is_now:
                yield f"status {status} removed"
            else:
                yield from self.answer(status, self.old.resolve(answer), self.new.resolve(is_now[status]))

    def answer(self, status: str, was: Any, is_now: Any) -> Iterator[str]:
        """Compare an answer: its headers and what it holds."""
        headers = is_now.get("headers", {})
        yield from (f"{status} header {name} removed" for name in was.get("headers", {}) if name not in headers)
        now = self.new.content(is_now)
        for media, schema in self.old.content(was).items():
            if media not in now:
                yield f"{status} {media} removed"
            else:
                yield from self.widened(status, schema, now[media])

    def narrowed(self, where: str, was: Any, is_now: Any) -> Iterator[str]:
        """Compare what may be sent: whatever was taken has to be taken still."""
        was, is_now = self.old.resolve(was), self.new.resolve(is_now)
        yield from (f"{where} no longer takes {value}" for value in lost(was, is_now))
        yield from (f"{where} asks for another {keyword}" for keyword in tightened(was, is_now))
        yield from (f"{where}.{name} is now required" for name in missing(is_now, was, "required"))
        yield from self.parts(where, was, is_now, self.narrowed)

    def widened(self, where: str, was: Any, is_now: Any) -> Iterator[str]:
        """Compare what is answered: whatever is answered has to be what was answered before."""
        was, is_now = self.old.resolve(was), self.new.resolve(is_now)
        yield from (f"{where} may now be {value}" for value in lost(is_now, was))
        yield from (
            f"{where} has another {keyword}" for keyword in ("format",) if was.get(keyword) != is_now.get(keyword)
        )
        yield from (
            f"{where}.{name} is no longer certain"
            for name in missing(was, is_now, "required")
            if name in is_now.get("properties", {})
        )
        yield from self.parts(where, was, is_now, self.widened)

    def parts(self, where: str, was: Any, is_now: Any, compare: Any) -> Iterator[str]:
        """Compare what a schema is made of: no property and no alternative may go, each is compared in itself."""
        yield from (f"{where}.{name} removed" for name in missing(was, is_now, "properties"))
        for name, schema in was.get("properties", {}).items():
            if name in is_now.get("properties", {}):
                yield from compare(f"{where}.{name}", schema, is_now["properties"][name])
        if "items" in was and "items" in is_now:
            yield from compare(f"{where}[]", was["items"], is_now["items"])
        before, after = was.get("anyOf", []), is_now.get("anyOf", [])
        if len(before) != len(after):
            yield f"{where} has {len(after)} alternatives, not {len(before)}"
        for number, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from compare(f"{where}|{number}", one, other)


def kinds(schema: Any, keyword: str) -> set[str] | None:
    """Answer the types or the values that a schema allows; None for any."""
    value = schema.get(keyword)
    return None if value is None else {str(item) for item in (value if isinstance(value, list) else [value])}


def lost(wide: Any, narrow: Any) -> Iterator[str]:
    """Yield the types and values that `wide` allows and `narrow` doesn't."""
    for keyword in ("type", "enum"):
        before, after = kinds(wide, keyword), kinds(narrow, keyword)
        if after is not None:
            yield from sorted((before or {f"any other {keyword}"}) - after)


def missing(one: Any, other: Any, keyword: str) -> list[str]:
    """Answer the names that stand under a keyword in one schema and not in the other."""
    return [name for name in one.get(keyword, ()) if name not in other.get(keyword, ())]


def tightened(was: Any, is_now: Any) -> Iterator[str]:
    """Yield the keywords by which less is taken than before."""
    yield from (keyword for keyword in LEAST if is_now.get(keyword, 0) > was.get(keyword, 0))
    yield from (keyword for keyword in MOST if is_now.get(keyword, FAR) < was.get(keyword, FAR))
    yield from (keyword for keyword in ("pattern", "format") if is_now.get(keyword) not in (None, was.get(keyword)))
    if is_now.get("additionalProperties") is False and was.get("additionalProperties") is not False:
        yield "additionalProperties"
