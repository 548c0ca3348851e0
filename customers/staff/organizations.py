"""Organizations as staff see them: made with their first key, and with what they have and do."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apikeys.models import ApiKey
from apikeys.staff.showing import show_once
from apikeys.stages import Stage
from apikeys.usage import figures
from customers.staff.figures import Glance, glances
from customers.staff.founding import Founding, made_before, show
from customers.staff.pages import IndexedOrders, told_of
from organizations.admin import OrganizationAdmin
from organizations.models import Organization


class OrganizationList(IndexedOrders):
    """A list whose organizations know their numbers, found for all of a page at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Find the page's organizations and their numbers."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        known = glances([organization.pk for organization in self.result_list])
        for organization in self.result_list:
            organization.glance = known[organization.pk]


@admin.register(Organization)
class TenantAdmin(OrganizationAdmin):
    """Looks after the tenants, their keys and their customers in view."""

    list_display = (
        *("name", "environment", "region", "is_active"),
        *("customers", "api_keys", "requests_today", "created_at"),
    )
    sortable_by = ("name", "is_active", "created_at")
    change_form_template = "admin/organizations/organization/change.html"

    class Media:
        css = {"all": ("usage/usage.css", "customers/staff.css")}  # noqa: RUF012 - as Django declares it.

    @admin.display(description="customers")
    def customers(self, organization: Any) -> str:
        """Show how many customers it has."""
        return f"{organization.glance.all_customers:,}"

    @admin.display(description="keys")
    def api_keys(self, organization: Any) -> str:
        """Show how many keys stand where, each a link to them."""
        return linked_keys(organization, organization.glance) or "none"

    @admin.display(description="requests today")
    def requests_today(self, organization: Any) -> str:
        """Show how many requests its keys have made today."""
        return f"{organization.glance.requests:,}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[OrganizationList]:
        """Answer the class of the list."""
        return OrganizationList

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Show and take an organization with its first key; the same form, sent again, makes nothing more."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        may_make_keys = self.admin_site.get_model_admin(ApiKey).has_add_permission(request)
        before = made_before(request) if may_make_keys else None
        founding = Founding(request, may_make_keys=may_make_keys)
        if before or request.method != "POST" or not founding.is_valid():
            return before or show(self, request, founding)
        try:
            return self.found(request, founding)
        except IntegrityError:
            again = made_before(request)
            if again is None:
                raise
            return again

    def found(self, request: HttpRequest, founding: Founding) -> HttpResponse:
        """Make the organization and its key; show the key in this very answer, this once."""
        organization, key, plain = founding.make()
        self.log_addition(request, organization, "Added.")
        if key is None or plain is None:
            self.message_user(request, f"Added {organization}.")
            return HttpResponseRedirect(reverse("admin:organizations_organization_change", args=[organization.pk]))
        self.log_addition(request, key, f"Added with {organization}.")
        return show_once(request, self.admin_site, key, plain)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer the page of an organization, with its numbers and its last 30 days."""
        organization = kwargs["obj"]
        glance = glances([organization.pk])[organization.pk]
        context.update(
            told_of(organization),
            glance=glance,
            keys=linked_keys(organization, glance),
            bars=figures.organization_30_days(organization.pk),
        )
        return super().render_change_form(request, context, *args, **kwargs)


def linked_keys(organization: Organization, glance: Glance) -> SafeString:
    """Show how many keys stand where, each a link to them; nothing where there are none."""
    listed = f"{reverse('admin:apikeys_apikey_changelist')}?organization={organization.pk}"
    counted = ((f"{listed}&state={stage}", count, Stage(stage).label) for stage, count in glance.keys.items())
    return format_html_join(", ", '<a href="{}">{} {}</a>', counted)
