"""Clients with manners of their own: idle, slow, breaking off; and others, who are to be served beside them."""

import socket
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from threading import Event

from tests.callers import CUSTOMERS
from tests.faults.servers import LONGEST, Api, beside, customer

SLOW, BROKEN = 40, 100
OTHERS = 60
SMALL = 4_096
BAD = "127.0.0.2"  # their address, of which nginx counts the requests


def head(api: Api, method: str, path: str = "", **headers: str) -> bytes:
    lines = {"Host": "localhost", "x-api-key": api.key, "x-organization-id": api.organization, **headers}
    return f"{method} {CUSTOMERS}{path} HTTP/1.1\r\n".encode() + b"".join(
        f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in lines.items()
    )


def connect(api: Api, address: str = BAD) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    connection.bind((address, 0))
    connection.settimeout(LONGEST)
    connection.connect(("127.0.0.1", api.server.port))
    return connection


def beginnings(api: Api) -> dict[str, bytes]:
    """Answer how far a request gets before its client breaks off or begins to trickle."""
    return {
        "head": head(api, "GET")[:-20],
        "body": head(api, "POST", Content_Type="application/json", Content_Length="5000") + b'\r\n{"account_type": "',
        "answer": head(api, "GET", "?limit=100") + b"\r\n",
    }


@contextmanager
def idle(api: Api, count: int) -> Iterator[None]:
    """Have connections that never say a word."""
    with ExitStack() as connections:
        for _ in range(count):
            connections.enter_context(connect(api))
        yield


@contextmanager
def slow(api: Api) -> Iterator[None]:
    """Have clients that have begun well, and send, or read, one byte a second from then on."""
    with ExitStack() as connections:
        begun_well = [
            (connections.enter_context(begun(api, sent)), sent) for sent in SLOW * [*beginnings(api).values()]
        ]
        with beside(partial(trickle, begun_well)):
            yield


def trickle(clients: list[tuple[socket.socket, bytes]], stop: Event) -> None:
    while not stop.wait(1):
        for connection, sent in clients:
            with suppress(OSError):
                connection.recv(1) if sent.endswith(b"\r\n\r\n") else connection.send(b"x")


def begun(api: Api, sent: bytes, address: str = BAD) -> socket.socket:
    connection = connect(api, address)
    connection.sendall(sent)
    return connection


def break_off(api: Api, stop: Event) -> None:
    """Be clients that are gone before they have sent all, or read anything."""
    for _ in range(BROKEN):
        for sent in beginnings(api).values():
            with suppress(OSError), begun(api, sent) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset


def others(api: Api) -> Counter[int]:
    """Be clients as they should be; answer how often each status was answered."""

    def create_and_look_up(_: int) -> list[int]:
        created = api.send("POST", body=customer(uuid.uuid4().hex))
        return [created.status, api.send("GET", f"/{created.body['data']['id']}").status]

    pool = ThreadPoolExecutor(4)
    try:
        return Counter(status for pair in pool.map(create_and_look_up, range(OTHERS)) for status in pair)
    finally:
        pool.shutdown(cancel_futures=True)


ALL_SERVED = {201: OTHERS, 200: OTHERS}
