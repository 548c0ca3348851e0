"""The organizations routes: what a key may act for."""

from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from asteri.api.renderers import json_response
from asteri.api.viewsets import PublicViewSet
from organizations.context import organization_of
from organizations.models import Organization
from organizations.serializers import represent

READ = ("read:organizations",)  # by name: keys and their scopes stand above this app


class OrganizationViewSet(PublicViewSet):
    """List and retrieve the key's organization; the list is how a key's holder learns of its id."""

    queryset = Organization.objects.none()
    scopes: ClassVar = {"list": READ, "retrieve": READ}
    without_organization = ("list",)
    not_found = "Organization not found"

    def get_queryset(self) -> QuerySet[Organization]:
        """Answer the organization that the key belongs to."""
        return Organization.objects.filter(pk=organization_of(self.request).pk)

    def list(self, request: Request) -> HttpResponse:
        """Answer the one page there is."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response([represent(organization) for organization in page])

    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        """Answer the organization."""
        return json_response({"data": represent(self.find(pk))})
