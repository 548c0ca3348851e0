"""What Django answers outside the views: pages, and JSON under /api/."""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from asteri.api.errors import FAILED
from asteri.api.middleware import is_api
from asteri.api.renderers import json_response
from asteri.developers.views import not_found


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer Django's own 400: JSON under /api/."""
    return json_response({"error": "Bad request"}, 400) if is_api(request) else defaults.bad_request(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer Django's own 404: JSON under /api/, else a page that leads on."""
    return json_response({"error": "Not found"}, 404) if is_api(request) else not_found(request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer Django's own 500: JSON under /api/."""
    return json_response({"error": FAILED}, 500) if is_api(request) else defaults.server_error(request)
