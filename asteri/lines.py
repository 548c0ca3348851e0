"""Lines: what a process has to say, written beside its work."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable

logger = logging.getLogger(__name__)
MOST_WAITING = 10_000  # lines; a few megabytes
GATHERING = 0.05  # seconds: one write for what comes meanwhile, and what a killed process may leave unsaid
LONGEST_END = 2  # seconds that an ending process waits for its reader


class Lines:
    """Writes lines to a file from a thread of its own, so that a reader who is slow or gone holds nobody up.

    A line is given as what spells it out, for that thread to call: a line among many costs half of one by itself. While
    the reader takes none, MOST_WAITING lines wait; those that come after are dropped, and their number is logged.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.waiting: deque[Callable[[], str]] = deque()
        self.dropped = 0
        self.is_open = False
        self.has_some = threading.Event()

    def open(self) -> None:
        """Begin to write; before that, lines are nobody's to read and go nowhere."""
        self.is_open = True
        self.thread = threading.Thread(target=self.work, name="lines", daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Write what waits and end; a reader who takes none is not waited for."""
        if self.is_open:
            self.is_open = False
            self.has_some.set()
            self.thread.join(LONGEST_END)

    def write(self, line: Callable[[], str]) -> None:
        """Have a line written, soon; never waits and never fails."""
        if not self.is_open:
            return
        if len(self.waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        self.waiting.append(line)
        if not self.has_some.is_set():
            self.has_some.set()

    def work(self) -> None:
        """Write what waits, again and again, until closed."""
        while self.is_open:
            self.has_some.wait()
            if self.is_open:
                time.sleep(GATHERING)
            self.has_some.clear()
            self.write_waiting()

    def write_waiting(self) -> None:
        """Write what waits; what can't be written is dropped."""
        lines = [self.waiting.popleft() for _ in range(len(self.waiting))]
        try:
            write_all(self.descriptor, b"".join(map(spelled, lines)))
        except OSError:
            self.dropped += len(lines)
            return
        if self.dropped:
            logger.warning("%s lines were dropped: nobody took them.", self.dropped)
            self.dropped = 0


def spelled(line: Callable[[], str]) -> bytes:
    """Answer a line with its end; nothing for one that can't be spelled out, so that the others are written."""
    try:
        return f"{line()}\n".encode()
    except Exception:
        logger.exception("A line was lost.")
        return b""


def write_all(descriptor: int, data: bytes) -> None:
    """Write to the last byte; raise OSError where that is not to be."""
    while data:
        data = data[os.write(descriptor, data) :]
