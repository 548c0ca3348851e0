"""Refusals in the admin: seen by staff who may, changed by nobody; and the page that explains one."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from apikeys.usage.explaining import explain_refusal
from apikeys.usage.filters import DayFilter, KeyFilter, StatusFilter, public_id_of
from apikeys.usage.forms import ExplainForm
from apikeys.usage.models import Refusal
from apikeys.usage.subjects import is_secret
from asteri.api.address import normalized
from asteri.staff.lists import ListAdmin, OrganizationFilter

UNSEEN = {"Cache-Control": "no-store"}


class LatestFirst(ChangeList):
    """The list in its one order, whatever an address asks for: by any other column all rows would be sorted."""

    def get_ordering_field(self, field_name: Any) -> None:
        """Answer None: no column sorts."""


@admin.register(Refusal)
class RefusalAdmin(ListAdmin):
    """Shows refusals, and explains them."""

    list_display = ("at", "status", "kind", "reason", "public_id", "address", "method", "route", "request_id")
    list_display_links = ("at", "request_id")
    list_filter = ("kind", StatusFilter, DayFilter, KeyFilter, OrganizationFilter)
    search_fields = ("request_id",)
    search_help_text = "A whole request id, key's hint or address. Never a whole key: explain that instead."
    ordering = ("-at", "-id")
    sortable_by = ()
    change_form_template = "admin/usage/refusal/change_form.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Answer the list's own class."""
        return LatestFirst

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Answer the refusals of a request, an address or a key, named exactly: each is one index's to find."""
        term = search_term.strip()
        return queryset.filter(**lookup_of(term)) if term else queryset, False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Answer the list; who searches for a key, which addresses must not hold, is led to where it can be asked."""
        if any(is_secret(text) for texts in dict(request.GET.lists()).values() for text in texts):
            return HttpResponseRedirect(reverse("admin:usage_refusal_explain"), headers=UNSEEN)
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a refusal, and how its key stands now."""
        refusal = self.get_object(request, object_id) if self.has_view_permission(request) else None
        explanation = explain_refusal(refusal) if refusal else None
        return super().change_view(request, object_id, form_url, {"explanation": explanation})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Answer False: refusals happen."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Refusal | None = None) -> bool:
        """Answer False: what happened stays as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Refusal | None = None) -> bool:
        """Answer False: `prune` deletes them, by their age."""
        return False

    def get_urls(self) -> list[Any]:
        """Add the page that explains."""
        own = path("explain/", self.admin_site.admin_view(self.explain_view), name="usage_refusal_explain")
        return [own, *super().get_urls()]

    @method_decorator(sensitive_post_parameters())
    def explain_view(self, request: HttpRequest) -> HttpResponse:
        """Explain what is asked about by POST, in this very answer, which nobody keeps."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ExplainForm(request.POST if request.method == "POST" else None)
        context = {
            **self.admin_site.each_context(request),
            "title": "Explain a refusal",
            "explanation": form.explanation() if form.is_bound else None,
            "form": form,
        }
        return TemplateResponse(request, "admin/usage/refusal/explain.html", context, headers=UNSEEN)


def lookup_of(term: str) -> dict[str, str]:
    """Answer how to look for what was typed: as a request id where there is such a one."""
    if Refusal.objects.filter(request_id=term).exists():
        return {"request_id": term}
    if ":" in term or normalized(term):
        return {"address": normalized(term) or term}
    return {"public_id": public_id_of(term)}
