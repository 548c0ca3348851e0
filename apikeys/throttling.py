"""Limits: how often a key may ask, and how often an address may guess.

Windows are fixed and aligned to the clock: a minute's counter begins at the full minute, in UTC. A counter lives in the
cache, where `add` and `incr` are atomic, so never more than the limit is admitted, whatever the number of threads,
processes and machines that share the cache.
"""

import logging
import math
import time
from dataclasses import dataclass
from enum import Enum
from typing import cast

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apikeys.models import ApiKey
from asteri.api.address import client_address
from asteri.api.errors import ApiError
from asteri.api.request import ApiRequest
from asteri.faults import CACHE_FAULTS

logger = logging.getLogger(__name__)
# A counter lives for two windows, so that none ends while it is counted, even by a machine whose clock is behind; its
# name comes again in the third, so that a cache which sweeps nothing up holds three names a window and no more.
LIFETIME, NAMES = 2, 3


class Window(Enum):
    """A window of a key's limits, and how many seconds it lasts."""

    MINUTE = 60
    HOUR = 3_600
    DAY = 86_400

    @property
    def label(self) -> str:
        """The window's name in messages and headers."""
        return self.name.lower()

    def limit_of(self, key: ApiKey) -> int | None:
        """Answer how many requests the key may make in one such window; None where it isn't limited."""
        limit: int | None = getattr(key, f"per_{self.label}")
        return limit


@dataclass(frozen=True)
class Standing:
    """Where a key stands in one window, this request included; `resets_in` is in seconds."""

    window: Window
    limit: int
    used: int
    resets_in: int
    is_exceeded: bool

    @property
    def policy(self) -> str:
        """The window's member of `RateLimit-Policy`."""
        return f'"{self.window.label}";q={self.limit};w={self.window.value}'

    @property
    def state(self) -> str:
        """The window's member of `RateLimit`."""
        return f'"{self.window.label}";r={max(0, self.limit - self.used)};t={self.resets_in}'


class KeyThrottle(BaseThrottle):
    """Counts every request of a valid key; 429 when a window is full; the one count feeds decision and headers.

    The headers are those of the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers).
    """

    def allow_request(self, request: Request, view: object) -> bool:
        """Answer True and say in the headers where the key stands; raise 429 that names the first full window."""
        charge(request, 1)
        return True


def charge(request: Request, cost: int) -> None:
    """Count `cost` requests, none for 0; raise 429 where a window has no room for them, with a part of none counted."""
    if not cost:
        return
    headers, standings = cast(ApiRequest, request).answer_headers, take(cast(ApiKey, request.auth), time.time(), cost)
    headers["RateLimit-Policy"] = ", ".join(standing.policy for standing in standings)
    headers["RateLimit"] = ", ".join(standing.state for standing in standings)
    full = next((standing for standing in standings if standing.is_exceeded), None)
    if full:
        label = full.window.label
        raise too_many(f"API key {label} rate limit exceeded", full.limit, full.resets_in, label)


def take(key: ApiKey, now: float, cost: int) -> list[Standing]:
    """Count requests in the key's windows; in this process alone while the shared cache does not answer."""
    try:
        return count(caches["default"], key, now, cost)
    except (*CACHE_FAULTS, ValueError):  # ValueError: the counter was evicted between its making and its counting.
        logger.warning("The cache does not answer: limits are counted in each process for itself.")
        return count(caches["fallback"], key, now, cost)


def count(cache: BaseCache, key: ApiKey, now: float, cost: int) -> list[Standing]:
    """Count requests in each of the key's windows, shortest first, up to the first without room; read the others."""
    standings: list[Standing] = []
    for window in Window:
        limit = window.limit_of(key)
        if limit is not None:
            name = f"limit:{key.public_id}:{window.label}:{int(now // window.value) % NAMES}"
            stopped = any(standing.is_exceeded for standing in standings)
            used = cache.get(name, 0) if stopped else increment(cache, name, cost, window.value * LIFETIME)
            is_exceeded = not stopped and used > limit
            if is_exceeded and cost > 1:  # What is refused as a whole takes no room that smaller requests still have.
                used = cache.decr(name, cost)
            resets_in = math.ceil(window.value - now % window.value)
            standings.append(Standing(window, limit, used, resets_in, is_exceeded))
    return standings


def increment(cache: BaseCache, name: str, cost: int, lifetime: int) -> int:
    """Add to a counter that ends `lifetime` seconds after it began; answer the new count."""
    cache.add(name, 0, timeout=lifetime)
    return cache.incr(name, cost)


def refuse_guessing(request: HttpRequest) -> None:
    """Count a failed key against its address; raise 429 from the one past FAILED_AUTH_PER_MINUTE on."""
    limit = settings.FAILED_AUTH_PER_MINUTE
    try:
        usage = get_usage(
            request, group="failed-keys:", key=lambda *_: client_address(request), rate=f"{limit}/m", increment=True
        )
    except CACHE_FAULTS:
        logger.warning("The cache does not answer: failed keys go uncounted.")
        return
    if usage and usage["should_limit"]:
        raise too_many("Too many failed authentication attempts", limit, max(1, usage["time_left"]), "minute")


def too_many(error: str, limit: int, retry_after: int, window: str) -> ApiError:
    """Answer the 429 of a full window; `retry_after` is in seconds."""
    return ApiError(429, error, headers={"Retry-After": str(retry_after)}, limit=limit, window=window)
