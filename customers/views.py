"""The customers routes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from apikeys.scopes import Scope
from apikeys.throttling import charge
from asteri.api.errors import Issue
from asteri.api.identifiers import UUID_FORM
from asteri.api.pagination import Position, Slice
from asteri.api.preconditions import is_unchanged, require_match
from asteri.api.renderers import json_response
from asteri.api.serializers import StrictSerializer
from asteri.api.viewsets import PublicViewSet
from customers import bulk, feed
from customers.conflicts import conflict, holder_of, location_of
from customers.filters import CustomerFilters
from customers.models import Customer, TakenError, etag
from customers.retries import Done, once
from customers.serializers import (
    FIELDS,
    ChangeCustomerSerializer,
    CreateCustomerSerializer,
    ReplaceCustomerSerializer,
    expand_faults,
    represent,
    representation,
)
from customers.statements import read_page, retrieve
from organizations.context import organization_of

CHANGED = "Customer has changed"


class CustomerViewSet(PublicViewSet):
    """The customers of the request's organization: page through, look up, write, and follow what changes."""

    queryset = Customer.objects.none()
    filterset_class = CustomerFilters
    scopes: ClassVar = {
        "list": (Scope.READ_CUSTOMERS,),
        "retrieve": (Scope.READ_CUSTOMERS,),
        "changes": (Scope.READ_CUSTOMERS,),
        "create": (Scope.WRITE_CUSTOMERS,),
        "bulk": (Scope.WRITE_CUSTOMERS,),
        "upsert": (Scope.WRITE_CUSTOMERS,),
        "partial_update": (Scope.WRITE_CUSTOMERS,),
        "destroy": (Scope.DELETE_CUSTOMERS,),
    }
    parameters: ClassVar = {"list": ("expand",), "retrieve": ("expand",), "changes": ("limit", "cursor")}
    max_body_bytes: ClassVar = {"bulk": bulk.MAX_BYTES}
    not_found = "Customer not found"
    failed = "Failed to fetch customers"

    def get_queryset(self) -> QuerySet[Customer]:
        """Answer the customers of the request's organization, the only ones that any action here can reach."""
        return Customer.objects.of(organization_of(self.request))

    def query_faults(self, request: Request) -> Iterable[Issue]:
        """Answer what is wrong with `expand`, or with the feed's own `limit` and `cursor`."""
        return feed.faults(request) if self.action == "changes" else expand_faults(request)

    def list(self, request: Request) -> HttpResponse:
        """Answer one page of the customers that match the query."""
        page: Any = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(list(map(representation(request).show, page)))

    def read_page(self, queryset: Any, page: Slice, after: Position | None) -> tuple[Sequence[Any], int]:
        """Answer a page's rows and the count of all pages, which is kept unless filters ask for another one."""
        columns, query = representation(self.request).columns, self.request.query_params
        if query.keys() & CustomerFilters.base_filters <= {"account_type"}:
            account_type = {"account_type": query["account_type"]} if "account_type" in query else {}
            return read_page(page, after, columns, organization=organization_of(self.request).pk, **account_type)
        return super().read_page(queryset.values_list(*columns), page, after)

    def position_of(self, row: Any) -> tuple[datetime, UUID]:
        """Answer a row's place in the order of the list."""
        return row[FIELDS.index("created_at")], row[FIELDS.index("id")]

    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        """Answer one customer, or 304 to a caller who has this version of it."""
        wanted = representation(request)
        values = self.read_one(pk, *wanted.columns, "version")
        headers = {"ETag": etag(values[-1])}
        if is_unchanged(request, headers["ETag"]):
            return json_response(status=304, headers=headers)
        return json_response({"data": wanted.show(values)}, headers=headers)

    def read_one(self, pk: str, *columns: str) -> Any:
        """Answer the columns of one customer; 404 where the organization has none with that id."""
        organization = organization_of(self.request).pk
        values = retrieve(*columns).row(organization=organization, id=UUID(pk)) if UUID_FORM.fullmatch(pk) else None
        if values is None:
            raise NotFound
        return values

    def create(self, request: Request) -> HttpResponse:
        """Store a customer; 409 where its e-mail address or its external id is taken."""
        body = self.judged(CreateCustomerSerializer(data=request.data, context=self.rules))
        return once(request, lambda: Done(created(customer := self.stored(body)), [customer.pk]))

    def partial_update(self, request: Request, pk: str) -> HttpResponse:
        """Change the fields that are sent; 412 where the customer is no longer what the caller has seen."""
        self.find(pk)
        sent = request.data  # read before anything is held: a slow client keeps nobody waiting but itself
        with transaction.atomic():
            customer = self.locked(pk)
            body = self.judged(ChangeCustomerSerializer(customer, data=sent, context=self.rules))
            require_match(request, customer.etag, CHANGED)
            return answered(self.stored(body))

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a customer: its data is gone, its e-mail is free, its id is never used again."""
        with transaction.atomic():
            customer = self.locked(pk)
            require_match(request, customer.etag, CHANGED)
            customer.delete()
        return json_response(status=204)

    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> HttpResponse:
        """Store up to a hundred customers, each by itself; every ten count as a request."""
        items = bulk.items_of(request)
        charge(request, bulk.extra_cost(items))
        return once(request, lambda: bulk.create_all(request, items))

    @action(detail=False, methods=["put"], url_path="by-external-id/<text:external_id>")
    def upsert(self, request: Request, external_id: str) -> HttpResponse:
        """Create the customer with that external id, or replace all of it; exact when others do the same at once."""
        rules = {**self.rules, "external_id": external_id.strip()}
        body = self.judged(
            ReplaceCustomerSerializer(data={"external_id": external_id, **dict(request.data)}, context=rules)
        )
        while True:  # Each turn that is lost here has been won by another request.
            with transaction.atomic():
                same = self.get_queryset().select_for_update().filter(external_id=rules["external_id"])
                body.instance = same.first()
                try:
                    return created(body.save()) if body.instance is None else answered(body.save())
                except TakenError as error:
                    value = body.validated_data[error.field]
                    holder = holder_of(rules["organization"], error.field, value)
                    if holder and holder.external_id != rules["external_id"]:
                        raise conflict(request, error, value) from None

    @action(detail=False)
    def changes(self, request: Request) -> HttpResponse:
        """Answer what has happened to the customers since a cursor, in the order in which it took effect."""
        return feed.answer(request, self.get_queryset())

    @property
    def rules(self) -> dict[str, Any]:
        """What the serializers of bodies need to know."""
        return {"organization": organization_of(self.request)}

    def judged(self, body: StrictSerializer) -> Any:
        """Answer the body's serializer; raise 400 with every fault of it."""
        body.is_valid(raise_exception=True)
        return body

    def stored(self, body: Any) -> Customer:
        """Store what the body says; raise 409 where another customer holds its e-mail or its external id."""
        try:
            return cast(Customer, body.save())
        except TakenError as error:
            raise conflict(self.request, error, body.validated_data[error.field]) from None

    def locked(self, pk: str) -> Customer:
        """Answer one customer, held until the transaction ends; 404 where there is none."""
        customer: Customer = self.find(pk, self.get_queryset().select_for_update())
        customer.organization = organization_of(self.request)
        return customer


def answered(customer: Customer) -> HttpResponse:
    """Answer a customer as it is now."""
    return json_response({"data": represent(customer)}, headers={"ETag": customer.etag})


def created(customer: Customer) -> HttpResponse:
    """Answer a new customer, and where it can be retrieved."""
    headers = {"ETag": customer.etag, "Location": location_of(customer.pk)}
    return json_response({"data": represent(customer)}, status=201, headers=headers)
