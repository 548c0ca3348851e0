"""Bodies: JSON, read strictly, so that no two readers understand one body differently (RFC 8259; I-JSON, RFC 7493)."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import IO, Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from asteri.api.errors import invalid_payload
from asteri.api.renderers import MEDIA_TYPE

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)  # one that never ends reaches to the body's
BRACKETS = re.compile(rb"[\[\]{}]")


class JsonOnly(BaseContentNegotiation):
    """JSON in: a body of another type has no parser. What goes out is JSON anyway, so `Accept` is not asked."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Answer the parser for `application/json` in UTF-8 and without a content coding; None for anything else."""
        media_type, *parameters = (part.strip().lower() for part in request.content_type.split(";"))
        plain = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() == "identity"
        in_utf8 = all(part.replace('"', "") == "charset=utf-8" for part in parameters if part.startswith("charset"))
        return next(iter(parsers)) if media_type == MEDIA_TYPE and plain and in_utf8 else None


class StrictJsonParser(BaseParser):
    """Parses a JSON object of 32 levels and of 64 KiB at most, unless the view allows more; others are a 400."""

    media_type = MEDIA_TYPE

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Answer the body's object; raise 400 where it is too large, malformed, ambiguous or no object."""
        view = (parser_context or {})["view"]
        body = loads(read(stream, view.max_body_bytes.get(view.action, MAX_BYTES)))
        if not isinstance(body, dict):
            raise refused("Must be an object")
        return body


def refused(message: str, path: str = "") -> Exception:
    """Answer the 400 of a body that can't be read, or of one field in it."""
    return invalid_payload([{"path": path, "message": message}])


def read(stream: IO[Any], most: int) -> bytes:
    """Read the body to its end; raise 400 where it has more than `most` bytes, or breaks off before its end."""
    try:
        raw: bytes = stream.read(most + 1)
    except Exception as error:  # Servers raise what they like for a broken chunk or a lost connection.
        raise refused("Incomplete body") from error
    if len(raw) > most:
        raise refused(f"Must be at most {most // 1024} KiB")
    return raw


def loads(raw: bytes) -> Any:
    """Parse strict JSON; raise 400 for duplicate keys, infinite numbers, depth, and text that isn't Unicode."""
    if too_deep(raw):
        raise refused("Must be nested at most 32 levels deep")
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=unique_keys, parse_constant=not_json, parse_float=finite_number
        )
        if b"\\u" in raw:  # Only an escape can hold half of a surrogate pair, which no UTF-8 can carry.
            json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:
        raise refused("Malformed JSON") from error
    return value


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; raise 400 for a key that stands in it twice."""
    built: dict[str, Any] = {}
    for name, value in pairs:
        if name in built:
            raise refused("Duplicate field", path=name.encode(errors="replace").decode())
        built[name] = value
    return built


def not_json(constant: str) -> None:
    """Refuse NaN and Infinity, which Python's parser would take."""
    raise ValueError(constant)


def finite_number(text: str) -> float:
    """Read a number; refuse one that overflows to infinity."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def too_deep(raw: bytes) -> bool:
    """Whether arrays and objects nest deeper than allowed; brackets inside strings don't count."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return False
    steps = (1 if bracket in b"[{" else -1 for bracket in BRACKETS.findall(STRINGS.sub(b"", raw)))
    return max(accumulate(steps), default=0) > MAX_DEPTH
