"""SQLite in trouble: locked by another writer or on a full disk, writes are the contract's 503 and reads go on."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from tests.faults.disks import full
from tests.faults.servers import Api, Database, serving_api
from tests.faults.tally import Tally, status

SECONDS = float(os.environ.get("FAULT_OUT") or 1.5)  # how long a fault lasts
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        os.environ.get("DATABASE_URL", "").startswith("postgres"),
        reason="It needs SQLite, and DATABASE_URL names a PostgreSQL.",
    ),
]


@contextmanager
def serving_in(folder: Path) -> Iterator[tuple[Api, Path]]:
    """Serve a database in a folder, with a short patience for locks."""
    file = folder / "faults.sqlite3"
    with serving_api(folder, Database(f"sqlite:///{file}"), DATABASE_LOCK_TIMEOUT="0.3") as api:
        yield api, file


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold SQLite's one lock on writing."""
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        yield
        writer.execute("ROLLBACK")


def check_fault(name: str, api: Api, fault: AbstractContextManager[None], file: Path) -> None:
    """See that reads go on while writes can't, that all do afterwards, and that the file is whole."""
    tally = Tally(name, api)
    assert status(tally.create()) == 201
    with fault:
        tally.read()  # notes that the key is in use, if it can; whoever comes within the same minute need not
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            assert (status(tally.create()), status(tally.read())) == (503, 200)
    tally.lifted_at = time.monotonic()
    assert (status(tally.create()), status(tally.read())) == (201, 200)
    tally.check()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_while_another_writer_holds_the_lock_reads_go_on(tmp_path: Path) -> None:
    with serving_in(tmp_path) as (api, file):
        check_fault("SQLite locked by another writer", api, locked(file), file)


def test_while_the_disk_is_full_reads_go_on(small_disk: Path) -> None:
    with serving_in(small_disk) as (api, file):
        check_fault("SQLite on a full disk", api, full(small_disk), file)
