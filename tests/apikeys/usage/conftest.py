"""What every test of usage stands on: a process that counts, and writes when it's told to."""

from collections.abc import Iterator
from typing import Any

import pytest

from apikeys.keys import checksum
from apikeys.usage.counting import USAGE
from apikeys.usage.explaining import Explanation
from apikeys.usage.gathering import Gathered
from apikeys.usage.models import Refusal
from asteri.api.exchange import Exchange, observers


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Count as a server does, without its thread: a test calls `flushed`."""
    observers.cache_clear()
    for name, value in {"is_open": True, "gathered": Gathered(), "unsent": None, "silent_until": 0.0}.items():
        monkeypatch.setattr(USAGE, name, value)
    yield
    observers.cache_clear()


def flushed() -> bool:
    return USAGE.flush()


def refusals() -> list[Any]:
    return list(Refusal.objects.order_by("id"))


def exchange(key: str | None = "k", status: int = 200, **fields: Any) -> Exchange:
    told = {"request_id": "r", "method": "GET", "route": "customers-list", "size": 2, "seconds": 0.1, "address": "::"}
    whose = "dce3853d-4f94-4bc8-a816-4d0d74c11a9d" if key else None
    refusal = None if status < 400 else "Refused"
    return Exchange(**{**told, "status": status, "key": key, "organization": whose, "refusal": refusal, **fields})


def failing(explanation: Explanation) -> str | None:
    return explanation.failing.check.value if explanation.failing else None


def outcomes(explanation: Explanation) -> dict[str, bool | None]:
    return {finding.check.value: finding.passes for finding in explanation.findings}


def spoilt(text: str) -> str:
    """Answer a key of the right form with another secret."""
    body = text[:21] + "0" * 32
    return body + checksum(body)
