"""`/metrics`: figures for a Prometheus that holds the token, of all worker processes, with few labels."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from asteri.api.exchange import observers
from asteri.settings import cache as completed
from asteri.settings import env
from tests.callers import CUSTOMERS, ROOT, Caller
from tests.processes import Server, free_port, installed_in, run, serving

TOKEN = "a-token-for-the-tests-alone-that-is-long-enough"
BEARER = {"authorization": f"Bearer {TOKEN}"}
IMPORTED = "import django, sys; django.setup(); from asteri.urls import *; print('prometheus_client' in sys.modules)"


@pytest.fixture(autouse=True)
def _metered(settings: Settings) -> Any:
    settings.METRICS_TOKEN, settings.EXCHANGE_OBSERVERS = TOKEN, ["asteri.meters.count"]
    observers.cache_clear()
    yield
    observers.cache_clear()


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def test_whoever_bears_the_token_is_told(owner: Caller) -> None:
    owner.get()
    response = Client().get("/metrics", headers={**BEARER, "host": "10.0.0.7:8080"})
    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, "text/plain")
    families = {family.name: family for family in text_string_to_metric_families(response.content.decode())}
    assert {"asteri_requests", "asteri_request_seconds", "asteri_throttled_requests"} <= set(families)


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer ü"]
)
def test_nobody_else_is(given: str) -> None:
    response = Client().get("/metrics", headers={"authorization": given})
    assert (response.status_code, response.json()) == (401, {"error": "Invalid metrics token"})
    assert response["WWW-Authenticate"] == 'Bearer realm="Asteri metrics"'


@pytest.mark.parametrize("given", ["", "Bearer ", f"Bearer {TOKEN}"])
def test_without_a_token_there_is_nothing_to_be_told(settings: Settings, given: str) -> None:
    settings.METRICS_TOKEN = ""
    response = Client().get("/metrics", headers={"authorization": given})
    assert (response.status_code, response.json()) == (404, {"error": "Not found"})


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", CUSTOMERS, {"method": "GET", "route": "customers-list", "status": "200"}),
        ("PROPFIND", CUSTOMERS, {"method": "OTHER", "route": "customers-list", "status": "405"}),
        ("GET", f"{ROOT}/nowhere/at/all", {"method": "GET", "route": "unknown", "status": "404"}),
        ("GET", f"{CUSTOMERS}/none", {"method": "GET", "route": "customers-detail", "status": "404"}),
    ],
)
def test_a_request_is_counted_by_method_route_and_status(
    owner: Caller, method: str, path: str, labels: dict[str, str]
) -> None:
    before = figure("asteri_requests_total", **labels)
    owner.send(method, path)
    assert figure("asteri_requests_total", **labels) == before + 1


def test_a_request_has_its_time_by_route_and_class_of_status(owner: Caller) -> None:
    labels = {"route": "customers-list", "status": "4xx"}
    before = [figure(f"asteri_request_seconds_{part}", **labels) for part in ("count", "sum")]
    owner.get(headers={"x-api-key": None})
    owner.get(query={"limit": "0"})
    after = [figure(f"asteri_request_seconds_{part}", **labels) for part in ("count", "sum")]
    assert after[0] == before[0] + 2
    assert after[1] > before[1]


def test_full_limits_and_failed_keys_are_counted(owner: Caller, settings: Settings) -> None:
    settings.FAILED_AUTH_PER_MINUTE = 2
    caller = Caller.of(owner.organization, per_minute=1)
    names = ("key", "address")
    before = [figure("asteri_throttled_requests_total", limit_of=name) for name in names]
    failed = figure("asteri_failed_keys_total")
    for _ in range(3):
        caller.get()
        owner.get(headers={"x-api-key": "ast_live_guess"})
    after = [figure("asteri_throttled_requests_total", limit_of=name) for name in names]
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1]
    assert figure("asteri_failed_keys_total") == failed + 3


def test_that_limits_are_counted_without_redis_is_told(owner: Caller, settings: Settings) -> None:
    settings.CACHES = {**settings.CACHES, "default": completed(env.cache_url_config("redis://127.0.0.1:1/0"))}
    assert owner.get().status_code == 200
    assert figure("asteri_limits_in_fallback") == 1


def test_a_wrong_token_is_no_failed_key() -> None:
    before = figure("asteri_failed_keys_total")
    Client().get("/metrics")
    assert figure("asteri_failed_keys_total") == before


def test_no_command_loads_the_library() -> None:
    assert run("-c", IMPORTED, METRICS_TOKEN=TOKEN).stdout == "False\n"


def workers_of(server: Server) -> list[int]:
    pid = server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def counted(server: Server) -> float:
    labels = 'asteri_requests_total{method="GET",route="healthz",status="200"} '
    with server.connect() as connection:
        connection.sendall(f"GET /metrics HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        text = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()
    return sum(float(line.removeprefix(labels)) for line in text.splitlines() if line.startswith(labels))


@pytest.mark.served
@pytest.mark.once
def test_the_figures_of_all_workers_are_added_up_the_dead_ones_included(tmp_path: Path) -> None:
    port, scratch = free_port(), tmp_path / "scratch"
    scratch.mkdir()
    where = {**installed_in(tmp_path), "SECRET_KEY": "a" * 50, "API_KEY_PEPPERS": f"1={'a' * 32}"}
    where |= {"BIND": "127.0.0.1", "PORT": str(port), "METRICS_TOKEN": TOKEN, "TMPDIR": str(scratch)}
    where |= {"WEB_CONCURRENCY": "2", "CACHE_URL": "dummycache://"}
    with serving("-m", "gunicorn", "asteri.wsgi", port=port, log=tmp_path / "log", **where) as server:
        assert [server.request("GET", "/healthz").status for _ in range(20)] == [200] * 20
        assert counted(server) == 20
        os.kill(workers_of(server)[0], signal.SIGKILL)
        server.wait_for_line("was sent SIGKILL")
        assert counted(server) == 20
        assert list(scratch.glob("asteri-meters-*/counter_*.db"))
    assert list(scratch.glob("asteri-meters-*")) == []
