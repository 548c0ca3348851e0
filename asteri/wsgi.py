"""The WSGI application: `gunicorn asteri.wsgi`."""

import os
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asteri.settings")
django.setup(set_prefix=False)
for config in settings.DATABASES.values():  # in force before the first connection; what DATABASE_URL says wins
    config["OPTIONS"] = {**settings.SERVING_OPTIONS.get(config["ENGINE"], {}), **config["OPTIONS"]}


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
