"""Exchanges: what those who watch are told of each request, and that watching never stands in a request's way."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from asteri.api.exchange import METHODS, Exchange, observers
from tests.callers import CUSTOMERS, ROOT, Caller
from tests.factories import make_customer

SEEN: list[Exchange] = []
BODY = {"account_type": "business", "email": "new@example.com", "phone": "555-0100"}
NOBODY = f"{CUSTOMERS}/00000000-0000-4000-8000-000000000000"


def watch(exchange: Exchange) -> None:
    SEEN.append(exchange)


def fail(exchange: Exchange) -> None:
    raise RuntimeError("An observer's own fault.")


@pytest.fixture(autouse=True)
def _watched(settings: Settings) -> Iterator[None]:
    settings.EXCHANGE_OBSERVERS = [f"{__name__}.fail", f"{__name__}.watch"]
    observers.cache_clear()
    SEEN.clear()
    yield
    observers.cache_clear()


def last() -> Exchange:
    return SEEN[-1]


def test_an_exchange_says_who_asked_for_what_and_got_what(owner: Caller) -> None:
    customer = make_customer(owner.organization)
    response = owner.get(f"{CUSTOMERS}/{customer.id}", headers={"x-request-id": "watched-7"})
    seen = last()
    assert (seen.request_id, seen.method, seen.route, seen.status) == ("watched-7", "GET", "customers-detail", 200)
    assert (seen.key, seen.organization) == (owner.key.public_id, str(owner.organization.id))
    assert (seen.size, seen.rate) == (len(response.content), response.headers["RateLimit"])
    assert (seen.address, seen.refusal) == ("127.0.0.1", None)
    assert 0 < seen.seconds < 60


def test_each_request_is_told_once(owner: Caller) -> None:
    owner.get()
    owner.post(BODY)
    assert [seen.status for seen in SEEN] == [200, 201]


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", CUSTOMERS, "customers-list"),
        ("POST", CUSTOMERS, "customers-list"),
        ("GET", NOBODY, "customers-detail"),
        ("PUT", f"{CUSTOMERS}/by-external-id/private@example.com", "customers-upsert"),
        ("GET", f"{CUSTOMERS}/changes", "customers-changes"),
        ("GET", f"{ROOT}/api-keys/current", "api-keys-current"),
        ("GET", f"{ROOT}/private@example.com", "unknown"),
        ("GET", "/api/private@example.com", "unknown"),
        ("GET", "/private@example.com", "unknown"),
        ("GET", "/healthz", "healthz"),
        ("GET", "/admin/login/", "admin:login"),
    ],
)
def test_a_route_is_named_and_no_path_is(owner: Caller, method: str, path: str, route: str) -> None:
    owner.send(method, path)
    assert last().route == route
    assert "private" not in str(SEEN)


@pytest.mark.parametrize("method", ["get", "PROPFIND", "SECRET-7", "é"])
def test_a_method_that_nobody_knows_is_not_repeated(owner: Caller, method: str) -> None:
    owner.send(method)
    assert last().method in {*METHODS, "OTHER"}
    assert last().method != method


@pytest.mark.parametrize(
    ("status", "refusal", "change"),
    [
        (400, "Invalid organization context. x-organization-id must be a UUID.", {"x-organization-id": "7"}),
        (400, "Invalid host", {"host": "evil.example"}),
        (401, "Invalid API key", {"x-api-key": None}),
        (403, "API key does not have access to this organization", {"x-organization-id": NOBODY[-36:]}),
    ],
)
def test_a_refusal_has_its_reason(owner: Caller, status: int, refusal: str, change: dict[str, Any]) -> None:
    owner.get(headers=change)
    assert (last().status, last().refusal) == (status, refusal)


def test_a_refused_key_is_nobodys(owner: Caller) -> None:
    owner.get(headers={"x-api-key": owner.text[:-1] + "!"})
    assert (last().key, last().organization, last().rate) == (None, None, None)


def test_a_full_limit_names_its_key(owner: Caller) -> None:
    caller = Caller.of(owner.organization, per_minute=1)
    caller.get()
    caller.get()
    assert (last().status, last().key) == (429, caller.key.public_id)
    assert last().refusal == "API key minute rate limit exceeded"


def test_head_has_no_bytes(owner: Caller) -> None:
    owner.send("HEAD")
    assert (last().method, last().size) == ("HEAD", 0)


def test_a_page_and_a_file_have_their_bytes(db: None) -> None:
    page = Client().get("/admin/login/")
    file = Client().get("/static/admin/css/base.css")
    sizes = [len(page.content), len(b"".join(file.streaming_content))]  # type: ignore[attr-defined]
    assert [seen.size for seen in SEEN] == sizes


def test_an_observer_that_fails_stands_in_nobodys_way(owner: Caller, caplog: pytest.LogCaptureFixture) -> None:
    assert owner.get().status_code == 200
    assert last().status == 200
    assert "An observer's own fault." in caplog.text
