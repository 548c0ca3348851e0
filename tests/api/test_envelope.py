"""What every answer carries, whatever it says: its headers, and a body in JSON."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import RequestFactory

from asteri.wsgi import application
from tests.callers import CUSTOMERS, ROOT, Caller
from tests.factories import make_customer

NOBODY = f"{CUSTOMERS}/00000000-0000-4000-8000-000000000000"
NOWHERE = f"{ROOT}/nowhere"
BODY = {"account_type": "business", "email": "new@example.com", "phone": "555-0100"}
NEW_ID = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(autouse=True)
def _still_clock() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 23, 12, 0, 18, tzinfo=UTC), tick=False):
        yield


def retrieved(owner: Caller, **kwargs: Any) -> Any:
    return owner.get(f"{CUSTOMERS}/{make_customer(owner.organization).id}", **kwargs)


def conflict(owner: Caller, **kwargs: Any) -> Any:
    make_customer(owner.organization, email=BODY["email"])
    return owner.post(BODY, **kwargs)


def over_limit(owner: Caller, **kwargs: Any) -> Any:
    caller = Caller.of(owner.organization, per_minute=1)
    return [caller.get(**kwargs) for _ in range(2)][-1]


def guessed_too_often(owner: Caller, **kwargs: Any) -> Any:
    headers = {**kwargs.pop("headers", {}), "x-api-key": "ast_live_guess"}
    return [owner.get(headers=headers, **kwargs) for _ in range(31)][-1]


def without(owner: Caller, name: str, headers: dict[str, Any] | None = None) -> Any:
    return owner.get(headers={**(headers or {}), name: None})


def scopeless(owner: Caller, **kwargs: Any) -> Any:
    return Caller.of(owner.organization, scopes=[]).get(**kwargs)


def unmeasured(owner: Caller, headers: dict[str, Any] | None = None) -> Any:
    return owner.post(BODY, headers={**(headers or {}), "transfer-encoding": "chunked"})


def stranger(owner: Caller, headers: dict[str, Any] | None = None) -> Any:
    return owner.get(headers={**(headers or {}), "host": "evil.example"})


# Every kind of answer that depends on a key: its status, and how to get it.
KEYED: dict[str, tuple[int, Callable[..., Any]]] = {
    "list": (200, Caller.get),
    "customer": (200, retrieved),
    "created": (201, lambda owner, **kwargs: owner.post(BODY, **kwargs)),
    "no organization": (400, lambda owner, **kwargs: without(owner, "x-organization-id", **kwargs)),
    "query": (400, lambda owner, **kwargs: owner.get(query={"colour": "red"}, **kwargs)),
    "body": (400, lambda owner, **kwargs: owner.post({}, **kwargs)),
    "no key": (401, lambda owner, **kwargs: without(owner, "x-api-key", **kwargs)),
    "no scope": (403, scopeless),
    "no customer": (404, lambda owner, **kwargs: owner.get(NOBODY, **kwargs)),
    "no route": (404, lambda owner, **kwargs: owner.get(NOWHERE, **kwargs)),
    "wrong method": (405, lambda owner, **kwargs: owner.send("DELETE", **kwargs)),
    "options": (405, lambda owner, **kwargs: owner.send("OPTIONS", **kwargs)),
    "conflict": (409, conflict),
    "no length": (411, unmeasured),
    "media type": (415, lambda owner, **kwargs: owner.post("hello", content_type="text/plain", **kwargs)),
    "over limit": (429, over_limit),
    "guessed too often": (429, guessed_too_often),
}
ANSWERS: dict[str, tuple[int, Callable[..., Any]]] = {
    **KEYED,
    "elsewhere": (404, lambda owner, **kwargs: owner.get("/api/nowhere", **kwargs)),
    "wrong host": (400, stranger),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_has_the_status_it_is_listed_under(owner: Caller, name: str) -> None:
    status, ask = ANSWERS[name]
    assert ask(owner).status_code == status


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_names_the_contracts_version(owner: Caller, name: str) -> None:
    assert ANSWERS[name][1](owner).headers["Asteri-Version"] == "2026-03-23.preview"


@pytest.mark.parametrize("name", KEYED)
def test_every_answer_that_depends_on_a_key_is_stored_nowhere(owner: Caller, name: str) -> None:
    assert ANSWERS[name][1](owner).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_says_how_long_it_is(owner: Caller, name: str) -> None:
    response = ANSWERS[name][1](owner)
    assert response.headers["Content-Length"] == str(len(response.content))


@pytest.mark.parametrize("name", ANSWERS)
def test_no_answer_sets_a_cookie(owner: Caller, name: str) -> None:
    response = ANSWERS[name][1](owner)
    assert "Set-Cookie" not in response.headers
    assert not response.cookies


@pytest.mark.parametrize("name", ANSWERS)
def test_only_a_wrong_method_is_told_the_right_ones(owner: Caller, name: str) -> None:
    status, ask = ANSWERS[name]
    assert ("Allow" in ask(owner).headers) == (status == 405)


@pytest.mark.parametrize("name", ANSWERS)
def test_only_a_caller_without_a_key_is_challenged(owner: Caller, name: str) -> None:
    status, ask = ANSWERS[name]
    assert ("WWW-Authenticate" in ask(owner).headers) == (status == 401)


@pytest.mark.parametrize(
    "accept", ["text/html", "*/*;q=0", "application/json;q=0", "application/xml", "", ";;;", "\x7f/garbage", "é"]
)
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_json_whatever_is_accepted(owner: Caller, name: str, accept: str) -> None:
    status, ask = ANSWERS[name]
    response = ask(owner, headers={"accept": accept})
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/json")
    assert isinstance(response.json(), dict)


def test_a_format_in_the_query_changes_no_format(owner: Caller) -> None:
    response = owner.get(query={"format": "html"})
    expected = {
        "error": "Invalid query parameters",
        "issues": [{"path": "format", "message": "Unknown parameter"}],
    }
    assert (response.status_code, response.json()) == (400, expected)


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_bears_the_callers_own_request_id(owner: Caller, name: str) -> None:
    response = ANSWERS[name][1](owner, headers={"x-request-id": "Own.id_1-a"})
    assert response.headers["X-Request-Id"] == "Own.id_1-a"


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_bears_a_new_request_id_where_the_caller_has_none(owner: Caller, name: str) -> None:
    assert NEW_ID.fullmatch(ANSWERS[name][1](owner).headers["X-Request-Id"])


@pytest.mark.parametrize("own", ["a", "-", ".", "_", "0", "..", "A" * 128, "3f0e2c1a-7b1d-4c43-9a51-0d7f1c2b3a4d"])
def test_a_well_formed_request_id_is_kept(owner: Caller, own: str) -> None:
    assert owner.get(headers={"x-request-id": own}).headers["X-Request-Id"] == own


@pytest.mark.parametrize(
    "own",
    [
        "",
        " ",
        " a",
        "a ",
        "a b",
        "a\n",
        "a\r\nSet-Cookie: b=c",
        "\x00",
        "a\tb",
        "A" * 129,
        "A" * 10_000,
        "a,b",
        "a/b",
        "a:b",
        "a+b",
        "a=b",
        "{a}",
        '"a"',
        "<a>",
        "é",
        "Ã©",  # UTF-8's bytes of é, as WSGI hands them over
        "²",  # a digit for str.isdigit, and no digit here
        f"ast_live_{'0' * 50}",  # a key, which stands in no log
        f"retry-ast_test_{'0' * 13}",  # the beginning of one, beyond its hint
    ],
)
def test_a_malformed_request_id_is_replaced(owner: Caller, own: str) -> None:
    assert NEW_ID.fullmatch(owner.get(headers={"x-request-id": own}).headers["X-Request-Id"])


def test_no_two_answers_share_a_request_id(owner: Caller) -> None:
    first, second = (owner.get().headers["X-Request-Id"] for _ in range(2))
    assert first != second


def serve(method: str, path: str, headers: dict[str, str]) -> HttpResponse:
    """Ask the application itself: Django's test client would empty the body of HEAD on its own."""
    response = application.get_response(RequestFactory().generic(method, path, headers=headers))
    assert isinstance(response, HttpResponse)
    return response


