"""Probes: alive, and ready where database and cache answer."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from asteri.settings import cache as completed
from asteri.settings import env
from tests.processes import run

READY = {"status": "ok", "database": "ok", "cache": "ok"}
PROBE_BOTH = """
import django
from django.test import Client
django.setup()
for path in ("/healthz", "/readyz"):
    response = Client().get(path)
    print(response.status_code, response.content.decode())
"""


def probe(path: str, **headers: str) -> tuple[int, Any]:
    response = Client().get(path, headers=headers)
    return response.status_code, response.json()


def test_a_process_that_answers_is_alive() -> None:
    assert probe("/healthz") == (200, {"status": "ok"})


def test_is_ready_where_database_and_cache_answer(db: None) -> None:
    assert probe("/readyz") == (200, READY)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.0.0.7:8080", "elsewhere.example", "not a host", "[::"])
def test_a_probe_asks_by_any_host(db: None, path: str, host: str) -> None:
    assert probe(path, host=host)[0] == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_answers_json_with_a_request_id(db: None, path: str) -> None:
    response = Client().get(path, headers={"x-request-id": "probe-7"})
    assert response["Content-Type"] == "application/json"
    assert response["X-Request-Id"] == "probe-7"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_is_not_sent_to_https(db: None, settings: Settings, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert probe(path)[0] == 200


def test_without_its_cache_it_is_ready_and_says_that_it_counts_for_itself(db: None, settings: Settings) -> None:
    settings.CACHES = {**settings.CACHES, "default": completed(env.cache_url_config("redis://127.0.0.1:1/0"))}
    assert probe("/healthz") == (200, {"status": "ok"})
    assert probe("/readyz") == (200, {**READY, "cache": "fallback"})


@pytest.mark.parametrize("url", ["postgres://127.0.0.1:1/none", "sqlite:///{folder}/none/db.sqlite3"])
def test_without_its_database_it_is_alive_and_not_ready(tmp_path: Path, url: str) -> None:
    result = run("-c", PROBE_BOTH, DATABASE_URL=url.format(folder=tmp_path), CACHE_URL=None, ALLOWED_HOSTS="testserver")
    assert result.stdout.splitlines() == [
        '200 {"status":"ok"}',
        '503 {"status":"unavailable","database":"unavailable","cache":"ok"}',
    ]
