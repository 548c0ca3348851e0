"""Probes for whoever runs it: is the process alive, and can it do its work?"""

import logging

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse

from asteri.api.renderers import json_response
from asteri.circuit import shared_cache

logger = logging.getLogger(__name__)


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all."""
    return json_response({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 where requests can be served, else 503; the body says which neighbour is out.

    Without its cache a process goes on, with its share of the limits. All processes have the same cache: were they not
    ready without it, its fault would end the whole service.
    """
    parts = {"database": database_state(), "cache": cache_state()}
    is_ready = parts["database"] == "ok"
    return json_response({"status": "ok" if is_ready else "unavailable", **parts}, 200 if is_ready else 503)


def database_state() -> str:
    """Answer "ok" where the database answers the smallest question, else "unavailable", and log why."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as fault:
        logger.warning("Not ready: %s", fault)
        return "unavailable"
    return "ok"


def cache_state() -> str:
    """Answer "ok" where the cache stores something, else "fallback"."""
    return shared_cache.ask(store_something, lambda: "fallback")


def store_something() -> str:
    """Have the cache store something for a second."""
    cache.set("readyz", True, timeout=1)
    return "ok"
