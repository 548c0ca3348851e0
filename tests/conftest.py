"""What every test stands on: settings of its own, an empty cache, and the cast."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

os.environ["ENV_FILE"] = os.devnull
os.environ["DJANGO_SETTINGS_MODULE"] = "asteri.settings"
os.environ["SECRET_KEY"] = "a-key-for-the-tests-alone-that-is-long-enough-to-be-believed"
os.environ["API_KEY_PEPPERS"] = "1=a-pepper-for-the-tests-alone-that-is-long-enough"
# On a machine that is busy with tests, a neighbour that answers late is not out.
os.environ["CACHE_TIMEOUT"] = "0.5"
os.environ |= {"DATABASE_CONNECT_TIMEOUT": "60", "DATABASE_LOCK_TIMEOUT": "60", "DATABASE_STATEMENT_TIMEOUT": "120"}
os.environ["DATABASE_IDLE_TRANSACTION_TIMEOUT"] = "120"
for name in ("ALLOWED_HOSTS", "DEBUG", "FAILED_AUTH_PER_MINUTE", "HTTPS", "TRUSTED_PROXY_COUNT", "WEB_CONCURRENCY"):
    os.environ.pop(name, None)

import django  # noqa: E402 - the environment comes before whatever reads it.

django.setup()

from django.conf import settings  # noqa: E402

if os.environ.get("CACHE_URL"):  # Each process of `-n` empties its cache after every test, so each has its own.
    given = urlsplit(os.environ["CACHE_URL"])
    number = int(given.path.strip("/") or 0) + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    os.environ["CACHE_URL"] = settings.CACHES["default"]["LOCATION"] = given._replace(path=f"/{number}").geturl()

import pytest  # noqa: E402
from django.core.cache import caches  # noqa: E402
from pytest_django import Settings  # noqa: E402

from asteri.circuit import shared_cache  # noqa: E402
from tests.callers import Caller  # noqa: E402
from tests.factories import make_organization  # noqa: E402


@pytest.fixture(autouse=True)
def _empty_caches() -> Iterator[None]:
    yield
    for cache in caches.all():
        cache.clear()
    shared_cache.reset()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def owner(db: None) -> Caller:
    """Holds a key with every scope."""
    return Caller.of(make_organization())


@pytest.fixture
def colleague(owner: Caller) -> Caller:
    """Works for the owner's organization and may only read."""
    return Caller.of(owner.organization, scopes=["read:customers"])


@pytest.fixture
def outsider(db: None) -> Caller:
    """Holds a key with every scope of another organization."""
    return Caller.of(make_organization())
