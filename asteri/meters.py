"""Meters: what Prometheus is told, counted in every worker process and added up over all when it asks.

Each label has few values: names of routes, known methods, statuses. No key and no organization is among them.
"""

import os
from functools import cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from apikeys.throttling import is_in_fallback
from asteri.api.exchange import Exchange

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library's name: where processes share their figures; unset, there is one
MEDIA_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
UNAUTHORIZED, TOO_MANY = 401, 429

REQUESTS = Counter("asteri_requests", "Requests that were answered.", ["method", "route", "status"])
LATENCY = Histogram("asteri_request_seconds", "From request to answer.", ["route", "status"], buckets=SECONDS)
THROTTLED = Counter("asteri_throttled_requests", "Requests refused with 429, by whose limit was full.", ["limit_of"])
FAILED_KEYS = Counter("asteri_failed_keys", "Requests refused because they bore no valid key.")
FALLBACK = Gauge(
    "asteri_limits_in_fallback",
    "Processes that count limits for themselves, without Redis.",
    multiprocess_mode="livesum",
)

# The library looks its children up in 1 µs and more; this takes a tenth of it.
requests, latency, throttled = cache(REQUESTS.labels), cache(LATENCY.labels), cache(THROTTLED.labels)


def count(exchange: Exchange) -> None:
    """Count a request that was answered."""
    requests(exchange.method, exchange.route, exchange.status).inc()
    latency(exchange.route, f"{exchange.status // 100}xx").observe(exchange.seconds)
    if exchange.status == TOO_MANY:
        throttled("key" if exchange.key else "address").inc()
    if exchange.key is None and exchange.status in (UNAUTHORIZED, TOO_MANY) and exchange.route != "metrics":
        FAILED_KEYS.inc()
    FALLBACK.set(is_in_fallback())


def exposition() -> bytes:
    """Answer all figures in Prometheus's text format: those of every process where several share a folder."""
    if FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
