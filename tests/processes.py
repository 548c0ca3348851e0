"""Processes: how the tests run our commands and servers, as their users would."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 300  # seconds; a command that takes longer hangs, however busy the machine is
UNMEASURED = dict.fromkeys(("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"))  # no coverage, which costs time


def surroundings(**changes: str | None) -> dict[str, str]:
    """Answer this process's environment with some variables changed; one that is None is left out."""
    return {name: value for name, value in {**os.environ, **changes}.items() if value is not None}


def database_of_the_tests() -> str:
    """Answer the address of the tests' own database, for another process."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def run(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run our own interpreter in the project's folder, to its end."""
    return run_in(ROOT, *arguments, **changes)


def run_in(folder: Path, *arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run our own interpreter in a folder, to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=surroundings(**changes),
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


@dataclass(frozen=True)
class Answer:
    """A status, headers and a JSON body."""

    status: int
    headers: http.client.HTTPMessage
    body: Any


@dataclass(frozen=True)
class Server:
    """A server under test: its process, where it listens, and where its output goes."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST)

    def ask(self, raw: bytes) -> Answer:
        with self.connect() as connection:
            connection.sendall(raw)
            return read(connection)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        lines = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(data)), **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        return self.ask(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)

    def wait_until_it_answers(self) -> None:
        for _ in range(LONGEST * 20):
            assert self.process.poll() is None, self.log.read_text()
            try:
                self.connect().close()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError(self.log.read_text())

    def wait_for_line(self, text: str) -> str:
        """Answer the line of the log with that text, as soon as it is written."""
        for _ in range(LONGEST * 20):
            line = next((line for line in self.log.read_text().splitlines() if text in line), "")
            if line:
                return line
            time.sleep(0.05)
        raise TimeoutError(f"{text} is not in {self.log.read_text()}")


def read(connection: socket.socket) -> Answer:
    with closing(http.client.HTTPResponse(connection)) as response:
        response.begin()
        return Answer(response.status, response.headers, json.loads(response.read()))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def serving(*arguments: str, port: int, log: Path, **changes: str | None) -> AbstractContextManager[Server]:
    """Start a server in the project's folder, wait until it answers, and end it with SIGTERM."""
    return serving_in(ROOT, *arguments, port=port, log=log, **changes)


@contextmanager
def serving_in(folder: Path, *arguments: str, port: int, log: Path, **changes: str | None) -> Iterator[Server]:
    """Start a server in a folder, wait until it answers, and end it with SIGTERM."""
    command, env = [sys.executable, *arguments], surroundings(**changes)
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            server = Server(process, port, log)
            server.wait_until_it_answers()
            yield server
        finally:
            end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a server with SIGTERM, and wait until it has ended; one that doesn't is killed, which fails the test."""
    process.terminate()
    try:
        process.wait(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


@dataclass(frozen=True)
class Installation:
    """A folder that quickstart has set up: `.env`, a database, and what it printed."""

    folder: Path
    printed: dict[str, str]

    @property
    def surroundings(self) -> dict[str, str | None]:
        return installed_in(self.folder)

    @property
    def headers(self) -> dict[str, str]:
        return {"x_api_key": self.printed["api_key"], "x_organization_id": self.printed["organization_id"]}


def installed_in(folder: Path) -> dict[str, str | None]:
    """Answer the environment of a laptop whose settings and database stand in that folder."""
    return {
        "ENV_FILE": str(folder / ".env"),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        **dict.fromkeys(("CACHE_URL", "SECRET_KEY", "API_KEY_PEPPERS", "PORT", "BIND", "WEB_CONCURRENCY")),
    }


def install(folder: Path) -> Installation:
    result = run("manage.py", "quickstart", "--no-serve", "--json", **installed_in(folder))
    assert result.returncode == 0, result.stderr
    return Installation(folder, json.loads(result.stdout))
