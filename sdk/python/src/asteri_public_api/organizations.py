"""What a key may act for."""

from collections.abc import Mapping
from typing import Any, Unpack

from asteri_public_api import calls
from asteri_public_api.bodies import ListQuery
from asteri_public_api.calls import AsyncSender, Call, Sender
from asteri_public_api.models import Organization, Page, Pagination, Response
from asteri_public_api.retries import Options


def list_call(query: Mapping[str, Any]) -> Call[Page[Organization, Pagination]]:
    """Answer the call for one page."""
    return Call(method="GET", path=["organizations"], query=query, reader=calls.page(Organization))


def get_call(organization_id: str) -> Call[Response[Organization]]:
    """Answer the call for one."""
    return Call(method="GET", path=["organizations", organization_id], reader=calls.one(Organization))


class Organizations:
    """What the key may act for."""

    def __init__(self, client: Sender) -> None:
        self._send = client.send

    def list(self, *, options: Options | None = None, **query: Unpack[ListQuery]) -> Page[Organization, Pagination]:
        """Answer the organizations that the key may act for."""
        return self._send(list_call(query), options)

    def get(self, organization_id: str, *, options: Options | None = None) -> Response[Organization]:
        """Answer one organization."""
        return self._send(get_call(organization_id), options)


class AsyncOrganizations:
    """What the key may act for; each method is the other class's, to be awaited."""

    def __init__(self, client: AsyncSender) -> None:
        self._send = client.send

    async def list(
        self, *, options: Options | None = None, **query: Unpack[ListQuery]
    ) -> Page[Organization, Pagination]:
        """Answer the organizations that the key may act for."""
        return await self._send(list_call(query), options)

    async def get(self, organization_id: str, *, options: Options | None = None) -> Response[Organization]:
        """Answer one organization."""
        return await self._send(get_call(organization_id), options)
