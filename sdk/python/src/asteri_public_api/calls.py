"""Requests and what is made of their answers, whichever client sends them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast
from urllib.parse import quote

import httpx

from asteri_public_api.errors import AsteriApiError, AsteriConnectionError, AsteriTimeoutError, ErrorPayload
from asteri_public_api.models import FeedPagination, Meta, Page, Pagination, Response, read
from asteri_public_api.retries import End, Options

ROOT = "/api/public/v1"
IDEMPOTENCY_KEY = "Idempotency-Key"
NOT_FOUND = 404
DOTS = re.compile(r"\.{0,2}")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """A request, and how its answer is read. `is_repeatable`: carrying it out twice does what once does."""

    method: str
    path: Sequence[str]
    reader: Callable[[Any, Meta], T]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_repeatable: bool = True

    @property
    def url(self) -> str:
        """Answer the path, from the API's root on."""
        return "/".join([ROOT, *map(segment, self.path)])

    @property
    def json(self) -> Any:
        """Answer the body as JSON knows it."""
        return None if self.body is None else {name: plain(value) for name, value in self.body.items()}

    @property
    def parameters(self) -> dict[str, Any]:
        """Answer the query parameters as text."""
        return {name: plain(value) for name, value in self.query.items() if value is not None}

    def settle(self, end: End) -> T:
        """Answer what a success says, or raise the error; a repeated DELETE that finds nothing has done its work."""
        if isinstance(end.outcome, httpx.TransportError):
            raise unanswered(end.outcome) from end.outcome
        response, is_gone = end.outcome, self.method == "DELETE" and end.is_repetition
        if not (response.is_success or (is_gone and response.status_code == NOT_FOUND)):
            raise refused(response, parsed(response))
        body = {} if self.method == "DELETE" else parsed(response)
        if not isinstance(body, dict):
            raise refused(response, body)
        return self.reader(body, meta_of(response))


class Sender(Protocol):
    """What sends calls."""

    def send(self, call: Call[T], options: Options | None = None) -> T:
        """Carry out a call."""


class AsyncSender(Protocol):
    """What sends calls, to be awaited."""

    async def send(self, call: Call[T], options: Options | None = None) -> T:
        """Carry out a call."""


def segment(text: str) -> str:
    """Write one segment of a path; URLs know none that is empty or made of dots (RFC 3986, section 5.2.4)."""
    if DOTS.fullmatch(text):
        raise ValueError(f"{text!r} cannot be part of a path.")
    return quote(text, safe="")


def plain(value: Any) -> Any:
    """Write a moment as ISO-8601; one without a time zone is in the caller's, as Python has it."""
    return value.astimezone().isoformat() if isinstance(value, datetime) else value


def parsed(response: httpx.Response) -> Any:
    """Answer the JSON of an answer; None where it has none."""
    try:
        return response.json()
    except ValueError:
        return None


def refused(response: httpx.Response, body: Any) -> AsteriApiError:
    """Answer the error; where something on the way answered in the API's place, what it said is the message."""
    said = ErrorPayload(error=response.text[:200].strip() or "The API did not say why")
    payload = cast(ErrorPayload, body) if isinstance(body, dict) and "error" in body else said
    key = response.request.headers.get(IDEMPOTENCY_KEY)
    return AsteriApiError(response.status_code, payload, response.headers, idempotency_key=key)


def unanswered(cause: httpx.TransportError) -> AsteriConnectionError:
    """Answer the error of a request that nobody answered."""
    is_late = isinstance(cause, httpx.TimeoutException)
    message = f"{cause.request.method} got no answer{' in time' if is_late else ''}: {cause or type(cause).__name__}"
    key = cause.request.headers.get(IDEMPOTENCY_KEY)
    return (AsteriTimeoutError if is_late else AsteriConnectionError)(message, idempotency_key=key)


def meta_of(response: httpx.Response) -> Meta:
    """Answer what the headers say."""
    headers = response.headers
    return Meta(
        status=response.status_code,
        headers=headers,
        request_id=headers.get("x-request-id"),
        contract_version=headers.get("asteri-version"),
        etag=headers.get("etag"),
        replayed=headers.get("idempotent-replayed") == "true",
    )


def one(model: type[T]) -> Callable[[Any, Meta], Response[T]]:
    """Answer the reader of `{"data": {…}}`."""
    return lambda body, meta: Response(data=read(model, body["data"]), meta=meta)


def many(model: type[T]) -> Callable[[Any, Meta], Response[Sequence[T]]]:
    """Answer the reader of `{"data": […]}`."""
    return lambda body, meta: Response(data=[read(model, each) for each in body["data"]], meta=meta)


def page(model: type[T]) -> Callable[[Any, Meta], Page[T, Pagination]]:
    """Answer the reader of a page of a list."""
    return partial(read_page, model, Pagination)


def feed(model: type[T]) -> Callable[[Any, Meta], Page[T, FeedPagination]]:
    """Answer the reader of a page of the feed."""
    return partial(read_page, model, FeedPagination)


def read_page(model: type[T], pagination: type[Any], body: Any, meta: Meta) -> Page[T, Any]:
    """Read a page with its pagination."""
    data = [read(model, each) for each in body["data"]]
    return Page(data=data, pagination=read(pagination, body["pagination"]), meta=meta)


def nothing(_: Any, meta: Meta) -> Meta:
    """Read an answer that has no body."""
    return meta
