"""The customers of an organization."""

import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Literal, Unpack

from asteri_public_api import calls
from asteri_public_api.bodies import (
    ChangeCustomerRequest,
    CreateCustomerRequest,
    ListChangesQuery,
    ListCustomersQuery,
    ReplaceCustomerRequest,
)
from asteri_public_api.calls import IDEMPOTENCY_KEY, AsyncSender, Call, Sender
from asteri_public_api.models import (
    BulkResult,
    Customer,
    CustomerChange,
    FeedPagination,
    Meta,
    Page,
    Pagination,
    Response,
)
from asteri_public_api.retries import Options

CustomerPage = Page[Customer, Pagination]
Expand = Literal["profile"]
ALL_LIMIT = 100  # the longest page there is
ANY = "*"  # any version will do, which needs no condition


def list_call(query: Mapping[str, Any]) -> Call[CustomerPage]:
    """Answer the call for one page."""
    return Call(method="GET", path=["customers"], query=query, reader=calls.page(Customer))


def create_call(body: Mapping[str, Any], key: str | None) -> Call[Response[Customer]]:
    """Answer the call that creates one."""
    headers = {IDEMPOTENCY_KEY: key or str(uuid.uuid4())}
    return Call(method="POST", path=["customers"], body=body, headers=headers, reader=calls.one(Customer))


def bulk_call(customers: Sequence[CreateCustomerRequest], key: str | None) -> Call[Response[Sequence[BulkResult]]]:
    """Answer the call that creates many."""
    headers, body = {IDEMPOTENCY_KEY: key or str(uuid.uuid4())}, {"customers": list(customers)}
    path = ["customers", "bulk"]
    return Call(method="POST", path=path, body=body, headers=headers, reader=calls.many(BulkResult))


def get_call(customer_id: str, expand: Expand | None) -> Call[Response[Customer]]:
    """Answer the call for one."""
    path, query = ["customers", customer_id], {"expand": expand}
    return Call(method="GET", path=path, query=query, reader=calls.one(Customer))


def condition(if_match: str | None) -> dict[str, str]:
    """Answer the header of a condition; raise ValueError for one that was lost on the way."""
    if not if_match:
        raise ValueError("if_match is None: the answer that it was taken from had no ETag.")
    return {} if if_match == ANY else {"If-Match": if_match}


def update_call(customer_id: str, body: Mapping[str, Any], if_match: str | None) -> Call[Response[Customer]]:
    """Answer the call that changes one; under `If-Match` a repetition would meet its own change."""
    path, headers = ["customers", customer_id], condition(if_match)
    reader, is_repeatable = calls.one(Customer), not headers
    return Call(method="PATCH", path=path, body=body, headers=headers, reader=reader, is_repeatable=is_repeatable)


def delete_call(customer_id: str, if_match: str | None) -> Call[Meta]:
    """Answer the call that deletes one."""
    path, headers = ["customers", customer_id], condition(if_match)
    return Call(method="DELETE", path=path, headers=headers, reader=calls.nothing)


def upsert_call(external_id: str, body: Mapping[str, Any]) -> Call[Response[Customer]]:
    """Answer the call that creates or replaces one."""
    path = ["customers", "by-external-id", external_id]
    return Call(method="PUT", path=path, body=body, reader=calls.one(Customer))


def changes_call(query: Mapping[str, Any]) -> Call[Page[CustomerChange, FeedPagination]]:
    """Answer the call for a page of the feed."""
    return Call(method="GET", path=["customers", "changes"], query=query, reader=calls.feed(CustomerChange))


