"""What is the asynchronous client's own: it sends and waits as the other does, much at once, and can be cancelled."""

import anyio
import pytest

from asteri_public_api import AsteriTimeoutError, AsyncAsteriPublicApiClient
from tests.sdk.clients import Caller
from tests.sdk.proxy import Proxy
from tests.sdk.test_python_customers import body


def client(caller: Caller, base_url: str) -> AsyncAsteriPublicApiClient:
    return AsyncAsteriPublicApiClient(**{**caller.arguments, "base_url": base_url})


@pytest.mark.parametrize("fault", ["503-1", "lost"])
def test_it_retries_too(caller: Caller, proxy: Proxy, fault: str) -> None:
    url = proxy.path(fault)

    async def create() -> None:
        async with client(caller, url) as ours:
            await ours.customers.create(**body())

    anyio.run(create)
    assert [attempt.fault for attempt in proxy.met(url)] == [fault, "ok"]
    assert len({attempt.key for attempt in proxy.met(url)}) == 1


def test_a_silence_ends_in_time_too(caller: Caller, proxy: Proxy) -> None:
    async def ask() -> None:
        async with client(caller, proxy.path("hang")) as ours:
            await ours.customers.list(options={"timeout": 1, "max_retries": 0})

    with pytest.raises(AsteriTimeoutError):
        anyio.run(ask)


@pytest.mark.parametrize("fault", ["hang", "503-30"])
def test_a_cancelled_call_ends_whether_it_asks_or_waits(caller: Caller, proxy: Proxy, fault: str) -> None:
    url = proxy.path(fault)

    async def ask() -> bool:
        async with client(caller, url) as ours:
            with anyio.move_on_after(2) as scope:
                await ours.customers.list()
        return scope.cancelled_caught

    assert anyio.run(ask)
    assert [attempt.fault for attempt in proxy.met(url)] == [fault]


def test_one_client_asks_much_at_once(caller: Caller) -> None:
    emails = [body()["email"] for _ in range(20)]

    async def create_all() -> int:
        async with client(caller, caller.base_url) as ours:
            async with anyio.create_task_group() as group:
                for email in emails:
                    group.start_soon(create, ours, email)
            return sum([(await ours.customers.list(email=email)).pagination.count for email in emails])

    async def create(ours: AsyncAsteriPublicApiClient, email: str) -> None:
        await ours.customers.create(account_type="business", email=email, phone="+1-404-555-0128")

    assert anyio.run(create_all) == len(emails)
