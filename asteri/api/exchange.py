"""Exchanges: each request and its answer, told to those who watch (logs, figures) once the answer stands."""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from asteri.api.address import client_address

logger = logging.getLogger(__name__)
BAD_REQUEST = 400
MOST_PATHS, PATH_FORM = 10, re.compile(r"[a-z][a-z_-]{0,29}|customers\.[0-9]{1,3}\.[a-z_]{1,30}|", re.ASCII)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)  # of what this thread answers, or just has


class Exchange(NamedTuple):
    """A request and its answer, without path, query string and bodies: no secret, and no one's data but the address.

    `route` is its name, "unknown" where none fits; `method` one of METHODS, else "OTHER"; `size` counts the
    bytes of the answer's body; `key` is a public id; `rate` the `RateLimit` header; `refusal` an answer's `error`.
    `paths` are those of its issues, where they can be names of ours. `key_fault` is what was wrong with a key that is
    not valid, `claimed_key` the public id that it bore, which anybody may make up.
    """

    request_id: str
    method: str
    route: str
    status: int
    size: int
    seconds: float
    address: str
    key: str | None = None
    organization: str | None = None
    rate: str | None = None
    refusal: str | None = None
    paths: tuple[str, ...] = ()
    key_fault: str | None = None
    claimed_key: str | None = None


Observer = Callable[[Exchange], None]


@cache
def observers() -> tuple[Observer, ...]:
    """Answer who is told: what EXCHANGE_OBSERVERS names, loaded once in a process."""
    return tuple(import_string(path) for path in settings.EXCHANGE_OBSERVERS)


def tell(exchange: Exchange) -> None:
    """Tell every observer; one that fails keeps neither the others nor the caller from going on."""
    for observe in observers():
        try:
            observe(exchange)
        except Exception:
            logger.exception("An observer failed.")


def exchange_of(request: HttpRequest, response: HttpResponseBase, seconds: float) -> Exchange:
    """Put down a request that has been answered."""
    meta = request.META
    return Exchange(
        request_id=meta["asteri.request_id"],
        method=request.method if request.method in METHODS else "OTHER",
        route=route_of(request),
        status=response.status_code,
        size=size_of(response),
        seconds=seconds,
        address=client_address(request),
        key=meta.get("asteri.key"),
        organization=meta.get("asteri.organization"),
        rate=response.headers.get("RateLimit"),
        refusal=refusal_of(response),
        paths=paths_of(response),
        key_fault=meta.get("asteri.key_fault"),
        claimed_key=meta.get("asteri.claimed_key"),
    )


def route_of(request: HttpRequest) -> str:
    """Answer the name of the route that a request took; "unknown" where none fits."""
    return request.resolver_match.view_name if request.resolver_match else "unknown"


def size_of(response: Any) -> int:
    """Answer how many bytes an answer's body has; a file that is streamed says so itself."""
    return int(response.headers.get("Content-Length", 0)) if response.streaming else len(response.content)


def refusal_of(response: Any) -> str | None:
    """Answer the message of an answer in the form of the error table; None for any other."""
    body = getattr(response, "data", None)
    return body.get("error") if isinstance(body, dict) else None


def paths_of(response: Any) -> tuple[str, ...]:
    """Answer where the issues of a 400 are; a path that only the caller can have thought of may say anything."""
    if response.status_code != BAD_REQUEST or not isinstance(getattr(response, "data", None), dict):
        return ()
    paths = (issue["path"] for issue in response.data.get("issues", ()))
    return tuple(path if PATH_FORM.fullmatch(path) else "(another)" for path in islice(paths, MOST_PATHS))
