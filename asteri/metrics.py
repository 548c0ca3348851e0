"""`/metrics`: the figures of all worker processes, for a Prometheus that holds the token."""

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from asteri.api.renderers import json_response


def show(request: HttpRequest) -> HttpResponse:
    """Answer the figures to whoever bears METRICS_TOKEN (RFC 6750, section 2.1); where none is set, there are none."""
    if not settings.METRICS_TOKEN:
        return json_response({"error": "Not found"}, 404)
    if not bears_token(request):
        challenge = {"WWW-Authenticate": 'Bearer realm="Asteri metrics"'}
        return json_response({"error": "Invalid metrics token"}, 401, challenge)
    from asteri import meters  # noqa: PLC0415 - their library is loaded where figures are kept, and by no command.

    return HttpResponse(meters.exposition(), content_type=meters.MEDIA_TYPE)


def bears_token(request: HttpRequest) -> bool:
    """Compare in constant time."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
