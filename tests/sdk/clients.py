"""Clients under test: the asynchronous one is called as the other is, so that both go through the same tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from inspect import isasyncgen
from typing import Any, cast

from anyio.from_thread import BlockingPortal, start_blocking_portal

from asteri_public_api import AsteriPublicApiClient, AsyncAsteriPublicApiClient


@dataclass(frozen=True)
class Caller:
    """Whose requests they are."""

    base_url: str
    organization_id: str
    api_key: str

    @property
    def arguments(self) -> dict[str, Any]:
        return {"base_url": self.base_url, "organization_id": self.organization_id, "api_key": self.api_key}


@dataclass(frozen=True)
class Awaited:
    """Something of the asynchronous client, whose methods are awaited in the portal's loop."""

    portal: BlockingPortal
    target: Any

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.target, name)
        if not callable(found):
            return Awaited(self.portal, found)
        return lambda *given, **named: self.portal.call(partial(awaiting, found, *given, **named))


async def awaiting(method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Await a call; what it yields is answered as a list."""
    made = method(*arguments, **named)
    return [each async for each in made] if isasyncgen(made) else await made


@dataclass(frozen=True)
class Clients:
    """Makes clients of one kind: those that are to be awaited where there is a portal."""

    portal: BlockingPortal | None
    made: ExitStack

    def make(self, caller: Caller, **changes: Any) -> AsteriPublicApiClient:
        """Make a client for the caller; it is closed in the end."""
        arguments = {**caller.arguments, **changes}
        client = AsteriPublicApiClient(**arguments) if self.portal is None else self.make_awaited(arguments)
        self.made.callback(client.close)
        return client

    def make_awaited(self, arguments: dict[str, Any]) -> AsteriPublicApiClient:
        portal = cast(BlockingPortal, self.portal)
        target = portal.call(partial(AsyncAsteriPublicApiClient, **arguments))
        return cast(AsteriPublicApiClient, Awaited(portal, target))


@contextmanager
def making_clients(*, is_async: bool) -> Iterator[Clients]:
    """Answer what makes clients until the end of the block."""
    with ExitStack() as outer:
        portal = outer.enter_context(start_blocking_portal()) if is_async else None
        yield Clients(portal, outer.enter_context(ExitStack()))
