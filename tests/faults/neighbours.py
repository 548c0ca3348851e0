"""Neighbours that a test may stop, freeze and fill: a Redis and a PostgreSQL of its own, on ports that were free."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.faults.servers import Database
from tests.processes import free_port

PATIENCE = 180  # seconds; a neighbour that takes longer to start has failed
ROLE = "asteri"


def program(name: str, folder: str = "") -> str:
    """Answer where a program is. Without it the test is skipped, or fails where FAULTS_REQUIRED says so."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], folder]))
    if found is None:
        give_up = pytest.fail if os.environ.get("FAULTS_REQUIRED") else pytest.skip
        give_up(f"{name} is not installed.")
    return str(found)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "It never came to be so."
        time.sleep(0.02)


@dataclass
class RedisServer:
    """A Redis that keeps everything in memory."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=PATIENCE, retry=Retry(NoBackoff(), 0))

    def start(self) -> None:
        where = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        command = (program("redis-server"), *where, "--save", "", "--appendonly", "no")
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self.answers)

    def answers(self) -> bool:
        with suppress(redis.RedisError), self.client as client:
            return bool(client.ping())
        return False

    def send(self, sign: signal.Signals) -> None:
        """Freeze it by SIGSTOP, thaw it by SIGCONT."""
        assert self.process
        self.process.send_signal(sign)

    def stop(self) -> None:
        """End it, frozen or not; what it held is gone."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextmanager
def own_redis(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder, free_port())
    try:
        server.start()
        yield server
    finally:
        server.stop()


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL with one database, whose owner is nobody special, as the API's role should be."""

    bin: Path
    folder: Path
    port: int

    @property
    def database(self) -> Database:
        return Database(f"postgres://{ROLE}@127.0.0.1:{self.port}/{ROLE}")

    def run(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs, which refuse to be root."""
        as_nobody_special = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        command = (*as_nobody_special, str(self.bin / name), "-D", str(self.folder / "data"), *arguments)
        subprocess.run(command, cwd="/", check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)

    def own(self, folder: Path) -> None:
        """Give a folder to the user that it runs as."""
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")

    def create(self) -> None:
        self.run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.start()
        self.execute(f"CREATE ROLE {ROLE} LOGIN")
        self.execute(f"CREATE DATABASE {ROLE} OWNER {ROLE}")

    def start(self) -> None:
        """Start it and wait until it answers; without fsync, as what a stop leaves in the system's memory is enough."""
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        options |= {"max_connections": 40, "superuser_reserved_connections": 3}
        text = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        self.run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", text)

    def stop(self, mode: str) -> None:
        self.run("pg_ctl", "stop", "-w", "-m", mode)

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        """Connect to the API's database as a superuser."""
        return psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", autocommit=True, **options)

    def execute(self, statement: LiteralString, database: str = "postgres") -> None:
        with self.connect(dbname=database) as connection:
            connection.execute(statement)

    def connections_of_the_api(self) -> int:
        query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND application_name = ''"
        with self.connect(dbname="postgres") as connection:
            (count,) = connection.execute(query, [ROLE]).fetchone() or (0,)
        return int(count)

    def disconnect_api(self) -> None:
        """End the API's connections, in the middle of what they do."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND application_name = ''"
        with self.connect(dbname="postgres") as connection:
            connection.execute(query, [ROLE])


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """Make a PostgreSQL in a folder that its user may enter, and throw it away."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    bin_ = Path(program("initdb", str(folders[-1]) if folders else "")).resolve().parent
    with tempfile.TemporaryDirectory() as name:
        cluster = Cluster(bin_, Path(name), free_port())
        try:
            cluster.own(cluster.folder)
            cluster.create()
            yield cluster
        finally:
            with suppress(subprocess.CalledProcessError):
                cluster.stop("immediate")
