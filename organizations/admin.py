"""Organizations in the admin: made, suspended and reactivated, never deleted.

What they have, keys and customers, stands above this app, and so does the class that the site knows
(customers/staff/organizations.py); it makes an organization with its first key and shows what becomes of it.
"""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse

from asteri.staff.lists import ListAdmin
from organizations.models import Organization

CHANGES = {"suspend": ("Suspended", Organization.suspend), "reactivate": ("Reactivated", Organization.reactivate)}


class OrganizationAdmin(ListAdmin):
    """Looks after the tenants."""

    list_display: Any = ("name", "environment", "region", "is_active", "created_at")
    list_filter = ("environment", ("suspended_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "id")
    search_help_text = "A part of a name, or an id."
    fields = ("id", "name", "environment", "region", "suspended_at", "created_at")
    readonly_fields = ("id", "suspended_at", "created_at")
    actions = ("suspend", "reactivate")

    @admin.display(boolean=True, description="active", ordering="suspended_at")
    def is_active(self, organization: Organization) -> bool:
        """Whether its keys work."""
        return not organization.is_suspended

    def get_readonly_fields(self, request: HttpRequest, obj: Organization | None = None) -> Any:
        """Answer the fields that stay as they are: the environment too once there may be keys, whose prefix it is."""
        return (*self.readonly_fields, "environment") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        """Answer False: an organization is suspended, and its customers stay."""
        return False

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        """Store the organization; of one that is there only what was changed, so that a suspension meanwhile stays."""
        obj.save(update_fields=form.changed_data) if change else obj.save(force_insert=True)

    @admin.action(description="Suspend: refuse every key from the next request on", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        """Suspend each of the chosen."""
        self.carry_out("suspend", request, list(queryset))

    @admin.action(description="Reactivate: let the keys work again", permissions=["change"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        """Reactivate each of the chosen."""
        self.carry_out("reactivate", request, list(queryset))

    def carry_out(self, action: str, request: HttpRequest, organizations: list[Organization]) -> None:
        """Suspend or reactivate organizations, note it, and say so."""
        done, change = CHANGES[action]
        for organization in organizations:
            change(organization)
            self.log_change(request, organization, f"{done}.")
        messages.success(request, f"{done}: {', '.join(map(str, organizations))}.")

    def get_urls(self) -> list[Any]:
        """Answer the pages' addresses."""
        pages = [
            path(
                f"<uuid:pk>/{action}/",
                self.admin_site.admin_view(partial(self.confirm, action)),
                name=f"organizations_organization_{action}",
            )
            for action in CHANGES
        ]
        return [*pages, *super().get_urls()]

    def confirm(self, action: str, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask whether to suspend or reactivate an organization, then do it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        organization = get_object_or_404(Organization, pk=pk)
        if request.method != "POST":
            about = {"opts": self.opts, "original": organization, "action": action}
            context = {**self.admin_site.each_context(request), **about, "title": f"{action.title()} {organization}?"}
            return TemplateResponse(request, "admin/organizations/organization/confirm.html", context)
        self.carry_out(action, request, [organization])
        return HttpResponseRedirect(reverse("admin:organizations_organization_change", args=[pk]))
