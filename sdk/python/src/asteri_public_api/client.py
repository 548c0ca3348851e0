"""The two clients: one policy, two transports."""

import time
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import anyio
import httpx

from asteri_public_api.api_keys import ApiKeys, AsyncApiKeys
from asteri_public_api.calls import Call
from asteri_public_api.customers import AsyncCustomers, Customers
from asteri_public_api.organizations import AsyncOrganizations, Organizations
from asteri_public_api.retries import End, Limits, Options, Outcome, Steps, exchange

T = TypeVar("T")
Auth = Literal["x-api-key", "bearer"]
# Nothing was sent, and nothing will be, however often it is tried.
MISTAKES = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


class Connection:
    """Where the API is, and as whom to ask it. Holds the key, and shows it to nobody."""

    def __init__(self, base_url: str, organization_id: str, api_key: str, auth: Auth, limits: Limits) -> None:
        for name, value in {"base_url": base_url, "organization_id": organization_id, "api_key": api_key}.items():
            if not value:
                raise ValueError(f"AsteriPublicApiClient needs {name}.")
        key = {"Authorization": f"Bearer {api_key}"} if auth == "bearer" else {"x-api-key": api_key}
        self._base_url = base_url.rstrip("/")
        self._headers = {**key, "x-organization-id": organization_id}
        self._limits = limits

    def steps(self, call: Call[Any], http: httpx.Client | httpx.AsyncClient, options: Options) -> Steps:
        """Answer the steps of a call, for a client to take."""
        limits = self._limits.under(options)
        request = http.build_request(
            call.method,
            self._base_url + call.url,
            params=call.parameters or None,
            json=call.json,
            headers={**options.get("headers", {}), **call.headers, **self._headers},
            timeout=limits.timeout,
        )
        return exchange(request, limits, is_repeatable=call.is_repeatable)


class AsteriPublicApiClient:
    """A client of Asteri's public API, for one organization and one of its keys.

    `timeout`, in seconds, bounds the wait for a connection and for each part of an answer; `max_retries` says how often
    a request is tried again at most, `max_retry_wait` the longest `Retry-After` that is waited for, in seconds. An
    `http_client` of your own stays yours to close. Close the client, or use it in a `with` block. Threads may share it.
    """

    def __init__(  # noqa: PLR0913 - each can be left out but the first three.
        self,
        *,
        base_url: str,
        organization_id: str,
        api_key: str,
        auth: Auth = "x-api-key",
        timeout: float | None = 30.0,
        max_retries: int = 2,
        max_retry_wait: float = 60.0,
        http_client: httpx.Client | None = None,
    ) -> None:
        limits = Limits(timeout, max_retries, max_retry_wait)
        self._connection = Connection(base_url, organization_id, api_key, auth, limits)
        self._owns_http = http_client is None
        self._http = http_client or httpx.Client()
        self.customers = Customers(self)
        self.organizations = Organizations(self)
        self.api_keys = ApiKeys(self)

    def send(self, call: Call[T], options: Options | None = None) -> T:
        """Carry out a call, again where that is safe."""
        steps = self._connection.steps(call, self._http, options or {})
        step = next(steps)
        while not isinstance(step, End):
            step = steps.send(self._take(step))
        return call.settle(step)

    def _take(self, step: httpx.Request | float) -> Outcome | None:
        if isinstance(step, float):
            time.sleep(step)
            return None
        try:
            return self._http.send(step, follow_redirects=False)
        except MISTAKES:
            raise
        except httpx.TransportError as error:
            return error

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncAsteriPublicApiClient:
    """The same for asyncio and trio: every method of the other client, to be awaited."""

    def __init__(  # noqa: PLR0913 - each can be left out but the first three.
        self,
        *,
        base_url: str,
        organization_id: str,
        api_key: str,
        auth: Auth = "x-api-key",
        timeout: float | None = 30.0,
        max_retries: int = 2,
        max_retry_wait: float = 60.0,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        limits = Limits(timeout, max_retries, max_retry_wait)
        self._connection = Connection(base_url, organization_id, api_key, auth, limits)
        self._owns_http = http_client is None
        self._http = http_client or httpx.AsyncClient()
        self.customers = AsyncCustomers(self)
        self.organizations = AsyncOrganizations(self)
        self.api_keys = AsyncApiKeys(self)

    async def send(self, call: Call[T], options: Options | None = None) -> T:
        """Carry out a call, again where that is safe."""
        steps = self._connection.steps(call, self._http, options or {})
        step = next(steps)
        while not isinstance(step, End):
            step = steps.send(await self._take(step))
        return call.settle(step)

    async def _take(self, step: httpx.Request | float) -> Outcome | None:
        if isinstance(step, float):
            await anyio.sleep(step)
            return None
        try:
            return await self._http.send(step, follow_redirects=False)
        except MISTAKES:
            raise
        except httpx.TransportError as error:
            return error

    async def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
