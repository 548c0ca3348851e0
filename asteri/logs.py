"""Logs: one line a request on standard output, and what the application has to say on standard error, in one form.

LOG_FORMAT says which: `json` for machines that gather logs, `text` for people. No line holds a key's secret, a path, a
query string or a body.
"""

import json
import logging
import re
from datetime import UTC, datetime
from functools import partial
from typing import Any

from asteri.api.exchange import REQUEST_ID, Exchange, route_of
from asteri.api.renderers import encode
from asteri.lines import Lines
from asteri.moments import timestamp

STANDARD_OUTPUT = 1
REQUESTS = Lines(STANDARD_OUTPUT)
DETAIL = re.compile(r"^DETAIL: .*$", re.MULTILINE)  # PostgreSQL's: the row that was refused, as it was sent
encode_any = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def write_json(exchange: Exchange) -> None:
    """Have a request's line written as JSON."""
    REQUESTS.write(partial(json_line, datetime.now(UTC), exchange))


def write_text(exchange: Exchange) -> None:
    """Have a request's line written for people."""
    REQUESTS.write(partial(text_line, datetime.now(UTC), exchange))


def json_line(moment: datetime, exchange: Exchange) -> str:
    """Answer a request's line as JSON."""
    line = {
        "time": timestamp(moment),
        "level": "INFO",
        "logger": "asteri.requests",
        "request_id": exchange.request_id,
        "method": exchange.method,
        "route": exchange.route,
        "status": exchange.status,
        "ms": round(exchange.seconds * 1_000, 1),
        "bytes": exchange.size,
        "key": exchange.key,
        "organization": exchange.organization,
        "rate": exchange.rate,
        "refusal": exchange.refusal,
    }
    return encode(line).decode()


def text_line(moment: datetime, exchange: Exchange) -> str:
    """Answer a request's line for people."""
    refusal = f" refusal={exchange.refusal!r}" if exchange.refusal else ""
    return (
        f"{timestamp(moment)} {exchange.method} {exchange.route} {exchange.status} {exchange.size} bytes "
        f"{exchange.seconds * 1_000:.1f} ms request={exchange.request_id} key={exchange.key or '-'} "
        f"organization={exchange.organization or '-'} rate={exchange.rate or '-'}{refusal}"
    )


class TextFormatter(logging.Formatter):
    """What the application has to say, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Answer the record's line, and the lines of its exception."""
        told = fields_of(record, self)
        head = f"{told['time']} {told['level']} {told['logger']} {told['message']}"
        return head + (f"\n{told['exception']}" if "exception" in told else "")

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name.
        """Answer the traceback without what a database quotes of a row."""
        return DETAIL.sub("DETAIL: left out", super().formatException(ei))


class JsonFormatter(TextFormatter):
    """What the application has to say, one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Answer the record's line."""
        return encode_any(fields_of(record, self))


def fields_of(record: logging.LogRecord, formatter: logging.Formatter) -> dict[str, Any]:
    """Answer what a line says, in its order."""
    told = {
        "time": timestamp(datetime.fromtimestamp(record.created, UTC)),
        "level": record.levelname,
        "logger": record.name,
        "request_id": REQUEST_ID.get(),
        "message": record.getMessage(),
    }
    return told | ({"exception": formatter.formatException(record.exc_info)} if record.exc_info else {})


class RouteForPath(logging.Filter):
    """Keeps what Django says of a request from naming its path, which may hold personal data: the route is named.

    What a view has answered, on the other hand, has been logged where it arose, and is not said again.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Answer whether the record is kept: it tells of an exception."""
        request: Any = getattr(record, "request", None)
        if request:
            route = route_of(request)
            record.args = tuple(route if arg == request.path else arg for arg in record.args or ())
        return bool(record.exc_info)


class WithoutRequest(logging.Filter):
    """Keeps gunicorn from quoting a request that it refuses, its headers and query string included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Answer whether the record is kept: what is refused has its own line, with all other requests."""
        if record.msg.startswith("Error handling request"):
            record.msg, record.args = "Error handling request", ()
        return not record.msg.startswith("Invalid request from ")
