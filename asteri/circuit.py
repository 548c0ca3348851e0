"""A circuit: no request waits for a neighbour that is known to be out, and none has to tell us when it's back."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from asteri.faults import CACHE_FAULTS

PAUSE = 1.0  # seconds before a neighbour that was out is asked again
WARN_EVERY = 60.0  # seconds
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Circuit:
    """Asks a neighbour as long as it answers.

    After a fault the circuit is open, and nobody asks for PAUSE seconds. Then one request in each PAUSE asks again,
    while all others go on without; the first that is answered closes the circuit.
    """

    def __init__(self, faults: tuple[type[Exception], ...], warning: str) -> None:
        self.faults, self.warning = faults, warning
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget what was, the last warning included."""
        self.ask_again_at: float | None = None
        self.silent_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the neighbour is out."""
        return self.ask_again_at is not None

    def ask(self, neighbour: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """Answer what the neighbour answers; what `otherwise` does where it's out, now or still."""
        if self.is_open and not self.may_ask_again():
            return otherwise()
        try:
            answer = neighbour()
        except self.faults as fault:
            self.open(fault)
            return otherwise()
        if self.is_open:
            self.close()
        return answer

    def may_ask_again(self) -> bool:
        """Whether it's this request that asks again."""
        with self.lock:
            now = time.monotonic()
            is_due = now >= (self.ask_again_at or 0)
            if is_due:
                self.ask_again_at = now + PAUSE
            return is_due

    def open(self, fault: Exception) -> None:
        """Note that the neighbour is out; warn of it once in WARN_EVERY seconds."""
        with self.lock:
            now = time.monotonic()
            self.ask_again_at = now + PAUSE
            is_quiet = now < self.silent_until
            if not is_quiet:
                self.silent_until = now + WARN_EVERY
        if not is_quiet:
            logger.warning("%s (%s: %s)", self.warning, type(fault).__name__, fault)

    def close(self) -> None:
        """Note that the neighbour is back."""
        self.ask_again_at = None
        logger.info("The shared cache answers again.")


shared_cache = Circuit(
    CACHE_FAULTS, "The shared cache does not answer: each process counts for itself, up to its share of the limits."
)
