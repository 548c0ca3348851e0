"""Limits: how often a key may ask, and how often an address may guess.

Windows are fixed and aligned to the clock: a minute's counter begins at the full minute, in UTC. Never more than the
limit is admitted in one, whatever the number of threads, processes and machines (apikeys/counters.py).
"""

import math
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple, cast

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apikeys.counters import Count, Counter, ask
from apikeys.models import ApiKey
from asteri.api.address import client_address
from asteri.api.errors import ApiError
from asteri.api.request import ApiRequest
from asteri.circuit import shared_cache

# A counter lives for two windows, so that none ends while it is counted, even by a machine whose clock is behind; its
# name comes again in the third, so that a cache which sweeps nothing up holds three names a window and no more.
LIFETIME, NAMES = 2, 3


class Window(Enum):
    """A window of limits, and how many seconds it lasts."""

    MINUTE = 60
    HOUR = 3_600
    DAY = 86_400

    def __init__(self, seconds: int) -> None:
        """`label` is the window's name in messages and headers."""
        self.seconds, self.label = seconds, self._name_.lower()

    def counter(self, owner: str, limit: int, now: float) -> Counter:
        """Answer the counter of whoever is limited, in the window that `now` lies in."""
        number = int(now // self.seconds) % NAMES
        return Counter(f"limit:{owner}:{self.label}:{number}", limit, self.seconds * LIFETIME)


class Standing(NamedTuple):
    """Where a key stands in one window, this request included; `resets_in` is in seconds."""

    window: Window
    limit: int
    used: int
    resets_in: int
    is_exceeded: bool

    @property
    def policy(self) -> str:
        """The window's member of `RateLimit-Policy`."""
        return f'"{self.window.label}";q={self.limit};w={self.window.seconds}'

    @property
    def state(self) -> str:
        """The window's member of `RateLimit`."""
        return f'"{self.window.label}";r={max(0, self.limit - self.used)};t={self.resets_in}'


class KeyThrottle(BaseThrottle):
    """Counts every request of a valid key; 429 when a window is full; the one count feeds decision and headers.

    The headers are those of the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers).
    """

    def allow_request(self, request: Request, view: object) -> bool:
        """Answer True and ask for the count; to await it says where the key stands, and raises 429 of a full window."""
        cast(ApiRequest, request).unsettled = admission(request, 1, as_whole=False)
        return True


def charge(request: Request, cost: int) -> None:
    """Count `cost` requests, none for 0; raise 429 where a window has no room for them, with a part of none counted."""
    if cost:
        admission(request, cost, as_whole=True)()


def admission(request: Request, cost: int, *, as_whole: bool) -> Callable[[], None]:
    """Ask for requests to be counted against their key; answer what awaits it and lets them in, or raises 429."""
    key, headers = cast(ApiKey, request.auth), cast(ApiRequest, request).answer_headers
    awaited = ask_for(key.public_id, limits_of(key), cost, as_whole=as_whole)
    return lambda: judge(awaited(), headers)


def judge(standings: list[Standing], headers: dict[str, str]) -> None:
    """Say in the headers where a key stands; raise 429 that names its first full window."""
    headers["RateLimit-Policy"] = ", ".join([standing.policy for standing in standings])
    headers["RateLimit"] = ", ".join([standing.state for standing in standings])
    full = next((standing for standing in standings if standing.is_exceeded), None)
    if full:
        label = full.window.label
        raise too_many(f"API key {label} rate limit exceeded", full.limit, full.resets_in, label)


def limits_of(key: ApiKey) -> dict[Window, int]:
    """Answer how many requests the key may make in each window in which it's limited, the shortest first."""
    limits = ((Window.MINUTE, key.per_minute), (Window.HOUR, key.per_hour), (Window.DAY, key.per_day))
    return {window: limit for window, limit in limits if limit is not None}


def take(owner: str, limits: Mapping[Window, int], cost: int, *, as_whole: bool) -> list[Standing]:
    """Count requests in each window, the shortest first, up to the first that has no room for them."""
    return ask_for(owner, limits, cost, as_whole=as_whole)()


def ask_for(owner: str, limits: Mapping[Window, int], cost: int, *, as_whole: bool) -> Callable[[], list[Standing]]:
    """Ask for what `take` counts; answer what awaits it."""
    now = time.time()
    counted = ask([window.counter(owner, limit, now) for window, limit in limits.items()], cost, as_whole=as_whole)
    return lambda: standings(limits, counted(), now)


def standings(limits: Mapping[Window, int], counted: Count, now: float) -> list[Standing]:
    """Answer where somebody stands who was counted in windows that `now` lies in."""
    return [
        Standing(
            window, limit, used, math.ceil(window.seconds - now % window.seconds), is_exceeded=number == counted.full
        )
        for number, ((window, limit), used) in enumerate(zip(limits.items(), counted.used, strict=True))
    ]


def standings_of(key: ApiKey) -> list[Standing]:
    """Answer where a key stands in its windows, without counting anything."""
    return take(key.public_id, limits_of(key), 0, as_whole=False)


def is_in_fallback() -> bool:
    """Whether this process counts for itself, because the shared cache is out."""
    return shared_cache.is_open


def refuse_guessing(request: HttpRequest) -> None:
    """Count a failed key against its address; raise 429 from the one past FAILED_AUTH_PER_MINUTE on."""
    limits = {Window.MINUTE: settings.FAILED_AUTH_PER_MINUTE}
    (standing,) = take(f"failed-keys:{client_address(request)}", limits, 1, as_whole=False)
    if standing.is_exceeded:
        raise too_many("Too many failed authentication attempts", standing.limit, standing.resets_in, "minute")


def too_many(error: str, limit: int, retry_after: int, window: str) -> ApiError:
    """Answer the 429 of a full window; `retry_after` is in seconds."""
    return ApiError(429, error, headers={"Retry-After": str(retry_after)}, limit=limit, window=window)
