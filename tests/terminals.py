"""Terminals: somebody who watches a command, and somebody who presses Ctrl-C."""

import os
import pty
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from typing import Any

from django.db import connection, transaction

LARGEST = 65_536  # bytes that are read at once


class Shown:
    """What a terminal has shown."""

    text = ""


@contextmanager
def terminal() -> Iterator[Shown]:
    """Make standard error a terminal; what it showed can be read afterwards."""
    shown, real = Shown(), sys.stderr
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with os.fdopen(ours, "rb", buffering=0) as screen:
        try:
            with os.fdopen(theirs, "w") as sys.stderr:
                yield shown
        finally:
            sys.stderr = real
            shown.text = b"".join(parts_of(screen)).decode()


def parts_of(screen: RawIOBase) -> Iterator[bytes]:
    """Yield what a terminal shows, part by part, as the kernel hands it over, until nobody can write to it any more."""
    with suppress(OSError):
        while part := screen.read(LARGEST):
            yield part


@contextmanager
def interrupted_at(number: int, *, is_committed: bool = False) -> Iterator[None]:
    """Press Ctrl-C when that many batches of customers are being stored, or right behind the commit of the last."""
    batches = iter(range(1, number + 1))

    def press() -> None:
        signal.raise_signal(signal.SIGINT)

    def watch(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if "INSERT INTO customers_customer " in sql and next(batches, number) == number:
            transaction.on_commit(press) if is_committed else press()
        return execute(sql, params, many, context)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with connection.execute_wrapper(watch):
            yield
    finally:
        signal.signal(signal.SIGINT, before)
