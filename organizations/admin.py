"""Organizations in the admin: made, suspended and reactivated, never deleted."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from organizations.models import Organization


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    """Looks after the tenants."""

    list_display = ("name", "environment", "region", "is_active", "created_at")
    list_filter = ("environment", ("suspended_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "id")
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

    @admin.action(description="Suspend: refuse every key from the next request on", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        """Suspend each of the chosen."""
        for organization in queryset:
            organization.suspend()
            self.log_change(request, organization, "Suspended.")
        self.message_user(request, f"Suspended: {', '.join(map(str, queryset))}.")

    @admin.action(description="Reactivate: let the keys work again", permissions=["change"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        """Reactivate each of the chosen."""
        for organization in queryset:
            organization.reactivate()
            self.log_change(request, organization, "Reactivated.")
        self.message_user(request, f"Reactivated: {', '.join(map(str, queryset))}.")
