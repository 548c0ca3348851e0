"""What every test of usage stands on: a process that counts, and writes when it's told to."""

from collections.abc import Iterator

import pytest

from apikeys.usage.counting import USAGE
from apikeys.usage.gathering import Gathered
from asteri.api.exchange import observers


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