HEADED = {
    "list": (200, CUSTOMERS),
    "customer": (200, f"{CUSTOMERS}/{{customer.id}}"),
    "no customer": (404, NOBODY),
    "no route": (404, NOWHERE),
    "elsewhere": (404, "/api/nowhere"),
    "bad query": (400, f"{CUSTOMERS}?colour=red"),
    "no key": (401, CUSTOMERS),
}


def get_and_head(caller: Caller, name: str) -> list[HttpResponse]:
    """Ask twice for one thing, with two keys of one standing."""
    path = HEADED[name][1].format(customer=make_customer(caller.organization))
    answers = []
    for method in ("GET", "HEAD"):
        headers = {} if name == "no key" else Caller.of(caller.organization).headers
        answers.append(serve(method, path, {**headers, "x-request-id": "same"}))
    return answers


@pytest.mark.parametrize("name", HEADED)
def test_head_has_the_status_of_get(owner: Caller, name: str) -> None:
    got, headed = get_and_head(owner, name)
    assert got.status_code == headed.status_code == HEADED[name][0]


@pytest.mark.parametrize("name", HEADED)
def test_head_has_the_headers_of_get(owner: Caller, name: str) -> None:
    got, headed = get_and_head(owner, name)
    assert dict(headed.headers) == dict(got.headers)


