"""System checks: each mistake is found under its id, and a sound configuration has none."""

import re
from typing import Any, ClassVar

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path
from pytest_django import Settings
from rest_framework.routers import SimpleRouter

from asteri.api.renderers import json_response
from asteri.api.viewsets import PublicViewSet

LOCMEM = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
REDIS = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}}


class Careless(PublicViewSet):
    """Names the scopes of one action in three."""

    scopes: ClassVar = {"retrieve": ()}

    def list(self, request: Any) -> HttpResponse:
        return json_response({"data": []})

    def retrieve(self, request: Any, pk: str) -> HttpResponse:
        return json_response({"data": None})

    def create(self, request: Any) -> HttpResponse:
        return json_response({"data": None})


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("careless", Careless, basename="careless")
urlpatterns = [path("deep/", include([path("down/", include(router.urls))]))]


def found() -> list[CheckMessage]:
    return [message for message in run_checks() if str(message.id).startswith("asteri.")]


def ids() -> list[str | None]:
    return [message.id for message in found()]


def test_a_sound_configuration_has_none() -> None:
    assert run_checks() == []


def test_a_missing_pepper_is_e001(settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {}
    assert ids() == ["asteri.E001"]


@pytest.mark.parametrize("short", ["", "a", "a" * 31])
def test_a_short_pepper_is_e002_and_named_by_its_number_alone(settings: Settings, short: str) -> None:
    settings.API_KEY_PEPPERS = {1: "a" * 32, 2: short}
    (message,) = found()
    assert (message.id, message.msg) == (
        "asteri.E002",
        "Pepper 2 in API_KEY_PEPPERS is shorter than 32 characters.",
    )


def test_every_short_pepper_is_found(settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {1: "a", 2: "b", 3: "c" * 40}
    assert ids() == ["asteri.E002", "asteri.E002"]


def test_a_pepper_of_thirty_two_characters_is_long_enough(settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {1: "a" * 32}
    assert ids() == []


def test_a_missing_secret_key_is_e003(settings: Settings) -> None:
    settings.SECRET_KEY = ""
    assert ids() == ["asteri.E003"]


def test_workers_without_a_shared_cache_are_e004(settings: Settings) -> None:
    settings.WEB_CONCURRENCY, settings.CACHES = 2, {**settings.CACHES, **LOCMEM}
    assert ids() == ["asteri.E004"]


def test_one_worker_needs_no_shared_cache(settings: Settings) -> None:
    settings.WEB_CONCURRENCY, settings.CACHES = 1, {**settings.CACHES, **LOCMEM}
    assert ids() == []


def test_workers_that_share_a_cache_are_sound(settings: Settings) -> None:
    settings.WEB_CONCURRENCY, settings.CACHES = 8, {**settings.CACHES, **REDIS}
    assert ids() == []


@pytest.mark.urls("tests.asteri.test_checks")
def test_every_action_that_names_no_scope_is_e005_however_deep_its_route() -> None:
    assert [(message.id, message.msg) for message in found()] == [
        ("asteri.E005", "Careless.create names no scope, so every key is refused."),
        ("asteri.E005", "Careless.list names no scope, so every key is refused."),
    ]


def test_every_error_of_ours_stops_a_deployment(settings: Settings) -> None:
    settings.API_KEY_PEPPERS = {}
    assert all(message.is_serious() for message in found())


# What the README's settings for production come to.
PRODUCTION: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": "a-key-for-production-that-nobody-could-guess-and-long-enough",
    "API_KEY_PEPPERS": {1: "a-pepper-for-production-that-nobody-could-guess"},
    "ALLOWED_HOSTS": ["api.example.com"],
    "CACHES": REDIS,
    "WEB_CONCURRENCY": 4,
    "ROW_SECURITY": True,
    "STAFF_SECOND_FACTOR": "required",
    **dict.fromkeys(("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"), True),
    **dict.fromkeys(("SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"), True),
    "SECURE_HSTS_SECONDS": 31_536_000,
}
GUESSED = "SECRET_KEY can be guessed"
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "debug": ({"DEBUG": True}, "asteri.E011", "DEBUG is on: error pages would show how this is made."),
    "a short secret": ({"SECRET_KEY": "s3cret" * 8}, "asteri.E012", GUESSED),
    "a repetitive secret": ({"SECRET_KEY": "abc" * 30}, "asteri.E012", GUESSED),
    "a default secret": ({"SECRET_KEY": f"django-insecure-{'s3cret-' * 9}"}, "asteri.E012", GUESSED),
    "no secret": ({"SECRET_KEY": ""}, "asteri.E003", "The SECRET_KEY setting must not be empty."),
    "no pepper": ({"API_KEY_PEPPERS": {}}, "asteri.E001", "API_KEY_PEPPERS is not set"),
    "any host": ({"ALLOWED_HOSTS": ["*"]}, "asteri.E013", "ALLOWED_HOSTS is *: any Host header is believed."),
    "a cache each": ({"CACHES": LOCMEM}, "asteri.E004", "WEB_CONCURRENCY is more than 1, but the cache lives in"),
    "a password alone": ({"STAFF_SECOND_FACTOR": "optional"}, "asteri.W014", "STAFF_SECOND_FACTOR is optional"),
    "no row-level security": ({"ROW_SECURITY": False}, "asteri.W015", "ROW_SECURITY is off: a query that forgot its"),
}


def check_deployment(**changes: Any) -> None:
    """Run `check --deploy --fail-level WARNING` with production's settings but for some changes."""
    with override_settings(**{**PRODUCTION, **changes}):
        call_command("check", deploy=True, fail_level="WARNING")


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="Production needs PostgreSQL, for its row-level security."
)
def test_production_is_sound() -> None:
    check_deployment()


@pytest.mark.parametrize(("changes", "identifier", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_that_must_not_reach_production_is_found(
    changes: dict[str, Any], identifier: str, sentence: str
) -> None:
    with pytest.raises(SystemCheckError, match=re.escape(f"({identifier}) {sentence}")):
        check_deployment(**changes)


@pytest.mark.parametrize("change", [{"DEBUG": True}, {"ALLOWED_HOSTS": ["*"]}, {"ROW_SECURITY": False}])
def test_what_suits_a_laptop_is_no_mistake_there(change: dict[str, Any]) -> None:
    with override_settings(**change):
        assert ids() == []


def test_a_secret_that_is_missing_is_said_once(settings: Settings) -> None:
    settings.SECRET_KEY = ""
    assert [message.id for message in run_checks(include_deployment_checks=True) if "SECRET_KEY" in message.msg] == [
        "asteri.E003",
        "security.W009",
    ]
