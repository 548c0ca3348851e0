"""The error table, row by row and to the letter; and what was never foreseen."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
import time_machine
from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import timezone
from rest_framework.request import Request

from asteri import pages
from asteri.api.viewsets import PublicViewSet
from asteri.urls import handler400, handler404, handler500
from asteri.urls import urlpatterns as routes
from customers.models import Customer
from customers.views import CustomerViewSet
from tests.callers import CUSTOMERS, ROOT, Caller
from tests.factories import make_customer

NOBODY = f"{CUSTOMERS}/00000000-0000-4000-8000-000000000000"
BODY = {"account_type": "business", "email": "ops@example.com", "phone": "555-0100"}
FAULTS: dict[str, type[Exception]] = {
    "unforeseen": RuntimeError,
    "suspicious": SuspiciousOperation,
    "silent": OperationalError,
    "closed": InterfaceError,
    "missing": Http404,
}


class Failing(PublicViewSet):
    """A resource that fails as its path says."""

    scopes: ClassVar = {"list": ()}

    def list(self, request: Request, fault: str) -> HttpResponse:
        raise FAULTS[fault]("The reason is nobody's business.")


class FailingCustomers(CustomerViewSet):
    """Customers, of whom something breaks."""

    def list(self, request: Request) -> HttpResponse:
        raise RuntimeError("The reason is nobody's business.")


def failing_page(request: HttpRequest, fault: str) -> HttpResponse:
    """Fail outside REST framework."""
    raise FAULTS[fault]("The reason is nobody's business.")


# This module is the URLconf of its own tests: the product's routes and handlers, and routes that fail.
urlpatterns = [
    path("api/public/v1/failing/<fault>", Failing.as_view({"get": "list"})),
    path("api/public/v1/failing-customers", FailingCustomers.as_view({"get": "list"})),
    path("api/plain/<fault>", failing_page),
    path("plain/<fault>", failing_page),
    *routes,
]
__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]
fails = pytest.mark.urls(__name__)


@pytest.fixture(autouse=True)
def _still_clock() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 23, 12, 0, 18, tzinfo=UTC), tick=False):
        yield


def answer(response: Any) -> tuple[int, str]:
    """Answer status and body, the order of its keys included."""
    return response.status_code, json.dumps(json.loads(response.content))


def row(status: int, body: dict[str, Any]) -> tuple[int, str]:
    """Answer a row of the table in the same form."""
    return status, json.dumps(body)


def test_no_organization_header_is_400(owner: Caller) -> None:
    expected = {
        "error": "Missing organization context. Provide x-organization-id.",
        "issues": [{"path": "x-organization-id", "message": "Required"}],
    }
    assert answer(owner.get(headers={"x-organization-id": None})) == row(400, expected)


def test_an_organization_header_that_is_no_uuid_is_400(owner: Caller) -> None:
    expected = {
        "error": "Invalid organization context. x-organization-id must be a UUID.",
        "issues": [{"path": "x-organization-id", "message": "Invalid UUID"}],
    }
    assert answer(owner.get(headers={"x-organization-id": "mine"})) == row(400, expected)


def test_a_bad_body_is_400(owner: Caller) -> None:
    expected = {
        "error": "Invalid request payload",
        "issues": [{"path": "email", "message": "Invalid email address"}],
    }
    assert answer(owner.post({**BODY, "email": "nobody"})) == row(400, expected)


def test_a_bad_body_is_told_every_fault(owner: Caller) -> None:
    response = owner.post({"account_type": "club", "email": "nobody", "last_name": "a" * 256, "colour": "red"})
    issues = {issue["path"]: issue["message"] for issue in response.json()["issues"]}
    assert issues == {
        "account_type": "Must be one of: individual, business",
        "last_name": "Must be at most 255 characters",
        "email": "Invalid email address",
        "phone": "Required",
        "colour": "Unknown field",
    }


def test_a_body_that_cannot_be_read_is_400(owner: Caller) -> None:
    expected = {"error": "Invalid request payload", "issues": [{"path": "", "message": "Malformed JSON"}]}
    assert answer(owner.post(b"{")) == row(400, expected)


def test_a_bad_query_is_400(owner: Caller) -> None:
    expected = {
        "error": "Invalid query parameters",
        "issues": [{"path": "colour", "message": "Unknown parameter"}],
    }
    assert answer(owner.get(query={"colour": "red"})) == row(400, expected)


def test_a_bad_query_is_told_every_fault(owner: Caller) -> None:
    response = owner.get(query={"cursor": "x", "email": "nobody", "phone": "x", "colour": "red"})
    issues = {issue["path"]: issue["message"] for issue in response.json()["issues"]}
    assert issues == {
        "cursor": "Invalid cursor",
        "email": "Invalid email address",
        "phone": "Invalid phone number",
        "colour": "Unknown parameter",
    }


@pytest.mark.parametrize("key", [None, "", "ast_live_nonsense", f"ast_live_{'a' * 50}"])
def test_a_key_that_is_missing_or_malformed_is_401(owner: Caller, key: str | None) -> None:
    response = owner.get(headers={"x-api-key": key})
    assert answer(response) == row(401, {"error": "Invalid API key"})
    assert response.headers["WWW-Authenticate"]


def test_an_unknown_key_is_401(owner: Caller) -> None:
    caller = Caller.of(owner.organization)
    caller.key.delete()
    assert answer(caller.get()) == row(401, {"error": "Invalid API key"})


def test_an_expired_key_is_401(owner: Caller) -> None:
    caller = Caller.of(owner.organization, expires_at=timezone.now() + timedelta(seconds=1))
    with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False):
        response = caller.get()
    assert answer(response) == row(401, {"error": "Invalid API key"})


def test_a_revoked_key_is_401(owner: Caller) -> None:
    owner.key.revoke()
    assert answer(owner.get()) == row(401, {"error": "Invalid API key"})


def test_another_organization_is_403(owner: Caller, outsider: Caller) -> None:
    response = outsider.get(headers={"x-organization-id": str(owner.organization.id)})
    assert answer(response) == row(403, {"error": "API key does not have access to this organization"})


def test_an_organization_that_does_not_exist_is_403(owner: Caller) -> None:
    response = owner.get(headers={"x-organization-id": "00000000-0000-0000-0000-000000000000"})
    assert answer(response) == row(403, {"error": "API key does not have access to this organization"})


def test_a_suspended_organization_is_403(owner: Caller) -> None:
    owner.organization.suspend()
    assert answer(owner.get()) == row(403, {"error": "API key does not have access to this organization"})


def test_a_missing_scope_is_403(colleague: Caller) -> None:
    expected = {"error": "API key missing required scopes", "missingScopes": ["write:customers"]}
    assert answer(colleague.post(BODY)) == row(403, expected)


@pytest.mark.parametrize("name", ["00000000-0000-4000-8000-000000000000", "nobody"])
def test_no_such_customer_is_404(owner: Caller, name: str) -> None:
    assert answer(owner.get(f"{CUSTOMERS}/{name}")) == row(404, {"error": "Customer not found"})


def test_an_unknown_path_is_404(owner: Caller) -> None:
    assert answer(owner.get(f"{ROOT}/nowhere")) == row(404, {"error": "Not found"})


def test_a_wrong_method_is_405(owner: Caller) -> None:
    response = owner.send("PUT")
    assert answer(response) == row(405, {"error": "Method not allowed"})
    assert response.headers["Allow"] == "GET, HEAD, POST"


def test_a_duplicate_email_is_409(owner: Caller) -> None:
    make_customer(owner.organization, email="OPS@example.com")
    expected = {"error": "Customer email already exists in this organization", "field": "email"}
    assert answer(owner.post(BODY)) == row(409, expected)


def test_a_body_that_is_no_json_is_415(owner: Caller) -> None:
    response = owner.post("hello", content_type="text/plain")
    assert answer(response) == row(415, {"error": "Unsupported media type"})


@pytest.mark.parametrize(
    ("limits", "limit", "window", "seconds"),
    [
        ({"per_minute": 1}, 1, "minute", "42"),
        ({"per_hour": 1}, 1, "hour", "3582"),
        ({"per_day": 1}, 1, "day", "43182"),
        ({"per_minute": 1, "per_hour": 1, "per_day": 1}, 1, "minute", "42"),
    ],
)
def test_a_full_limit_is_429(owner: Caller, limits: dict[str, int], limit: int, window: str, seconds: str) -> None:
    caller = Caller.of(owner.organization, **limits)
    response = [caller.get() for _ in range(2)][-1]
    expected = {"error": f"API key {window} rate limit exceeded", "limit": limit, "window": window}
    assert answer(response) == row(429, expected)
    assert response.headers["Retry-After"] == seconds


def test_too_many_failed_keys_from_one_address_are_429(owner: Caller) -> None:
    response = [owner.get(headers={"x-api-key": "guess"}) for _ in range(31)][-1]
    expected = {"error": "Too many failed authentication attempts", "limit": 30, "window": "minute"}
    assert answer(response) == row(429, expected)
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_the_last_failed_key_within_the_limit_is_401(owner: Caller) -> None:
    response = [owner.get(headers={"x-api-key": "guess"}) for _ in range(30)][-1]
    assert answer(response) == row(401, {"error": "Invalid API key"})


def test_a_valid_key_goes_on_working_after_too_many_failed_ones(owner: Caller) -> None:
    for _ in range(31):
        owner.get(headers={"x-api-key": "guess"})
    assert owner.get().status_code == 200


@fails
def test_an_unforeseen_fault_is_500(owner: Caller) -> None:
    response = owner.get(f"{ROOT}/failing/unforeseen")
    assert answer(response) == row(500, {"error": "Internal server error"})
    assert "Retry-After" not in response.headers


@fails
def test_an_unforeseen_fault_among_customers_is_500(owner: Caller) -> None:
    response = owner.get(f"{ROOT}/failing-customers")
    assert answer(response) == row(500, {"error": "Failed to fetch customers"})


@fails
@pytest.mark.parametrize("fault", ["silent", "closed"])
def test_a_database_that_does_not_answer_is_503(owner: Caller, fault: str) -> None:
    response = owner.get(f"{ROOT}/failing/{fault}")
    assert answer(response) == row(503, {"error": "Internal server error"})
    assert int(response.headers["Retry-After"]) > 0


@fails
@pytest.mark.parametrize("name", ["failing/unforeseen", "failing/silent", "failing-customers"])
def test_a_fault_is_enveloped_like_any_answer(owner: Caller, name: str) -> None:
    headers = dict(owner.get(f"{ROOT}/{name}", headers={"accept": "text/html", "x-request-id": "own"}).headers)
    expected = {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "Asteri-Version": "2026-03-23.preview",
        "X-Request-Id": "own",
    }
    assert expected.items() <= headers.items()
    assert {"RateLimit", "RateLimit-Policy", "Content-Length"} <= set(headers)


@fails
def test_a_fault_is_logged_with_its_reason(owner: Caller, caplog: pytest.LogCaptureFixture) -> None:
    owner.get(f"{ROOT}/failing/unforeseen")
    assert "RuntimeError in Failing" in caplog.text
    assert "The reason is nobody's business." in caplog.text


@fails
def test_a_suspicious_request_is_400(owner: Caller) -> None:
    assert answer(owner.get(f"{ROOT}/failing/suspicious")) == row(400, {"error": "Bad request"})


@fails
def test_what_a_view_does_not_find_is_404(owner: Caller) -> None:
    assert answer(owner.get(f"{ROOT}/failing/missing")) == row(404, {"error": "Not found"})


@contextmanager
def table_away() -> Iterator[None]:
    """Have the customers' table go by another name for a while."""
    here, away = Customer._meta.db_table, "customers_away"
    with connection.schema_editor() as editor:
        editor.alter_db_table(Customer, here, away)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Customer, away, here)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("method", "path"), [("GET", CUSTOMERS), ("GET", NOBODY), ("POST", CUSTOMERS)])
