"""The customers routes."""

from typing import ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apikeys.scopes import Scope
from asteri.api.errors import ApiError
from asteri.api.viewsets import PublicViewSet
from customers.filters import CustomerFilters
from customers.models import Customer, EmailTakenError
from customers.serializers import EMAIL_TAKEN, CreateCustomerSerializer, CustomerSerializer
from organizations.context import UUID_FORM, organization_of


class CustomerViewSet(PublicViewSet):
    """List, create and retrieve the customers of the request's organization."""

    queryset = Customer.objects.none()
    serializer_class = CustomerSerializer
    filterset_class = CustomerFilters
    scopes: ClassVar = {
        "list": (Scope.READ_CUSTOMERS,),
        "create": (Scope.WRITE_CUSTOMERS,),
        "retrieve": (Scope.READ_CUSTOMERS,),
    }
    not_found = "Customer not found"
    failed = "Failed to fetch customers"

    def get_queryset(self) -> QuerySet[Customer]:
        """Answer the customers of the request's organization, the only ones that any action here can reach."""
        return Customer.objects.of(organization_of(self.request))

    def list(self, request: Request) -> Response:
        """Answer one page of the customers that match the query."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response([CustomerSerializer(customer).data for customer in page])

    def create(self, request: Request) -> Response:
        """Store a customer; 409 where its e-mail address is taken."""
        body = CreateCustomerSerializer(data=request.data, context={"organization": organization_of(request)})
        body.is_valid(raise_exception=True)
        try:
            customer = body.save()
        except EmailTakenError:
            raise ApiError(409, EMAIL_TAKEN, field="email") from None
        location = reverse("customers-detail", args=[customer.id])
        return Response({"data": CustomerSerializer(customer).data}, status=201, headers={"Location": location})

    def retrieve(self, request: Request, pk: str) -> Response:
        """Answer one customer."""
        return Response({"data": CustomerSerializer(self.find(pk)).data})

    def find(self, pk: str) -> Customer:
        """Answer the organization's customer with that id; 404 for any other, and for an id that is no UUID."""
        customer = self.get_queryset().filter(pk=pk).first() if UUID_FORM.fullmatch(pk) else None
        if customer is None:
            raise NotFound
        return customer
