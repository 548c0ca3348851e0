"""What every answer carries: its request id, and under /api/ the contract's version, its length and no-store."""

import re
import secrets
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse

from asteri.api import CONTRACT_VERSION, routes
from asteri.api.exchange import REQUEST_ID, exchange_of, tell
from asteri.api.identifiers import KEY
from asteri.api.renderers import json_response

PROBES = ("/healthz", "/readyz", "/metrics")
PLAIN = (*PROBES, "/llms.txt", "/.well-known/security.txt")  # texts for programs, which have no session either
WITHOUT_CONTENT = (204, 304)  # they end with their headers, and may not state another length
REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9._-]{1,128}")


def is_api(request: HttpRequest) -> bool:
    """Whether a path belongs to the API, where every answer is JSON."""
    return request.path_info.startswith("/api/") or request.path_info == "/api"


def request_id(request: HttpRequest) -> str:
    """Answer the caller's own request id where it is well-formed, else a new one; a key by mistake is not repeated."""
    own = request.META.get("HTTP_X_REQUEST_ID", "")
    return own if REQUEST_ID_FORM.fullmatch(own) and not KEY.search(own) else secrets.token_hex(16)


class ApiMiddleware:
    """The outermost layer; under /api/ and for PLAIN the only one: no session, cookie or redirect exists there.

    What lies between serves pages. It's passed by through `Innermost`, which stands last and is made first.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.through_pages = get_response
        self.straight: Callable[[HttpRequest], HttpResponse] = Innermost.made.get_response
        self.by_route: Any = convert_exception_to_response(routes.answer)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, with the headers that every answer carries, and tell those who watch."""
        start = time.perf_counter()
        request.META["asteri.request_id"] = identity = request_id(request)
        REQUEST_ID.set(identity)
        response = self.answer(request)
        response.headers["X-Request-Id"] = identity
        tell(exchange_of(request, response, time.perf_counter() - start))
        return response

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request by the way that is meant for it; probes ask by address, so any host will do."""
        if is_api(request):
            return self.answer_api(request)
        return self.straight(request) if request.path_info in PLAIN else self.through_pages(request)

    def answer_api(self, request: HttpRequest) -> HttpResponse:
        """Answer a request under /api/; HEAD says how long GET's body is and sends none (RFC 9110, section 9.3.2)."""
        response = self.by_route(request) if host_is_allowed(request) else json_response({"error": "Invalid host"}, 400)
        response.headers["Asteri-Version"] = CONTRACT_VERSION
        if response.status_code not in WITHOUT_CONTENT:
            response.headers["Content-Length"] = str(len(response.content))
        if request.method == "HEAD":
            response.content = b""
        return response


class Innermost:
    """The last layer before the views; Django makes it first, in the thread that makes all the others."""

    made = threading.local()

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.made.get_response = self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a page's request."""
        return self.get_response(request)


def host_is_allowed(request: HttpRequest) -> bool:
    """Whether the request names a host of ALLOWED_HOSTS."""
    meta = request.META
    return is_allowed(meta.get("HTTP_HOST"), meta["SERVER_NAME"], meta["SERVER_PORT"], tuple(settings.ALLOWED_HOSTS))


@lru_cache(maxsize=1_000)  # Judging one takes Django 4 µs, and most requests name the same.
def is_allowed(host: str | None, server: str, port: str, allowed: tuple[str, ...]) -> bool:
    """Whether Django allows a request with that `Host`, None for none, to that server."""
    request = HttpRequest()
    request.META = {"SERVER_NAME": server, "SERVER_PORT": port, **({} if host is None else {"HTTP_HOST": host})}
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True
