"""How gunicorn serves Asteri: `gunicorn asteri.wsgi`, with nothing else to say.

gunicorn reads `gunicorn.conf.py` of the folder that it's started in, and that file takes everything from here. Nothing
that this file imports may read the settings: what gunicorn is told by its options has to reach them first.
"""

import json
import os
import sys
import uuid
from socket import socket
from typing import Any

import gunicorn.util

from asteri.api import CONTRACT_VERSION


def number(name: str, default: int) -> int:
    """Answer a whole number of the environment; end with a sentence where it's none. Settings are not read yet."""
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text)):
        sys.exit(f"{name} must be a whole number of 1 or more, not {text!r}.")
    return int(text)


bind = f"{os.environ.get('BIND') or '0.0.0.0'}:{number('PORT', 3000)}"  # noqa: S104 - a server serves.
workers = number("WEB_CONCURRENCY", 1)
worker_class = "gthread"
threads = number("THREADS", 8)
keepalive = 75  # seconds; above the 60 that load balancers keep idle connections, so that none reuses a closed one
control_socket_disable = True
limit_request_line = 8190
proc_name = "asteri"

# No query string (it holds personal data) and never the key: its public id stands in for it.
accesslog = "-"
access_log_format = (
    '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(B)s bytes %(M)s ms request=%({asteri.request_id}e)s key=%({asteri.key}e)s'
)


def on_starting(server: Any) -> None:
    """Run the system checks before the first worker; what they find wrong is said in sentences, and nothing starts."""
    os.environ["WEB_CONCURRENCY"] = str(server.cfg.workers)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asteri.settings")
    import django  # noqa: PLC0415 - settings are read when gunicorn starts, not when it reads this file.
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import CommandError, call_command  # noqa: PLC0415

    try:
        django.setup()
        call_command("check")
    except (CommandError, ImproperlyConfigured) as error:
        sys.exit(f"{error}")


def write_json_error(sock: socket, status_int: int, reason: str, mesg: str) -> None:
    """Answer a request that gunicorn itself refuses (a broken header, an endless line) in JSON, without its details."""
    body = json.dumps({"error": reason}).encode()
    head = (
        f"HTTP/1.1 {status_int} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Request-Id: {uuid.uuid4().hex}\r\nAsteri-Version: {CONTRACT_VERSION}\r\n\r\n"
    )
    gunicorn.util.write_nonblock(sock, head.encode() + body)


gunicorn.util.write_error = write_json_error
