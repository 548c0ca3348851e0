"""Pages: what the admin needs of Django and the API doesn't; each middleware lets a request under /api/ pass by."""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.views import defaults
from whitenoise.middleware import WhiteNoiseMiddleware

from asteri.api.errors import FAILED
from asteri.api.middleware import is_api
from asteri.api.renderers import json_response

PROBES = ("/healthz", "/readyz")


class PagesOnly:
    """Mixed into a middleware, keeps it out of the API and of the probes, which ask by address and not by host."""

    def __call__(self, request: HttpRequest) -> Any:
        """Go through the middleware, or past it."""
        if is_api(request) or request.path_info in PROBES:
            return self.get_response(request)  # type: ignore[attr-defined]
        return super().__call__(request)  # type: ignore[misc]


class Security(PagesOnly, SecurityMiddleware):
    """HTTPS and its headers."""


class StaticFiles(PagesOnly, WhiteNoiseMiddleware):
    """The admin's style sheets and scripts."""


class Sessions(PagesOnly, SessionMiddleware):
    """Sessions of staff."""


class Common(PagesOnly, CommonMiddleware):
    """Allowed hosts and trailing slashes."""


class Csrf(PagesOnly, CsrfViewMiddleware):
    """Forged form posts."""


class Authentication(PagesOnly, AuthenticationMiddleware):
    """Which member of staff is asking."""


class Messages(PagesOnly, MessageMiddleware):
    """What an action did; never a key, since its text travels in a cookie."""


class FrameOptions(PagesOnly, XFrameOptionsMiddleware):
    """No page of ours in another's frame."""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer Django's own 400: JSON under /api/."""
    return json_response({"error": "Bad request"}, 400) if is_api(request) else defaults.bad_request(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer Django's own 404: JSON under /api/."""
    return (
        json_response({"error": "Not found"}, 404) if is_api(request) else defaults.page_not_found(request, exception)
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer Django's own 500: JSON under /api/."""
    return json_response({"error": FAILED}, 500) if is_api(request) else defaults.server_error(request)
