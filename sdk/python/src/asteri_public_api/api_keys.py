"""The keys of an organization.

A request that makes a key makes another each time it is carried out, so that it is tried again after a 429 alone.
"""

from collections.abc import Mapping
from typing import Any, Unpack

from asteri_public_api import calls
from asteri_public_api.bodies import CreateApiKeyRequest, ListQuery, RotateApiKeyRequest
from asteri_public_api.calls import AsyncSender, Call, Sender
from asteri_public_api.models import ApiKey, CreatedApiKey, CurrentApiKey, Meta, Page, Pagination, Response
from asteri_public_api.retries import Options


def current_call() -> Call[Response[CurrentApiKey]]:
    """Answer the call for the caller's own."""
    return Call(method="GET", path=["api-keys", "current"], reader=calls.one(CurrentApiKey))


def list_call(query: Mapping[str, Any]) -> Call[Page[ApiKey, Pagination]]:
    """Answer the call for one page."""
    return Call(method="GET", path=["api-keys"], query=query, reader=calls.page(ApiKey))


def get_call(api_key_id: str) -> Call[Response[ApiKey]]:
    """Answer the call for one."""
    return Call(method="GET", path=["api-keys", api_key_id], reader=calls.one(ApiKey))


def create_call(body: Mapping[str, Any]) -> Call[Response[CreatedApiKey]]:
    """Answer the call that makes one."""
    return Call(method="POST", path=["api-keys"], body=body, reader=calls.one(CreatedApiKey), is_repeatable=False)


def rotate_call(api_key_id: str, body: Mapping[str, Any]) -> Call[Response[CreatedApiKey]]:
    """Answer the call that makes a successor."""
    path = ["api-keys", api_key_id, "rotate"]
    return Call(method="POST", path=path, body=body, reader=calls.one(CreatedApiKey), is_repeatable=False)


def revoke_call(api_key_id: str) -> Call[Meta]:
    """Answer the call that ends one."""
    return Call(method="DELETE", path=["api-keys", api_key_id], reader=calls.nothing)


class ApiKeys:
    """The keys of the organization."""

    def __init__(self, client: Sender) -> None:
        self._send = client.send

    def current(self, *, options: Options | None = None) -> Response[CurrentApiKey]:
        """Answer the caller's own key, and its organization."""
        return self._send(current_call(), options)

    def list(self, *, options: Options | None = None, **query: Unpack[ListQuery]) -> Page[ApiKey, Pagination]:
        """Answer one page of the organization's keys."""
        return self._send(list_call(query), options)

    def get(self, api_key_id: str, *, options: Options | None = None) -> Response[ApiKey]:
        """Answer one key, without the key itself."""
        return self._send(get_call(api_key_id), options)

    def create(self, *, options: Options | None = None, **body: Unpack[CreateApiKeyRequest]) -> Response[CreatedApiKey]:
        """Make a key within the caller's own scopes, limits and expiry. `data.key` is shown this once."""
        return self._send(create_call(body), options)

    def rotate(
        self, api_key_id: str, *, options: Options | None = None, **body: Unpack[RotateApiKeyRequest]
    ) -> Response[CreatedApiKey]:
        """Make a key's successor; the key itself goes on for `grace_hours`. `data.key` is shown this once."""
        return self._send(rotate_call(api_key_id, body), options)

    def revoke(self, api_key_id: str, *, options: Options | None = None) -> Meta:
        """End a key, now and for good."""
        return self._send(revoke_call(api_key_id), options)


class AsyncApiKeys:
    """The keys of the organization; each method is the other class's, to be awaited."""

    def __init__(self, client: AsyncSender) -> None:
        self._send = client.send

    async def current(self, *, options: Options | None = None) -> Response[CurrentApiKey]:
        """Answer the caller's own key, and its organization."""
        return await self._send(current_call(), options)

    async def list(self, *, options: Options | None = None, **query: Unpack[ListQuery]) -> Page[ApiKey, Pagination]:
        """Answer one page of the organization's keys."""
        return await self._send(list_call(query), options)

    async def get(self, api_key_id: str, *, options: Options | None = None) -> Response[ApiKey]:
        """Answer one key, without the key itself."""
        return await self._send(get_call(api_key_id), options)

    async def create(
        self, *, options: Options | None = None, **body: Unpack[CreateApiKeyRequest]
    ) -> Response[CreatedApiKey]:
        """Make a key within the caller's own scopes, limits and expiry. `data.key` is shown this once."""
        return await self._send(create_call(body), options)

    async def rotate(
        self, api_key_id: str, *, options: Options | None = None, **body: Unpack[RotateApiKeyRequest]
    ) -> Response[CreatedApiKey]:
        """Make a key's successor; the key itself goes on for `grace_hours`. `data.key` is shown this once."""
        return await self._send(rotate_call(api_key_id, body), options)

    async def revoke(self, api_key_id: str, *, options: Options | None = None) -> Meta:
        """End a key, now and for good."""
        return await self._send(revoke_call(api_key_id), options)
