"""The api-keys routes: an organization's keys, under the rule that no key hands out more than it has."""

from datetime import timedelta
from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework.decorators import action
from rest_framework.request import Request

from apikeys.authentication import key_of
from apikeys.keys import PlainKey
from apikeys.models import ApiKey
from apikeys.scopes import Scope
from apikeys.serializers import CreateApiKeySerializer, RotateApiKeySerializer, represent, represent_once
from apikeys.states import KeyEndedError
from asteri.api.errors import ApiError
from asteri.api.renderers import json_response
from asteri.api.request import has_body
from asteri.api.viewsets import PublicViewSet
from organizations.context import organization_of
from organizations.serializers import represent as represent_organization


class ApiKeyViewSet(PublicViewSet):
    """List, retrieve, make, rotate and revoke the keys of the request's organization; and what the caller's own is."""

    queryset = ApiKey.objects.none()
    scopes: ClassVar = {
        "list": (Scope.READ_API_KEYS,),
        "retrieve": (Scope.READ_API_KEYS,),
        "create": (Scope.WRITE_API_KEYS,),
        "rotate": (Scope.WRITE_API_KEYS,),
        "destroy": (Scope.WRITE_API_KEYS,),
        "current": (),
    }
    without_organization = ("current",)
    not_found = "API key not found"

    def get_queryset(self) -> QuerySet[ApiKey]:
        """Answer the keys of the request's organization."""
        keys = ApiKey.objects.filter(organization=organization_of(self.request))
        return keys.select_related("organization", "successor")

    def list(self, request: Request) -> HttpResponse:
        """Answer one page of keys."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response([represent(key) for key in page])

    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        """Answer one key."""
        return json_response({"data": represent(self.find(pk))})

    @action(detail=False)
    def current(self, request: Request) -> HttpResponse:
        """Answer the caller's own key and its organization."""
        key = key_of(request)
        return json_response({"data": {**represent(key), "organization": represent_organization(key.organization)}})

    def create(self, request: Request) -> HttpResponse:
        """Make a key within the caller's own scopes, limits and expiry; its answer is the only one to hold the key."""
        body = CreateApiKeySerializer(data=request.data, context={"key": key_of(request)})
        body.is_valid(raise_exception=True)
        return shown_once(*ApiKey.objects.issue(organization_of(request), **body.validated_data))

    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> HttpResponse:
        """Make a key's successor; 403 for a key that may do more than the caller's, 409 for one that has ended."""
        key = self.find(pk)
        body = RotateApiKeySerializer(data=request.data if has_body(request) else {})
        body.is_valid(raise_exception=True)
        refuse_escalation(key, key_of(request))
        try:
            return shown_once(*key.rotate(timedelta(hours=body.validated_data["grace_hours"])))
        except KeyEndedError:
            raise ApiError(409, "API key has ended or has been rotated already") from None

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Revoke a key, now and for good."""
        self.find(pk).revoke()
        return json_response(status=204)


def refuse_escalation(key: ApiKey, caller: ApiKey) -> None:
    """Raise 403 where a successor of the key would give the caller more than it has."""
    beyond = key.beyond(caller)
    if "scopes" in beyond:
        missing = [scope for scope in key.scopes if scope not in caller.scopes]
        raise ApiError(403, "API key missing required scopes", missingScopes=missing)
    if beyond:
        raise ApiError(403, "API key cannot rotate a key with limits or an expiry beyond its own")


def shown_once(key: ApiKey, plain: PlainKey) -> HttpResponse:
    """Answer a key that has just been made."""
    headers = {"Location": reverse("api-keys-detail", args=[key.pk])}
    return json_response({"data": represent_once(key, plain)}, status=201, headers=headers)
