"""Servers to be hard on: a real gunicorn on a database of its own, which is thrown away in the end."""

import http.client
import json
import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any, LiteralString, TypeVar
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.callers import CUSTOMERS, MANY
from tests.processes import UNMEASURED, Answer, Server, free_port, run, serving

GUNICORN = ("-m", "gunicorn")
THREADS = "4"  # of each process: all servers of all tests that run at once have a hundred connections to PostgreSQL
LONGEST = 120  # seconds; an answer that takes longer never comes
T = TypeVar("T")


@dataclass(frozen=True)
class Database:
    """A database that one test has for itself."""

    url: str

    @property
    def is_postgresql(self) -> bool:
        return self.url.startswith("postgres")

    @property
    def workers(self) -> int:
        """How many processes may serve it: several need PostgreSQL and a cache that they share."""
        return 3 if self.is_postgresql and os.environ.get("CACHE_URL") else 1

    def rows(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """Answer what stands in it, read past the API."""
        if self.is_postgresql:
            with psycopg.connect(self.url) as connection:
                return connection.execute(query).fetchall()
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as file:
            return file.execute(query).fetchall()


@dataclass(frozen=True)
class Api:
    """The API of a server under test, asked with a key that has every scope on customers and no limit to speak of."""

    database: Database
    server: Server
    organization: str
    key: str
    limited_keys: tuple[str, ...] = ()

    def limited(self, number: int = 0) -> "Api":
        """Answer the API as the holder of a key with limits asks it."""
        return replace(self, key=self.limited_keys[number])

    def send(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        """Send a request to the customers routes, over a connection of its own; raise one of BROKEN if it breaks."""
        lines = {"x-api-key": self.key, "x-organization-id": self.organization, "Connection": "close"}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines |= {"Content-Type": "application/json"} if body is not None else {}
        data = json.dumps(body) if body is not None else None
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=LONGEST)) as connection:
            connection.request(method, CUSTOMERS + path, data, lines)
            response = connection.getresponse()
            text = response.read()
            return Answer(response.status, response.headers, json.loads(text) if text else None)


BROKEN = (OSError, http.client.HTTPException)


def customer(name: str) -> dict[str, str]:
    """Answer the body of a create; who `name` is shows in the e-mail."""
    return {"account_type": "business", "email": email(name), "phone": "+1-404-555-0128"}


def email(name: str) -> str:
    return f"{name}@example.com"


@contextmanager
def throw_away_database(folder: Path) -> Iterator[Database]:
    """Make a database on the server of DATABASE_URL and drop it; without such a server, a file in the folder."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield Database(f"sqlite:///{folder / 'faults.sqlite3'}")
        return
    name = f"faults_{uuid.uuid4().hex}"
    execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield Database(urlsplit(server)._replace(path=f"/{name}").geturl())
    finally:
        execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def execute(server: str, statement: sql.Composed) -> None:
    """Carry out a statement that concerns a whole database."""
    url = urlsplit(server)._replace(path="/postgres").geturl()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def manage(database: Database, *arguments: str) -> str:
    """Run a command of manage.py on the database; answer what it printed."""
    result = run("manage.py", *arguments, DATABASE_URL=database.url, **UNMEASURED)
    assert result.returncode == 0, result.stderr
    return result.stdout


def prepare(database: Database, *limits: dict[str, int]) -> tuple[str, list[str]]:
    """Make the tables, an organization and its keys: one without a limit to speak of, then one for each limit."""
    wanted = [json.dumps({"per_minute": MANY, **each}) for each in ({}, *limits)]
    result = run("-m", "tests.faults.preparation", *wanted, DATABASE_URL=database.url, **UNMEASURED)
    assert result.returncode == 0, result.stderr
    made = json.loads(result.stdout)
    return made["organization"], made["keys"]


@contextmanager
def serving_api(
    folder: Path, database: Database | None = None, *limits: dict[str, int], **changes: str
) -> Iterator[Api]:
    """Serve a new organization until the end of the block, in a new database where none is given."""
    with throw_away_database(folder) if database is None else nullcontext(database) as where:
        organization, keys = prepare(where, *limits)
        with serving_gunicorn(folder / "log", where, **changes) as server:
            yield Api(where, server, organization, keys[0], tuple(keys[1:]))


@contextmanager
def serving_gunicorn(
    log: Path, database: Database, application: str = "asteri.wsgi", **changes: str
) -> Iterator[Server]:
    """Serve a database until the end of the block."""
    port = free_port()
    where = {"BIND": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": str(database.workers), "THREADS": THREADS}
    where |= {"DATABASE_URL": database.url, **changes}
    with serving(*GUNICORN, application, port=port, log=log, **where) as server:
        yield server


@contextmanager
def beside(*jobs: Callable[[Event], T]) -> Iterator[list[Future[T]]]:
    """Run jobs in threads beside the block; at its end tell them to stop, and raise what one of them has raised."""
    stop = Event()
    with ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(job, stop) for job in jobs]
        try:
            yield futures
        finally:
            stop.set()
    for future in futures:
        future.result()
