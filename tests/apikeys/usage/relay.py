"""A relay before PostgreSQL, which breaks a connection off at its COMMIT: before the server hears it, or after."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import connection

PATIENCE = 30  # seconds


@contextmanager
def database_elsewhere(**where: object) -> Iterator[None]:
    """Have this thread's connections go elsewhere, until the end of the block."""
    given = {name: connection.settings_dict[name] for name in where}
    connection.close()
    connection.settings_dict.update(where)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(given)


@contextmanager
def breaking_at_commit(*, is_heard: bool) -> Iterator[None]:
    """Have the database lie behind a relay that breaks its first connection off, until the end of the block."""
    server = (connection.settings_dict["HOST"] or "127.0.0.1", int(connection.settings_dict["PORT"] or 5432))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=relay, args=(listener, server, is_heard))
        thread.start()
        with database_elsewhere(HOST="127.0.0.1", PORT=listener.getsockname()[1]):
            yield
        thread.join(PATIENCE)
    assert not thread.is_alive()


def relay(listener: socket.socket, server: tuple[str, int], is_heard: bool) -> None:
    """Relay one connection up to its COMMIT; where it `is_heard`, the server has answered it before all ends."""
    client, _ = listener.accept()
    with client, socket.create_connection(server, timeout=PATIENCE) as upstream:
        answers = threading.Thread(target=pump, args=(upstream, client))
        answers.start()
        while b"COMMIT" not in (data := client.recv(65_536)):
            upstream.sendall(data)
        client.shutdown(socket.SHUT_WR)  # no answer reaches it any more
        if is_heard:
            upstream.sendall(data)
            while b"COMMIT" not in ANSWERED:
                answers.join(0.01)
        with suppress(OSError):
            upstream.shutdown(socket.SHUT_RDWR)
        answers.join(PATIENCE)


ANSWERED = bytearray()


def pump(upstream: socket.socket, client: socket.socket) -> None:
    """Hand the server's answers on, as long as there is somebody to take them."""
    ANSWERED.clear()
    with suppress(OSError):
        while data := upstream.recv(65_536):
            ANSWERED.extend(data)
            with suppress(OSError):
                client.sendall(data)
