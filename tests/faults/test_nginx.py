"""nginx as it's shipped: its own answers have the contract's form, and the API's pass as they are."""

import dataclasses
import gzip
import json
import uuid
from contextlib import ExitStack

import pytest

from asteri.api import CONTRACT_VERSION
from tests.callers import CUSTOMERS
from tests.faults.manners import ALL_SERVED, beginnings, begun, connect, head, others
from tests.faults.servers import Api, customer
from tests.processes import Answer, Server, read

pytestmark = pytest.mark.faults
CROWDED, GUESSING, HONEST = "127.0.0.3", "127.0.0.4", "127.0.0.5"  # each is counted by itself


def test_one_address_has_a_hundred_requests_under_way_and_no_more(proxied: Api) -> None:
    with ExitStack() as connections:
        for _ in range(100):
            connections.enter_context(begun(proxied, beginnings(proxied)["body"], CROWDED))
        answer = refused_at_last(proxied)
        assert others(proxied) == ALL_SERVED
    assert_own(answer, 429, "Too many connections from one address")
    assert answer.headers["Retry-After"] == "1"


def refused_at_last(api: Api) -> Answer:
    """Ask until nginx, which takes up a hundred requests in its own time, refuses one more; answer how."""
    for _ in range(1_000):
        with connect(api, CROWDED) as one_more:
            one_more.sendall(head(api, "GET") + b"\r\n")
            answer = read(one_more)
        if answer.status != 200:
            return answer
    raise TimeoutError("Nobody is refused.")


def assert_own(answer: Answer, status: int, error: str) -> None:
    """See that an answer of nginx's own has the contract's form."""
    assert (answer.status, answer.body) == (status, {"error": error})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Asteri-Version"] == CONTRACT_VERSION
    assert len(answer.headers["X-Request-Id"]) == 32
    assert answer.headers["Server"] == "nginx"


@pytest.mark.parametrize(
    ("raw", "status", "error"),
    [
        (b"nonsense\r\n\r\n", 400, "Bad request"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "Bad request"),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "Bad request"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400, "Bad request"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "URI too long"),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + b"a" * 9_000 + b"\r\n\r\n",
            431,
            "Request header fields too large",
        ),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n",
            413,
            "Request body too large",
        ),
        (b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "Method not allowed"),
        (b"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 505, "HTTP version not supported"),
        (
            b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer nobody-has-this-one\r\n\r\n",
            404,
            "Not found",
        ),
        (b"GET //%6detrics?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "Not found"),
    ],
)
def test_what_nginx_itself_refuses_is_in_the_contracts_form(proxied: Api, raw: bytes, status: int, error: str) -> None:
    assert_own(proxied.server.ask(raw), status, error)


def test_without_gunicorn_it_is_502_until_that_is_back(deserted: Server) -> None:
    answer = deserted.request("GET", f"{CUSTOMERS}?email=private@example.com", x_api_key="private-key")
    assert_own(answer, 502, "Bad gateway")
    assert answer.headers["Retry-After"] == "1"
    log = dataclasses.replace(deserted, log=deserted.log.parent / "access.log")
    line = json.loads(log.wait_for_line(answer.headers["X-Request-Id"]))
    assert (line["logger"], line["method"], line["status"]) == ("nginx", "GET", 502)
    assert "private" not in log.log.read_text() + (deserted.log.parent / "error.log").read_text()


def test_an_answer_of_the_api_passes_as_it_is(proxied: Api, direct: Api) -> None:
    missing = f"/{uuid.uuid4()}"
    ours, theirs = (api.send("GET", missing, X_Request_Id="asked-7") for api in (direct, proxied))
    assert (theirs.status, theirs.body) == (404, {"error": "Customer not found"}) == (ours.status, ours.body)
    changing = {"Date", "Server", "Connection", "RateLimit", "RateLimit-Policy"}
    assert {n: v for n, v in theirs.headers.items() if n not in changing} == {
        n: v for n, v in ours.headers.items() if n not in changing
    }


def test_nginx_and_the_api_tell_the_same_request_id(proxied: Api, direct: Api) -> None:
    given = proxied.send("GET", X_Request_Id="given-7").headers["X-Request-Id"]
    new = proxied.send("GET", X_Request_Id="not well formed").headers["X-Request-Id"]
    assert (given, len(new)) == ("given-7", 32)
    assert "customers-list" in direct.server.wait_for_line(new)


def test_a_failed_key_counts_against_the_address_that_nginx_saw(proxied: Api) -> None:
    def guess(address: str, forged: str) -> int:
        wrong = head(proxied, "GET", **{"x-api-key": "ast_live_guess", "X-Forwarded-For": forged})
        with connect(proxied, address) as connection:
            connection.sendall(wrong + b"\r\n")
            return read(connection).status

    statuses = [guess(GUESSING, f"203.0.113.{number}") for number in range(61)]
    assert statuses[:30] == [401] * 30
    assert 429 in statuses[30:]  # a new minute may have begun on the way, but not two
    assert guess(HONEST, GUESSING) == 401


def raw_answer(api: Api, request: bytes) -> tuple[bytes, bytes]:
    with connect(api) as connection:
        connection.sendall(request)
        whole = b"".join(iter(lambda: connection.recv(65_536), b""))
    headers, _, body = whole.partition(b"\r\n\r\n")
    return headers, body


COMPRESSED = {"Accept-Encoding": "gzip", "Connection": "close"}


def test_a_long_list_is_compressed(proxied: Api) -> None:
    headers, body = raw_answer(proxied, head(proxied, "GET", "?limit=100", **COMPRESSED) + b"\r\n")
    assert b"Content-Encoding: gzip" in headers
    assert b'"pagination"' in gzip.decompress(unchunked(body))


def unchunked(body: bytes) -> bytes:
    parts = b""
    while body:
        length, _, rest = body.partition(b"\r\n")
        parts, body = parts + rest[: int(length, 16)], rest[int(length, 16) + 2 :]
    return parts


def test_the_largest_customer_keeps_its_etag(proxied: Api) -> None:
    names = dict.fromkeys(("display_name", "company_name", "first_name", "last_name", "external_id"), "𝒳" * 255)
    created = proxied.send("POST", body={**customer("largest"), **names})
    path = f"/{created.body['data']['id']}?expand=profile"
    headers, body = raw_answer(proxied, head(proxied, "GET", path, **COMPRESSED) + b"\r\n")
    assert len(body) > 5_000
    assert f"ETag: {created.headers['ETag']}".encode() in headers
