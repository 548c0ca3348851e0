"""A proxy that makes faults for real: what a request meets on its way stands in the path that its client was given.

With `http://127.0.0.1:PORT/503-1,lost/NAME` as its base URL a client's first request is answered 503 with
`Retry-After: 1`, the answer of the second is lost, and all others pass. `/attempts/NAME` tells what arrived.
"""

import http.client
import json
import socket
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

LONGEST = 30  # seconds; a client that has not left by then hangs
HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding", "accept-encoding"}
MESSAGES = {
    409: "A request with this Idempotency-Key is in progress",
    429: "API key minute rate limit exceeded",
    500: "Failed to fetch customers",
    503: "Failed to fetch customers",
}


@dataclass(frozen=True)
class Attempt:
    """A request as it arrived; `at` is in seconds."""

    method: str
    key: str | None
    if_match: str | None
    fault: str
    at: float


@dataclass(frozen=True)
class Proxy:
    """A proxy that listens."""

    port: int
    attempts: dict[str, list[Attempt]]

    def path(self, *faults: str) -> str:
        """Answer a base URL of its own for a client whose requests meet these faults, one each."""
        return f"http://127.0.0.1:{self.port}/{','.join(faults) or 'ok'}/{uuid.uuid4().hex}"

    def met(self, base_url: str) -> list[Attempt]:
        """Answer what arrived at a base URL."""
        return self.attempts[base_url.rpartition("/")[2]]


class Handler(BaseHTTPRequestHandler):
    """Carries a request on, or does not; makes its answer come back, or not."""

    protocol_version = "HTTP/1.1"
    upstream: ClassVar[int]
    attempts: ClassVar[dict[str, list[Attempt]]]

    def answer(self) -> None:
        """Do to a request what its path says."""
        self.close_connection = True
        _, plan, name, rest = self.path.split("/", 3)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        met, faults = self.attempts[name], plan.split(",")
        fault = faults[len(met)] if len(met) < len(faults) else "ok"
        key, if_match = self.headers.get("Idempotency-Key"), self.headers.get("If-Match")
        met.append(Attempt(self.command, key, if_match, fault, time.monotonic()))
        kind, _, seconds = fault.partition("-")
        if kind.isdigit():
            self.refuse(int(kind), seconds)
        else:
            WAYS[kind](self, f"/{rest}")

    def do_GET(self) -> None:
        """Answer a GET; `/attempts/NAME` is for whoever made the path."""
        if not self.path.startswith("/attempts/"):
            return self.answer()
        self.close_connection = True
        told = [asdict(attempt) for attempt in self.attempts[self.path.rpartition("/")[2]]]
        return self.reply(200, {"Content-Type": "application/json"}, json.dumps(told).encode())

    do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names are the library's.

    def refuse(self, status: int, retry_after: str) -> None:
        """Answer as the API would, without asking it."""
        headers = {"Content-Type": "application/json", **({"Retry-After": retry_after} if retry_after else {})}
        extra = {"limit": 60, "window": "minute"} if status == 429 else {}
        self.reply(status, headers, json.dumps({"error": MESSAGES[status], **extra}).encode())

    def reply(self, status: int, headers: dict[str, str], body: bytes, *, most: int | None = None) -> None:
        """Answer, the body's first `most` bytes alone where that is said."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
            if not (status == 204 and name == "Content-Length"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:most])

    def ask(self, path: str, **changes: str) -> tuple[int, dict[str, str], bytes]:
        """Ask the API; answer what it says."""
        sent = {name.lower(): value for name, value in self.headers.items()}
        kept = {name: value for name, value in sent.items() if name not in HOP_BY_HOP}
        with closing(http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=LONGEST)) as connection:
            connection.request(self.command, path, self.body or None, {**kept, **changes})
            response = connection.getresponse()
            headers = {name: value for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP}
            return response.status, headers, response.read()

    def carry_on(self, path: str) -> None:
        """Let everything pass."""
        self.reply(*self.ask(path))

    def lose_answer(self, path: str) -> None:
        """Have the request carried out, and cut the connection in place of an answer."""
        self.ask(path)
        self.connection.shutdown(socket.SHUT_RDWR)

    def cut_before(self, path: str) -> None:
        """Cut the connection; the API never hears of it."""
        self.connection.shutdown(socket.SHUT_RDWR)

    def halve_answer(self, path: str) -> None:
        """Have the request carried out, and cut the connection in the middle of the answer."""
        status, headers, body = self.ask(path)
        self.reply(status, headers, body, most=len(body) // 2)
        self.connection.shutdown(socket.SHUT_RDWR)

    def say_nothing(self, path: str) -> None:
        """Keep the client waiting until it leaves."""
        self.connection.settimeout(LONGEST)
        self.connection.recv(1)

    def send_elsewhere(self, path: str) -> None:
        """Redirect to where the request came to."""
        self.reply(307, {"Location": self.path}, b"")

    def show_page(self, path: str) -> None:
        """Answer as a gateway that does not reach the API."""
        self.reply(502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>")

    def lie_about_content(self, path: str) -> None:
        """Call the body something other than it is."""
        self.reply(*self.ask(path, **{"content-type": "text/plain"}))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's.
        """Say nothing."""


WAYS: dict[str, Callable[[Handler, str], None]] = {
    "ok": Handler.carry_on,
    "lost": Handler.lose_answer,
    "cut": Handler.cut_before,
    "half": Handler.halve_answer,
    "hang": Handler.say_nothing,
    "redirect": Handler.send_elsewhere,
    "page": Handler.show_page,
    "plain": Handler.lie_about_content,
}


class Listener(ThreadingHTTPServer):
    """Serves each connection in a thread of its own."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that leave are what this is about."""


@contextmanager
def proxying(upstream: int) -> Iterator[Proxy]:
    """Listen until the end of the block, for a server on that port."""
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    handler = type("BoundHandler", (Handler,), {"upstream": upstream, "attempts": attempts})
    with Listener(("127.0.0.1", 0), handler) as listener:
        Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield Proxy(listener.server_port, attempts)
        finally:
            listener.shutdown()
