"""The WSGI application: `gunicorn asteri.wsgi`."""

import os
from collections.abc import Iterable
from typing import Any

import django
from django.conf import settings
from django.core import signals
from django.core.cache import close_caches
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.http import QueryDict
from django.urls import set_script_prefix
from django.utils.functional import cached_property

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asteri.settings")
django.setup(set_prefix=False)
for config in settings.DATABASES.values():  # in force before the first connection; what DATABASE_URL says wins
    config["OPTIONS"] = {**settings.SERVING_OPTIONS.get(config["ENGINE"], {}), **config["OPTIONS"]}

# Django looks over its connections before and after every request, which costs as much as a statement. Before it is
# enough: a connection that is broken or too old is closed then; and no cache of ours has anything to close.
signals.request_finished.disconnect(close_old_connections)
signals.request_finished.disconnect(close_caches)
API = "/api/"
NO_PARAMETERS = QueryDict("")


class PlainRequest(WSGIRequest):
    """A request whose text is UTF-8: no caller chooses an encoding by the `charset` of a Content-Type.

    Django's own looks for it before any of our code runs, and fails on some that can't be looked up.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}

    @cached_property
    def GET(self) -> QueryDict:  # type: ignore[override]  # noqa: N802 - Django's name.
        """The query string's parameters; most requests have none, and one empty set of them serves all."""
        given = self.META.get("QUERY_STRING")
        return WSGIRequest.GET.func(self) if given else NO_PARAMETERS  # type: ignore[attr-defined]


class Handler(WSGIHandler):
    """Django's handler, with our request."""

    request_class = PlainRequest

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # type: ignore[override]
        """Answer a request; under /api/ without what Django does around an answer for others.

        There an answer is one piece of bytes, without a cookie, and nobody waits for a signal: all that costs a
        twentieth of a request. A connection that is broken or too old is closed before, as Django does.
        """
        if not environ["PATH_INFO"].startswith(API):
            return super().__call__(environ, start_response)
        connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        request = PlainRequest(environ)
        set_script_prefix(request.META["SCRIPT_NAME"])
        response: Any = self._middleware_chain(request)  # type: ignore[attr-defined]
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]


application = Handler()
