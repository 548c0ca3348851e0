"""`gunicorn asteri.wsgi`: nothing else to say, JSON even for what never reaches Django, and a log without secrets."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.callers import CUSTOMERS
from tests.processes import Installation, Server, free_port, install, installed_in, read, run, serving

GUNICORN = ("-m", "gunicorn", "asteri.wsgi")
VERSION = "2026-03-23.preview"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(tmp_path_factory.mktemp("installation"))


@contextmanager
def gunicorn(installation: Installation, home: Path, **changes: str | None) -> Iterator[Server]:
    port, log = free_port(), home.with_suffix(".log")
    where = {**installation.surroundings, "PORT": str(port), "BIND": "127.0.0.1", "HOME": str(home), **changes}
    with serving(*GUNICORN, port=port, log=log, **where) as server:
        yield server


@pytest.fixture(scope="module")
def server(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with gunicorn(installation, tmp_path_factory.mktemp("home")) as server:
        yield server


def customer(name: str) -> dict[str, str]:
    return {"account_type": "business", "email": f"{name}@example.com", "phone": "+1-404-555-0128"}


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


def chunked(installation: Installation) -> bytes:
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in installation.headers.items())
    return (
        f"POST {CUSTOMERS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()


def test_serves_the_api_on_the_port_of_the_environment(server: Server, installation: Installation) -> None:
    answer = server.request("GET", CUSTOMERS, **installation.headers)
    assert answer.status == 200
    assert answer.body["pagination"]["limit"] == 25


def test_needs_no_more_than_its_name(installation: Installation, tmp_path: Path) -> None:
    with gunicorn(installation, tmp_path / "home", DJANGO_SETTINGS_MODULE=None) as server:
        assert server.request("GET", "/healthz").body == {"status": "ok"}


def test_takes_a_body_in_chunks_to_its_end(server: Server, installation: Installation) -> None:
    body = json.dumps({**customer("chunks"), "company_name": "x" * 200}).encode()
    sent = chunked(installation) + chunks(body[:7], body[7:100], body[100:]) + b"0\r\n\r\n"
    answer = server.ask(sent)
    assert (answer.status, answer.body["data"]["email"]) == (201, "chunks@example.com")


def test_a_broken_chunk_is_refused_in_json(server: Server, installation: Installation) -> None:
    answer = server.ask(chunked(installation) + b"zz\r\nnonsense\r\n0\r\n\r\n")
    assert answer.status == 400
    assert answer.body["error"] == "Invalid request payload"


@pytest.mark.parametrize(
    ("raw", "statuses"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nthis line is no header\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nbad name: x\r\n\r\n", {400}),
        (b"nonsense\r\n\r\n", {400}),
        (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", {400, 505}),
        (
            b"GET " + CUSTOMERS.encode() + b"?search=" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            {400, 414},
        ),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + b"a" * 9_000 + b"\r\n\r\n", {400, 431}),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", {400}),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: nonsense\r\n\r\n", {400, 501}),
    ],
    ids=["no header", "header name", "request line", "version", "long line", "long header", "length", "coding"],
)
def test_what_gunicorn_itself_refuses_is_json_without_its_details(
    server: Server, raw: bytes, statuses: set[int]
) -> None:
    answer = server.ask(raw)
    assert answer.status in statuses
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.body) == ["error"]
    assert re.fullmatch(r"[A-Za-z -]+", answer.body["error"])


def test_what_gunicorn_itself_refuses_carries_the_headers_of_every_answer(server: Server) -> None:
    answer = server.ask(b"GET / HTTP/1.1\r\nthis line is no header\r\n\r\n")
    assert len(answer.headers["X-Request-Id"]) == 32
    assert answer.headers["Asteri-Version"] == VERSION
    assert answer.headers["Connection"] == "close"


def test_the_access_log_names_request_and_key_and_keeps_the_rest_to_itself(
    server: Server, installation: Installation
) -> None:
    key = installation.printed["api_key"]
    path = f"{CUSTOMERS}?email=private@example.com"
    answer = server.request("GET", path, x_request_id="logged-request", **installation.headers)
    assert answer.status == 200
    line = server.wait_for_line("request=logged-request")
    assert f'"GET {CUSTOMERS}" 200' in line
    assert line.endswith(f"key={key[9:21]}")
    assert key[21:] not in server.log.read_text()
    assert "private" not in server.log.read_text()


def test_the_access_log_never_shows_a_refused_key(server: Server, installation: Installation) -> None:
    refused = installation.printed["api_key"][:-1] + "!"
    headers = {"x_api_key": refused, "authorization": f"Bearer {refused}", "x_request_id": "refused-request"}
    assert server.request("GET", CUSTOMERS, **headers).status == 401
    assert server.wait_for_line("request=refused-request").endswith("key=-")
    assert refused[21:] not in server.log.read_text()


@pytest.mark.parametrize("workers", [{"WEB_CONCURRENCY": "2"}, {"GUNICORN_CMD_ARGS": "--workers 2"}])
def test_workers_without_a_shared_cache_are_refused_in_a_sentence(
    installation: Installation, workers: dict[str, str]
) -> None:
    where = {**installation.surroundings, "PORT": str(free_port()), "BIND": "127.0.0.1", **workers}
    result = run(*GUNICORN, **where)
    assert result.returncode != 0
    assert "WEB_CONCURRENCY is more than 1, but the cache lives in the process" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_pepper_is_refused_in_a_sentence(tmp_path: Path) -> None:
    where = {**installed_in(tmp_path), "SECRET_KEY": "a" * 50, "PORT": str(free_port()), "BIND": "127.0.0.1"}
    result = run(*GUNICORN, **where)
    assert result.returncode != 0
    assert "API_KEY_PEPPERS is not set" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["PORT", "THREADS"])
def test_a_number_that_is_none_is_refused_in_a_sentence(installation: Installation, name: str) -> None:
    where = {**installation.surroundings, "PORT": str(free_port()), "BIND": "127.0.0.1", name: "many"}
    result = run(*GUNICORN, **where)
    assert result.returncode != 0
    assert "many" in result.stderr
    assert "Traceback" not in result.stderr


def test_opens_no_control_socket_and_ends_gracefully(installation: Installation, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with gunicorn(installation, home, XDG_RUNTIME_DIR=str(home)) as server:
        assert server.request("GET", "/readyz").status == 200
        assert list(home.rglob("*")) == []
    assert server.process.returncode == 0


def test_sigterm_lets_a_request_that_is_under_way_end(installation: Installation, tmp_path: Path) -> None:
    body = json.dumps(customer("late")).encode()
    with gunicorn(installation, tmp_path / "home") as server, server.connect() as connection:
        connection.sendall(chunked(installation) + chunks(body[:9]))
        time.sleep(0.3)  # the worker has begun to read
        server.process.terminate()
        time.sleep(0.3)  # and knows that it is to end
        connection.sendall(chunks(body[9:]) + b"0\r\n\r\n")
        assert read(connection).status == 201
        assert server.process.wait(timeout=10) == 0