def test_a_lost_table_fails_in_the_customers_words(owner: Caller, method: str, path: str) -> None:
    with table_away():
        response = owner.send(method, path, data=json.dumps(BODY), content_type="application/json")
    # SQLite reports it as a fault of the database, PostgreSQL as one of the program.
    expected = 503 if connection.vendor == "sqlite" else 500
    assert answer(response) == row(expected, {"error": "Failed to fetch customers"})
    assert ("Retry-After" in response.headers) == (expected == 503)


@contextmanager
def database_away() -> Iterator[None]:
    """Have the database be where none is."""
    sqlite = {"NAME": "/nowhere/at/all.sqlite3"}
    away = sqlite if connection.vendor == "sqlite" else {"HOST": "127.0.0.1", "PORT": "1"}
    here = {name: connection.settings_dict[name] for name in away}
    connection.close()
    connection.settings_dict.update(away)
    try:
        yield
    finally:
        connection.settings_dict.update(here)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "error"),
    [
        (CUSTOMERS, "Failed to fetch customers"),
        (NOBODY, "Failed to fetch customers"),
        (f"{ROOT}/nowhere", "Internal server error"),
    ],
)
def test_a_lost_database_is_503_in_the_words_of_its_route(owner: Caller, path: str, error: str) -> None:
    with database_away():
        response = owner.get(path)
    assert answer(response) == row(503, {"error": error})
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.django_db(transaction=True)
def test_a_malformed_key_is_401_even_without_a_database(owner: Caller) -> None:
    with database_away():
        response = owner.get(headers={"x-api-key": "ast_live_nonsense"})
    assert answer(response) == row(401, {"error": "Invalid API key"})