@pytest.mark.parametrize("name", HEADED)
def test_head_has_no_body(owner: Caller, name: str) -> None:
    got, headed = get_and_head(owner, name)
    assert got.content
    assert headed.content == b""


@pytest.mark.parametrize("name", HEADED)
def test_head_says_how_long_the_body_of_get_is(owner: Caller, name: str) -> None:
    got, headed = get_and_head(owner, name)
    assert headed.headers["Content-Length"] == str(len(got.content))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS", "BREW"])
@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/x", "/api/x/", "/api/public", "/api/public/", "/api/public/v2", "/api/public/v1x"]
)
@pytest.mark.django_db
def test_an_unknown_path_outside_the_version_is_404_for_everybody(owner: Caller, path: str, method: str) -> None:
    response = owner.send(method, path, headers={"x-api-key": None})
    assert (response.status_code, response.json()) == (404, {"error": "Not found"})


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS", "BREW"])
@pytest.mark.parametrize(
    "path",
    [
        ROOT,
        f"{ROOT}/",
        f"{ROOT}//customers",
        f"{ROOT}/Customers",
        f"{ROOT}/customers.json",
        f"{CUSTOMERS}/",
        f"{CUSTOMERS}//",
        f"{NOBODY}/",
        f"{NOBODY}/orders",
        NOWHERE,
        f"{NOWHERE}/",
    ],
)
def test_an_unknown_path_of_the_version_is_404(owner: Caller, path: str, method: str) -> None:
    response = owner.send(method, path)
    assert (response.status_code, response.json()) == (404, {"error": "Not found"})


def test_no_path_under_the_api_redirects_to_its_trailing_slash(owner: Caller) -> None:
    assert "Location" not in owner.get("/api/x").headers


WRONG = ["PUT", "OPTIONS", "TRACE", "CONNECT", "BREW"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE", *WRONG])
def test_a_wrong_method_on_the_list_is_told_the_right_ones(owner: Caller, method: str) -> None:
    response = owner.send(method)
    assert (response.status_code, response.json()) == (405, {"error": "Method not allowed"})
    assert response.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("method", ["POST", *WRONG])
@pytest.mark.parametrize("pk", ["00000000-0000-4000-8000-000000000000", "nobody"])
def test_a_wrong_method_on_a_customer_is_told_the_right_ones(owner: Caller, pk: str, method: str) -> None:
    response = owner.send(method, f"{CUSTOMERS}/{pk}")
    assert (response.status_code, response.json()) == (405, {"error": "Method not allowed"})
    assert response.headers["Allow"] == "GET, HEAD, PATCH, DELETE"


@pytest.mark.parametrize("path", [CUSTOMERS, NOBODY, NOWHERE, ROOT])
def test_a_caller_without_a_key_is_challenged_for_a_bearer_token(owner: Caller, path: str) -> None:
    response = owner.get(path, headers={"x-api-key": None})
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="Asteri public API"'


@pytest.mark.parametrize("host", ["evil.example", "", "a b", "testserver:port", "testserver@evil.example", "é"])
@pytest.mark.parametrize("path", [CUSTOMERS, NOWHERE, "/api", "/api/x"])
def test_a_wrong_host_is_refused_in_json(owner: Caller, path: str, host: str) -> None:
    response = owner.get(path, headers={"host": host})
    assert (response.status_code, response.json()) == (400, {"error": "Invalid host"})
