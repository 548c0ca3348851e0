"""The customers routes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.functional import SimpleLazyObject, cached_property
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from apikeys.scopes import Scope
from apikeys.throttling import charge
from asteri.api.errors import Issue
from asteri.api.identifiers import uuid_of
from asteri.api.pagination import KeysetPagination, Position, Slice
from asteri.api.preconditions import is_unchanged, require_match
from asteri.api.renderers import json_response
from asteri.api.serializers import StrictSerializer
from asteri.api.viewsets import PublicViewSet
from asteri.statements import Asked
from customers import bulk, feed
from customers.conflicts import conflict, holder_of, location_of
from customers.filters import CustomerFilters
from customers.models import AccountType, Customer, TakenError, etag
from customers.retries import Done, once
from customers.serializers import (
    FIELDS,
    ChangeCustomerSerializer,
    CreateCustomerSerializer,
    ReplaceCustomerSerializer,
    Representation,
    expand_faults,
    represent,
    representation,
)
from customers.statements import counted, page_of, retrieve
from organizations.context import claimed_organization, organization_of

CHANGED = "Customer has changed"
LONGEST_FORESEEN = 1_000  # bytes of a query string; a longer one is looked at when its turn comes


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
    settles_itself = ("create",)
    asked_for: tuple[UUID, Sequence[Asked]] | None = None
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
        customers: Any = SimpleLazyObject(self.get_queryset)  # to make it costs more than a page whose count is kept
        page: Any = self.paginate_queryset(self.filter_queryset(customers))
        return self.get_paginated_response(list(map(self.wanted.show, page)))

    def read_page(self, queryset: Any, page: Slice, after: Position | None) -> tuple[Sequence[Any], int]:
        """Answer a page's rows and the count of all pages, which is kept unless filters ask for another one."""
        if self.has_kept_count:
            (asked,) = self.asked(organization_of(self.request).pk)
            return counted(self.rows(asked), asked)
        return super().read_page(queryset.values_list(*self.wanted.columns), page, after)

    @cached_property
    def wanted(self) -> Representation:
        """How the request wants customers to look."""
        return representation(self.request)

    @property
    def has_kept_count(self) -> bool:
        """Whether the list's count is kept: no filter but the account type narrows it."""
        narrowed = set(self.request.query_params) & set(CustomerFilters.base_filters)
        return narrowed <= {"account_type"}

    def asked(self, organization: UUID) -> Sequence[Asked]:
        """Answer the query of a retrieve, or of a list whose count is kept, for an organization's rows; made once."""
        if self.asked_for is None or self.asked_for[0] != organization:
            make = self.customer_asked if self.action == "retrieve" else self.page_asked
            self.asked_for = organization, make(organization)
        return self.asked_for[1]

    def page_asked(self, organization: UUID) -> Sequence[Asked]:
        """Answer the query for the page that the paginator has taken, of a list whose count is kept."""
        query, page = self.request.query_params, cast(KeysetPagination, self.paginator)
        of = {"account_type": query["account_type"]} if "account_type" in query else {}
        return (page_of(page.page, page.after, self.wanted.columns, organization=organization, **of),)

    def foresee(self, request: Request) -> Sequence[Asked]:
        """Answer what a well-formed retrieve, or a list whose count is kept, will ask for."""
        organization = claimed_organization(request)
        if organization is None or len(request.META["QUERY_STRING"]) > LONGEST_FORESEEN:
            return ()
        if self.action == "retrieve":
            return self.asked(organization)
        return self.foresee_page(organization) if self.action == "list" and self.has_kept_count else ()

    def foresee_page(self, organization: UUID) -> Sequence[Asked]:
        """Answer the query for the list's page, where nothing is wrong with it."""
        issues = cast(KeysetPagination, self.paginator).read(
            self.request, str(organization), CustomerFilters.base_filters
        )
        account_type = self.request.query_params.get("account_type")
        is_sound = not issues and account_type in (None, *AccountType.values)
        return self.asked(organization) if is_sound else ()

    def position_of(self, row: Any) -> tuple[datetime, UUID]:
        """Answer a row's place in the order of the list."""
        return row[FIELDS.index("created_at")], row[FIELDS.index("id")]

    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        """Answer one customer, or 304 to a caller who has this version of it."""
        values = self.read_one()
        headers = {"ETag": etag(values[-1])}
        if is_unchanged(request, headers["ETag"]):
            return json_response(status=304, headers=headers)
        return json_response({"data": self.wanted.show(values)}, headers=headers)

    def read_one(self) -> Any:
        """Answer one customer's columns and its version; 404 where the organization has none with that id."""
        asked = self.asked(organization_of(self.request).pk)
        rows = self.rows(*asked) if asked else ()
        if not rows:
            raise NotFound
        return rows[0]

    def customer_asked(self, organization: UUID) -> Sequence[Asked]:
        """Answer the query for one customer and its version; none for an id that is no UUID."""
        id_ = uuid_of(self.kwargs["pk"])
        return (retrieve(*self.wanted.columns, "version").asked(organization=organization, id=id_),) if id_ else ()

    def create(self, request: Request) -> HttpResponse:
        """Store a customer; 409 where its e-mail address or its external id is taken."""
        body = self.judged(CreateCustomerSerializer(data=request.data, context=self.rules))
        self.settle(request)
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
