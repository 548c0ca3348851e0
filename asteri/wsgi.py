"""The WSGI application: `gunicorn asteri.wsgi`."""

import os
from typing import Any

import django
from django.conf import settings
from django.core import signals
from django.core.cache import close_caches
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asteri.settings")
django.setup(set_prefix=False)
for config in settings.DATABASES.values():  # in force before the first connection; what DATABASE_URL says wins
    config["OPTIONS"] = {**settings.SERVING_OPTIONS.get(config["ENGINE"], {}), **config["OPTIONS"]}

# Django looks over its connections before and after every request, which costs as much as a statement. Before it is
# enough: a connection that is broken or too old is closed then; and no cache of ours has anything to close.
signals.request_finished.disconnect(close_old_connections)
signals.request_finished.disconnect(close_caches)


class PlainRequest(WSGIRequest):
    """A request whose text is UTF-8: no caller chooses an encoding by the `charset` of a Content-Type.

    Django's own looks for it before any of our code runs, and fails on some that can't be looked up.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}


class Handler(WSGIHandler):
    """Django's handler, with our request."""

    request_class = PlainRequest


application = Handler()