class Customers:
    """The customers of the organization."""

    def __init__(self, client: Sender) -> None:
        self._send = client.send

    def list(self, *, options: Options | None = None, **query: Unpack[ListCustomersQuery]) -> CustomerPage:
        """Answer one page of the customers that match, the newest first unless the query says otherwise."""
        return self._send(list_call(query), options)

    def list_all(self, *, options: Options | None = None, **query: Unpack[ListCustomersQuery]) -> Iterator[Customer]:
        """Yield every customer that matches, page by page as they are asked for: pages of 100 unless told otherwise."""
        query = {"limit": ALL_LIMIT, **query}
        while True:
            page = self.list(options=options, **query)
            yield from page.data
            if page.pagination.next_cursor is None:
                return
            query["cursor"] = page.pagination.next_cursor

    def create(
        self,
        *,
        idempotency_key: str | None = None,
        options: Options | None = None,
        **body: Unpack[CreateCustomerRequest],
    ) -> Response[Customer]:
        """Create a customer. Safe to try again: it is sent under an `Idempotency-Key`, a random one unless given."""
        return self._send(create_call(body, idempotency_key), options)

    def bulk(
        self,
        customers: Sequence[CreateCustomerRequest],
        *,
        idempotency_key: str | None = None,
        options: Options | None = None,
    ) -> Response[Sequence[BulkResult]]:
        """Create up to a hundred customers; answer a result for each, in order."""
        return self._send(bulk_call(customers, idempotency_key), options)

    def get(
        self, customer_id: str, *, expand: Expand | None = None, options: Options | None = None
    ) -> Response[Customer]:
        """Answer one customer; with `expand="profile"` the names and the external id too."""
        return self._send(get_call(customer_id, expand), options)

    def update(
        self,
        customer_id: str,
        *,
        if_match: str | None = ANY,
        options: Options | None = None,
        **body: Unpack[ChangeCustomerRequest],
    ) -> Response[Customer]:
        """CustomerChange the fields that are given; None clears an e-mail, a phone or an external id.

        Under `if_match`, the `meta.etag` last seen, it is a 412 where the customer has changed since, and a try whose
        answer was lost is not repeated: the repetition would meet its own change and call it another's.
        """
        return self._send(update_call(customer_id, body, if_match), options)

    def delete(self, customer_id: str, *, if_match: str | None = ANY, options: Options | None = None) -> Meta:
        """Delete a customer for good. A repetition that finds the customer gone has done what was asked."""
        return self._send(delete_call(customer_id, if_match), options)

    def upsert(
        self, external_id: str, *, options: Options | None = None, **body: Unpack[ReplaceCustomerRequest]
    ) -> Response[Customer]:
        """Create the customer with that external id, or replace all of it; `meta.status` is 201 or 200."""
        return self._send(upsert_call(external_id, body), options)

    def changes(
        self, *, options: Options | None = None, **query: Unpack[ListChangesQuery]
    ) -> Page[CustomerChange, FeedPagination]:
        """Answer what has happened to the customers since a cursor; go on from `pagination.next_cursor`."""
        return self._send(changes_call(query), options)


class AsyncCustomers:
    """The customers of the organization; each method is the other class's, to be awaited."""

    def __init__(self, client: AsyncSender) -> None:
        self._send = client.send

    async def list(self, *, options: Options | None = None, **query: Unpack[ListCustomersQuery]) -> CustomerPage:
        """Answer one page of the customers that match, the newest first unless the query says otherwise."""
        return await self._send(list_call(query), options)

    async def list_all(
        self, *, options: Options | None = None, **query: Unpack[ListCustomersQuery]
    ) -> AsyncIterator[Customer]:
        """Yield every customer that matches, page by page as they are asked for: pages of 100 unless told otherwise."""
        query = {"limit": ALL_LIMIT, **query}
        while True:
            page = await self.list(options=options, **query)
            for customer in page.data:
                yield customer
            if page.pagination.next_cursor is None:
                return
            query["cursor"] = page.pagination.next_cursor

    async def create(
        self,
        *,
        idempotency_key: str | None = None,
        options: Options | None = None,
        **body: Unpack[CreateCustomerRequest],
    ) -> Response[Customer]:
        """Create a customer under an `Idempotency-Key`, a random one unless given."""
        return await self._send(create_call(body, idempotency_key), options)

    async def bulk(
        self,
        customers: Sequence[CreateCustomerRequest],
        *,
        idempotency_key: str | None = None,
        options: Options | None = None,
    ) -> Response[Sequence[BulkResult]]:
        """Create up to a hundred customers; answer a result for each, in order."""
        return await self._send(bulk_call(customers, idempotency_key), options)

    async def get(
        self, customer_id: str, *, expand: Expand | None = None, options: Options | None = None
    ) -> Response[Customer]:
        """Answer one customer; with `expand="profile"` the names and the external id too."""
        return await self._send(get_call(customer_id, expand), options)

    async def update(
        self,
        customer_id: str,
        *,
        if_match: str | None = ANY,
        options: Options | None = None,
        **body: Unpack[ChangeCustomerRequest],
    ) -> Response[Customer]:
        """CustomerChange the fields that are given; under `if_match` a try whose answer was lost is not repeated."""
        return await self._send(update_call(customer_id, body, if_match), options)

    async def delete(self, customer_id: str, *, if_match: str | None = ANY, options: Options | None = None) -> Meta:
        """Delete a customer for good. A repetition that finds the customer gone has done what was asked."""
        return await self._send(delete_call(customer_id, if_match), options)

    async def upsert(
        self, external_id: str, *, options: Options | None = None, **body: Unpack[ReplaceCustomerRequest]
    ) -> Response[Customer]:
        """Create the customer with that external id, or replace all of it; `meta.status` is 201 or 200."""
        return await self._send(upsert_call(external_id, body), options)

    async def changes(
        self, *, options: Options | None = None, **query: Unpack[ListChangesQuery]
    ) -> Page[CustomerChange, FeedPagination]:
        """Answer what has happened to the customers since a cursor; go on from `pagination.next_cursor`."""
        return await self._send(changes_call(query), options)
