"""The API as a machine serves it whose clock the test has set: FAULT_CLOCK names a file with the moment that it shows.

All processes that read the file have one clock, which stands still, so a window ends when the test wants it to.
"""

import os
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse

import time_machine

from asteri.wsgi import application as served

CLOCK = Path(os.environ["FAULT_CLOCK"])
one_at_a_time = threading.Lock()


@cache
def set_clock(moment: str) -> time_machine.Traveller:
    """Set this process's clock, in seconds of Unix; it stands still from then on."""
    return time_machine.travel(float(moment), tick=False).start()


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the API does, by the clock that the test has set; note in the log which process does."""
    environ["wsgi.errors"].write(f"answered by <{os.getpid()}>\n")
    with one_at_a_time:
        if CLOCK.exists():
            set_clock(CLOCK.read_text())
    return served(environ, start_response)
