"""How gunicorn serves Asteri: `gunicorn asteri.wsgi`, with nothing else to say.

gunicorn reads `gunicorn.conf.py` of the folder that it's started in, and that file takes everything from here. Nothing
that this file imports may read the settings: what gunicorn is told by its options has to reach them first.
"""

import io
import json
import os
import resource
import shutil
import sys
import tempfile
import uuid
from socket import socket
from typing import Any

import gunicorn.util
from gunicorn.glogging import Logger

from asteri.api import CONTRACT_VERSION
from asteri.worker import Worker

MOST_CONNECTIONS = 4_000  # to a worker, most of them idle
OTHER_FILES = 100  # that a worker may have open beside its connections
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)  # that a process may have open: what is set, and the most
METERS = "PROMETHEUS_MULTIPROC_DIR"  # the library's name: where processes share their figures


def number(name: str, default: int) -> int:
    """Answer a whole number of the environment; end with a sentence where it's none. Settings are not read yet."""
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text)):
        sys.exit(f"{name} must be a whole number of 1 or more, not {text!r}.")
    return int(text)


class Log(Logger):
    """gunicorn's own log, handed on to the application's, which says where it goes, from which level on and how."""

    def __init__(self, cfg: Any) -> None:
        super().__init__(cfg)
        self.error_log.propagate = True

    def setup(self, cfg: Any) -> None:
        """Leave the handlers to the application's settings."""
        self.cfg = cfg


def connections() -> int:
    """Answer how many connections a worker may hold: it must not run out of files, which would be its end.

    The limit on files is raised before, as far as that is ours to do.
    """
    wanted = MOST_CONNECTIONS + OTHER_FILES
    soft, hard = (wanted if limit == resource.RLIM_INFINITY else limit for limit in FILES)
    files = max(soft, min(wanted, hard))
    if files > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, FILES[1]))
    return min(wanted, files) - OTHER_FILES


bind = f"{os.environ.get('BIND') or '0.0.0.0'}:{number('PORT', 3000)}"  # noqa: S104 - a server serves.
workers = number("WEB_CONCURRENCY", 1)
threads = number("THREADS", 8)
worker_class = Worker if threads > 1 else "sync"  # one thread alone needs no pool, which costs a fifth of a request
worker_connections = connections()
keepalive = 75  # seconds; above the 60 that load balancers keep idle connections, so that none reuses a closed one
control_socket_disable = True
limit_request_line = 8190
proc_name = "asteri"
accesslog = None  # the application writes a line a request itself (asteri/logs.py)
logger_class = Log


def on_starting(server: Any) -> None:
    """Run the system checks before the first worker; what they find wrong is said in sentences, and nothing starts."""
    os.environ["WEB_CONCURRENCY"] = str(server.cfg.workers)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asteri.settings")
    import django  # noqa: PLC0415 - settings are read when gunicorn starts, not when it reads this file.
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import CommandError, call_command  # noqa: PLC0415

    try:
        django.setup()
        call_command("check", stdout=io.StringIO())  # what is sound needs no line
    except (CommandError, ImproperlyConfigured) as error:
        sys.exit(f"{error}")
    make_meters()


def make_meters() -> None:
    """Make a new folder for the figures of the workers, where somebody may ask for them."""
    from django.conf import settings  # noqa: PLC0415

    os.environ.pop(METERS, None)
    if settings.METRICS_TOKEN:
        os.environ[METERS] = tempfile.mkdtemp(prefix="asteri-meters-")


def post_worker_init(worker: Any) -> None:
    """Begin to write the lines of the requests, and to count them."""
    from apikeys.usage.counting import USAGE  # noqa: PLC0415
    from asteri.logs import REQUESTS  # noqa: PLC0415

    REQUESTS.open()
    USAGE.open()


def worker_exit(server: Any, worker: Any) -> None:
    """Write what lines and counts are left."""
    from apikeys.usage.counting import USAGE  # noqa: PLC0415
    from asteri.logs import REQUESTS  # noqa: PLC0415

    USAGE.close()
    REQUESTS.close()


def child_exit(server: Any, worker: Any) -> None:
    """Forget how a worker that has ended stood; what it counted goes on counting."""
    if METERS in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    """Delete the figures."""
    if METERS in os.environ:
        shutil.rmtree(os.environ[METERS], ignore_errors=True)


def write_json_error(sock: socket, status_int: int, reason: str, mesg: str) -> None:
    """Answer a request that gunicorn itself refuses (a broken header, an endless line) in JSON, without its details."""
    from asteri.api.exchange import Exchange, tell  # noqa: PLC0415

    identity, body = uuid.uuid4().hex, json.dumps({"error": reason}).encode()
    head = (
        f"HTTP/1.1 {status_int} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Request-Id: {identity}\r\nAsteri-Version: {CONTRACT_VERSION}\r\n\r\n"
    )
    tell(Exchange(identity, "OTHER", "unknown", status_int, len(body), 0.0, "unknown", refusal=reason))
    gunicorn.util.write_nonblock(sock, head.encode() + body)


gunicorn.util.write_error = write_json_error