PLAIN = {
    "unforeseen": (500, {"error": "Internal server error"}),
    "suspicious": (400, {"error": "Bad request"}),
    "missing": (404, {"error": "Not found"}),
}


@fails
@pytest.mark.parametrize("fault", PLAIN)
def test_django_answers_in_json_under_the_api(fault: str) -> None:
    response = Client(raise_request_exception=False).get(f"/api/plain/{fault}", headers={"accept": "text/html"})
    assert answer(response) == row(*PLAIN[fault])
    assert response.headers["Content-Type"] == "application/json"


@fails
@pytest.mark.parametrize("fault", PLAIN)
def test_django_answers_in_html_elsewhere(fault: str) -> None:
    response = Client(raise_request_exception=False).get(f"/plain/{fault}")
    expected = (PLAIN[fault][0], "text/html; charset=utf-8")
    assert (response.status_code, response.headers["Content-Type"]) == expected


HANDLED = {
    "bad_request": (400, {"error": "Bad request"}),
    "page_not_found": (404, {"error": "Not found"}),
    "server_error": (500, {"error": "Internal server error"}),
}


def handled(name: str, path: str) -> HttpResponse:
    """Call the handler of that name as Django does."""
    request = RequestFactory().get(path)
    match name:
        case "bad_request":
            return pages.bad_request(request, SuspiciousOperation("No."))
        case "page_not_found":
            return pages.page_not_found(request, Http404("No."))
    return pages.server_error(request)


@pytest.mark.parametrize("name", HANDLED)
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/x", CUSTOMERS])
def test_a_handler_answers_in_json_under_the_api(name: str, path: str) -> None:
    assert answer(handled(name, path)) == row(*HANDLED[name])


@pytest.mark.parametrize("name", HANDLED)
@pytest.mark.parametrize("path", ["/", "/apis", "/admin/api/", "/x/api/y"])
def test_a_handler_answers_in_html_elsewhere(name: str, path: str) -> None:
    response = handled(name, path)
    expected = (HANDLED[name][0], "text/html; charset=utf-8")
    assert (response.status_code, response.headers["Content-Type"]) == expected


def test_an_unknown_page_is_html(db: None) -> None:
    response = Client().get("/apis")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
