"""What the pages beside a key's form share: who may see which, and where they lead."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from apikeys.models import ApiKey

HYGIENE = "admin:apikeys_apikey_hygiene"


def find(admin: Any, request: HttpRequest, key_id: UUID, *, to: str) -> ApiKey:
    """Answer the key; 403 for who may not `change` or, where `to` says so, `add` keys, 404 where there is none."""
    if not admin.has_change_permission(request) or (to == "add" and not admin.has_add_permission(request)):
        raise PermissionDenied
    key: ApiKey | None = admin.get_queryset(request).select_related("organization").filter(pk=key_id).first()
    if key is None:
        raise Http404
    return key


def page(admin: Any, request: HttpRequest, template: str, **about: Any) -> HttpResponse:
    """Answer a page of the admin."""
    context = {**admin.admin_site.each_context(request), "opts": admin.opts, "media": admin.media, **about}
    return TemplateResponse(request, f"admin/apikeys/apikey/{template}.html", context)


def origin_of(said: QueryDict, key: ApiKey) -> str:
    """Answer where a request came from: the hygiene page where it says so, else the key's own."""
    return reverse(HYGIENE) if said.get("from") == "hygiene" else reverse("admin:apikeys_apikey_change", args=[key.pk])


def to_origin(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """Lead back to where a request came from."""
    return HttpResponseRedirect(origin_of(request.POST, key))


def refuse(request: HttpRequest, key: ApiKey, error: Exception | str) -> HttpResponse:
    """Say why something can't be done with a key, and lead to where it stands now."""
    messages.error(request, str(error))
    return HttpResponseRedirect(reverse("admin:apikeys_apikey_change", args=[key.pk]))
