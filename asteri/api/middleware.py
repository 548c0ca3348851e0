"""What every answer carries: its request id, and under /api/ the contract's version, its length and no-store."""

import re
import uuid
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from asteri.api import CONTRACT_VERSION
from asteri.api.renderers import json_response

REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9._-]{1,128}")


def is_api(request: HttpRequest) -> bool:
    """Whether a path belongs to the API, where every answer is JSON."""
    return request.path_info.startswith("/api/") or request.path_info == "/api"


def request_id(request: HttpRequest) -> str:
    """Answer the caller's own request id where it is well-formed, else a new one."""
    own = request.META.get("HTTP_X_REQUEST_ID", "")
    return own if REQUEST_ID_FORM.fullmatch(own) else uuid.uuid4().hex


class ApiMiddleware:
    """The outermost layer. Under /api/ it's the only one: no session, cookie or redirect exists there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, with the headers that every answer carries."""
        request.META["asteri.request_id"] = request_id(request)
        response = self.answer(request) if is_api(request) else self.get_response(request)
        response.headers["X-Request-Id"] = request.META["asteri.request_id"]
        return response

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request under /api/; HEAD says how long GET's body is and sends none (RFC 9110, section 9.3.2)."""
        response = (
            self.get_response(request) if host_is_allowed(request) else json_response({"error": "Invalid host"}, 400)
        )
        response.headers["Asteri-Version"] = CONTRACT_VERSION
        response.headers["Content-Length"] = str(len(response.content))
        if request.method == "HEAD":
            response.content = b""
        return response


def host_is_allowed(request: HttpRequest) -> bool:
    """Whether the request names a host of ALLOWED_HOSTS."""
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True
