"""The API as a machine serves it whose clock the test has set: FAULT_CLOCK names a file with the seconds it is ahead.

All processes that read the file have one clock from then on, so a window ends when the test wants it to.
"""

import os
import threading
import time
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
def set_clock(ahead: str) -> time_machine.Traveller:
    """Set this process's clock, which goes on from there."""
    return time_machine.travel(time.time() + float(ahead), tick=True).start()


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the API does, by the clock that the test has set; note in the log which process does."""
    environ["wsgi.errors"].write(f"answered by <{os.getpid()}>\n")
    with one_at_a_time:
        if CLOCK.exists():
            set_clock(CLOCK.read_text())
    return served(environ, start_response)
