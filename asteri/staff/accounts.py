"""The people who sign in, and the groups they belong to: looked after by administrators."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from asteri.staff.lists import ListAdmin
from asteri.staff.second_factor import remove

admin.site.unregister((User, Group, StaticDevice, TOTPDevice))  # a device's secret is nobody's to read


@admin.register(User)
class AccountAdmin(ListAdmin, UserAdmin):
    """Looks after staff; only a superuser makes another, or touches one."""

    list_display = ("username", "first_name", "last_name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "groups")
    actions = ("reset_second_factor",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Role", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Answer what can't be changed: who is a superuser, for anybody who isn't."""
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whether the user may change an account, or that one."""
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whether the user may delete an account, or that one."""
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    @admin.action(description="Reset the second factor: they set it up anew", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Forget the second factor of each of the chosen."""
        users = [user for user in queryset if may_touch(request, user)]
        remove(users)
        for user in users:
            self.log_change(request, user, "Reset the second factor.")
        self.message_user(request, f"Reset: {', '.join(map(str, users)) or 'nobody'}.", messages.SUCCESS)


@admin.register(Group)
class RoleAdmin(ListAdmin, GroupAdmin):
    """Looks after roles."""


def may_touch(request: HttpRequest, account: User | None) -> bool:
    """Whether an account isn't above the user's own."""
    return account is None or not account.is_superuser or bool(request.user.is_superuser)
