"""`gunicorn asteri.wsgi`: nothing else to say, JSON even for what never reaches Django, and a log without secrets."""

import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.callers import CUSTOMERS
from tests.processes import (
    ROOT,
    Installation,
    Server,
    free_port,
    install,
    installed_in,
    read,
    run,
    serving,
    surroundings,
)

pytestmark = [pytest.mark.served, pytest.mark.once]
GUNICORN = ("-m", "gunicorn", "asteri.wsgi")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
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


def chunked(installation: Installation, **headers: str) -> bytes:
    lines = {**installation.headers, **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
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


def line_of(server: Server, request_id: str) -> dict[str, Any]:
    """Answer the one line that the request has in the log."""
    server.wait_for_line(request_id)
    (line,) = [line for line in server.log.read_text().splitlines() if request_id in line]
    told: dict[str, Any] = json.loads(line)
    return told


def test_a_request_has_one_line_that_names_its_key_and_keeps_the_rest_to_itself(
    server: Server, installation: Installation
) -> None:
    key = installation.printed["api_key"]
    path = f"{CUSTOMERS}?email=private@example.com"
    answer = server.request("GET", path, x_request_id="logged-request", **installation.headers)
    line = line_of(server, "logged-request")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert 0 < line.pop("ms") < 60_000
    assert line == {
        "level": "INFO",
        "logger": "asteri.requests",
        "request_id": "logged-request",
        "method": "GET",
        "route": "customers-list",
        "status": 200,
        "bytes": int(answer.headers["Content-Length"]),
        "key": key[9:21],
        "organization": installation.printed["organization_id"],
        "rate": answer.headers["RateLimit"],
        "refusal": None,
    }
    assert key[21:] not in server.log.read_text()
    assert "private" not in server.log.read_text()


def test_a_line_never_shows_a_refused_key(server: Server, installation: Installation) -> None:
    refused = installation.printed["api_key"][:-1] + "!"
    headers = {"x_api_key": refused, "authorization": f"Bearer {refused}", "x_request_id": "refused-request"}
    assert server.request("GET", CUSTOMERS, **headers).status == 401
    assert line_of(server, "refused-request")["key"] is None
    assert refused[21:] not in server.log.read_text()


def test_an_external_id_stands_in_no_line(server: Server, installation: Installation) -> None:
    path = f"{CUSTOMERS}/by-external-id/private-7"
    assert server.request("PUT", path, {}, x_request_id="named-request", **installation.headers).status == 415
    assert line_of(server, "named-request")["route"] == "customers-upsert"
    assert "private-7" not in server.log.read_text()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /?email=private@example.com HTTP/1.1\r\nx-api-key private-key\r\n\r\n", 400),
        (b"GET /private@example.com nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nx-api-key: private-" + b"a" * 9_000 + b"\r\n\r\n", 431),
        (b"GET /private-" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", 414),
    ],
    ids=["header", "line", "long header", "long line"],
)
def test_what_gunicorn_itself_refuses_has_a_line_like_any_other(server: Server, raw: bytes, status: int) -> None:
    answer = server.ask(raw)
    line = line_of(server, answer.headers["X-Request-Id"])
    assert (line["status"], line["refusal"]) == (status, answer.body["error"])
    assert (line["route"], line["key"], line["bytes"]) == ("unknown", None, int(answer.headers["Content-Length"]))
    assert "private" not in server.log.read_text()


def test_gunicorn_writes_its_own_log_in_the_same_form(server: Server) -> None:
    line = line_of(server, "Listening at")
    assert (line["level"], line["logger"], line["request_id"]) == ("INFO", "gunicorn.error", None)
    assert line["message"].startswith("Listening at: http://127.0.0.1:")


def test_people_read_text(installation: Installation, tmp_path: Path) -> None:
    with gunicorn(installation, tmp_path / "home", LOG_FORMAT="text") as server:
        server.request("GET", CUSTOMERS, x_request_id="text-request", **installation.headers)
        server.request("GET", CUSTOMERS, x_request_id="text-refusal")
        line, refusal = server.wait_for_line("text-request"), server.wait_for_line("text-refusal")
    assert re.search(r"Z GET customers-list 200 \d+ bytes \d+\.\d ms request=text-request key=\w{12} ", line)
    assert refusal.endswith(" key=- organization=- rate=- refusal='Invalid API key'")


def test_the_level_hides_what_is_below_it_and_no_request(installation: Installation, tmp_path: Path) -> None:
    with gunicorn(installation, tmp_path / "home", LOG_LEVEL="ERROR") as server:
        server.request("GET", "/healthz", x_request_id="quiet-request")
        server.wait_for_line("quiet-request")
    assert len(server.log.read_text().splitlines()) == 1


def test_nobody_who_reads_the_lines_holds_the_requests_up(installation: Installation, tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    port = free_port()
    where = {**installation.surroundings, "PORT": str(port), "BIND": "127.0.0.1"}
    with os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb") as stuck:
        process = subprocess.Popen(
            [sys.executable, *GUNICORN], cwd=ROOT, env=surroundings(**where), stdout=stuck, stderr=subprocess.DEVNULL
        )
        server = Server(process, port, tmp_path / "log")
        try:
            server.wait_until_it_answers()
            statuses = [server.request("GET", "/healthz").status for _ in range(400)]
        finally:
            process.terminate()
            process.wait(timeout=60)
    assert statuses == [200] * 400


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


def test_a_client_that_goes_on_talking_after_its_last_answer_is_cut_off(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b'{"status":"ok"}' in b"".join(iter(lambda: connection.recv(4_096), b""))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            talk(connection)
    assert server.request("GET", "/healthz").status == 200


def talk(connection: socket.socket) -> None:
    for _ in range(10_000):
        connection.sendall(b"x" * 1_000)
        time.sleep(0.001)


LIMITED = (
    "import resource as r, sys; soft, hard = map(int, sys.argv[1:]); r.setrlimit(r.RLIMIT_NOFILE, (soft, hard)); "
    "from asteri import gunicorn; print(gunicorn.worker_connections, *r.getrlimit(r.RLIMIT_NOFILE))"
)


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "raised"),
    [(256, 2_048, 1_948, 2_048), (300, 300, 200, 300), (256, -1, 4_000, 4_100)],
)
def test_a_worker_holds_no_more_connections_than_it_may_open_files(
    soft: int, hard: int, connections: int, raised: int
) -> None:
    if hard == resource.RLIM_INFINITY:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    result = run("-c", LIMITED, str(soft), str(hard))
    assert result.stdout == f"{connections} {raised} {hard}\n", result.stderr


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
        connection.sendall(chunked(installation, Expect="100-continue"))
        assert connection.recv(len(CONTINUE)) == CONTINUE  # the worker has begun to read
        connection.sendall(chunks(body[:9]))
        server.process.terminate()
        server.wait_for_line("Handling signal: term")
        time.sleep(0.3)  # the worker knows by now that it is to end
        connection.sendall(chunks(body[9:]) + b"0\r\n\r\n")
        assert read(connection).status == 201
        assert server.process.wait(timeout=60) == 0
