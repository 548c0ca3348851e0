"""Probes for whoever runs it: is the process alive, and can it do its work?"""

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse

from asteri.api.renderers import json_response
from asteri.faults import CACHE_FAULTS, DATABASE_FAULTS

logger = logging.getLogger(__name__)


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all."""
    return json_response({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 where database and cache answer, else 503; the body says which does not."""
    parts = {"database": state(ask_database), "cache": state(ask_cache)}
    is_ready = all(part == "ok" for part in parts.values())
    return json_response({"status": "ok" if is_ready else "unavailable", **parts}, 200 if is_ready else 503)


def state(ask: Callable[[], None]) -> str:
    """Answer "ok" where a neighbour answers, else "unavailable", and log why."""
    try:
        ask()
    except (*DATABASE_FAULTS, *CACHE_FAULTS) as fault:
        logger.warning("Not ready: %s", fault)
        return "unavailable"
    return "ok"


def ask_database() -> None:
    """Have the database answer the smallest question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_cache() -> None:
    """Have the cache store something."""
    cache.set("readyz", True, timeout=1)
