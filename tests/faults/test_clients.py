"""Clients that misbehave, before gunicorn itself and before nginx as it's shipped: all others go on being served."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.faults.manners import ALL_SERVED, begun, break_off, head, idle, others, slow
from tests.faults.servers import Api, beside

pytestmark = pytest.mark.faults
IDLE, UNCLOSED = 1_000, 200


@pytest.fixture(scope="module", autouse=True)
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_idle_connections_take_no_thread(direct: Api) -> None:
    with idle(direct, IDLE):
        assert others(direct) == ALL_SERVED


def test_clients_that_keep_their_end_open_hold_nobody_up(direct: Api) -> None:
    last = head(direct, "GET", Connection="close") + b"\r\n"
    with ExitStack() as connections:
        for _ in range(UNCLOSED):
            connections.enter_context(begun(direct, last))
        assert others(direct) == ALL_SERVED


@pytest.mark.parametrize("served", ["direct", "proxied"])
def test_clients_that_break_off_harm_nobody(served: str, request: pytest.FixtureRequest) -> None:
    api: Api = request.getfixturevalue(served)
    with beside(partial(break_off, api)):
        assert others(api) == ALL_SERVED
    assert others(api) == ALL_SERVED
    assert "Traceback" not in request.getfixturevalue("direct").server.log.read_text()


def test_behind_nginx_slow_and_idle_and_broken_clients_harm_nobody(proxied: Api) -> None:
    with idle(proxied, IDLE), slow(proxied), beside(partial(break_off, proxied)):
        assert others(proxied) == ALL_SERVED
