"""The content security policy of every page: nothing inline, nothing from another host, in nobody's frame."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
DEBUGGED = (404, 500)  # Django's own debug pages, which are one file with everything inline


class ContentSecurityPolicy:
    """Lays the policy on every page, the refusals and the static files included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a page's request."""
        response = self.get_response(request)
        if not (settings.DEBUG and response.status_code in DEBUGGED):
            response.headers["Content-Security-Policy"] = POLICY
        return response
