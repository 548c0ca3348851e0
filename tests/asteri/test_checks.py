"""System checks: each mistake is found under its id, and a sound configuration has none."""

from typing import Any, ClassVar

import pytest
from django.core.checks import CheckMessage, run_checks
from django.http import HttpResponse
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
