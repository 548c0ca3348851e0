"""gunicorn's worker of threads, mended where one client's idleness costs all others (gunicorn 27.0.1).

It has a thread wait five seconds for a new connection's first byte, so that eight idle connections keep eight threads
busy; and its one loop wait two seconds for a client to close a connection after the last answer, so that a client who
doesn't keeps a whole worker from accepting anybody. Here both kinds wait in the loop's poller, at no one's cost.
"""

import socket
import time
from collections import deque
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

LINGER = 2  # seconds between our last byte and a close at the latest, so that it's read first (RFC 9112, section 9.6)
MOST_DRAINED = 65_536  # bytes that a client may still send meanwhile, to nobody


class Worker(ThreadWorker):
    """Gives a connection a thread from its first byte on, to its last answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ending: deque[Any] = deque()  # earliest first: all have the same time

    def enqueue_req(self, conn: Any) -> None:
        """Hand a connection to the threads, a new one as soon as it says something."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
        else:
            conn.set_timeout()
            self.pending_conns.append(conn)
            self.watch(conn, self.on_pending_socket_readable)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Take a connection back from the threads; one that has had its last answer ends here."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self.end(conn)

    def end(self, conn: Any) -> None:
        """Say that no more will come, and close when the client has done so."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:  # It's gone already.
            self.close(conn)
            return
        conn.timeout, conn.left = time.monotonic() + LINGER, MOST_DRAINED
        self.ending.append(conn)
        self.watch(conn, self.on_ending_socket_readable)

    def watch(self, conn: Any, then: Any) -> None:
        """Have the loop call `then` when there is something to read."""
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, EVENT_READ, partial(then, conn))

    def on_ending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """Read what still comes, to nobody; close at its end."""
        with suppress(OSError):
            data = client.recv(4_096)
            conn.left -= len(data)
            if data and conn.left > 0:
                return
        self.ending.remove(conn)
        self.poller.unregister(client)
        self.close(conn)

    def murder_pending(self) -> None:
        """Close what has waited too long: for a first byte, or for the client to close."""
        super().murder_pending()
        while self.ending and self.ending[0].timeout <= time.monotonic():
            conn = self.ending.popleft()
            self.poller.unregister(conn.sock)
            self.close(conn)

    def close(self, conn: Any) -> None:
        """Let go of a connection."""
        self.nr_conns -= 1
        conn.close()
