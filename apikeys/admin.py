"""Keys in the admin: made, rotated and revoked, never deleted; a new key is shown once, in the answer to its making."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apikeys.keys import PlainKey
from apikeys.models import ApiKey, KeyEndedError
from apikeys.scopes import Scope

GRACE = timedelta(hours=24)


class ApiKeyForm(forms.ModelForm):
    """A key's fields, its scopes as checkboxes with a sentence each."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {scope.label}") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="A key without scopes may do nothing.",
    )

    class Meta:
        model = ApiKey
        fields = ("organization", "name", "scopes", "per_minute", "per_hour", "per_day", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Looks after keys."""

    form = ApiKeyForm
    list_display = ("hint", "name", "organization", "state", "limits", "expires_at", "last_used_at")
    list_filter = (
        ("revoked_at", admin.EmptyFieldListFilter),
        ("expires_at", admin.EmptyFieldListFilter),
        ("last_used_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("organization", "successor")
    search_fields = ("name", "public_id", "organization__name")
    autocomplete_fields = ("organization",)
    readonly_fields = ("hint", "state", "revoked_at", "last_used_at", "created_at", "replaces")
    actions = ("revoke", "rotate")

    @admin.display(description="limits")
    def limits(self, key: ApiKey) -> str:
        """Answer the key's limits in one line."""
        given = {"minute": key.per_minute, "hour": key.per_hour, "day": key.per_day}
        return ", ".join(f"{limit} a {window}" for window, limit in given.items() if limit)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Answer the fields of the form; what only a made key has is shown only then."""
        return (*self.readonly_fields, *ApiKeyForm.Meta.fields) if obj else ApiKeyForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Answer what can't be changed: a made key never moves to another organization."""
        return (*self.readonly_fields, "organization") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Answer False: a key is revoked, and what it did stays traceable."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Store the key; a new one gets its material, which lives as long as this request."""
        if not change:
            request.META["asteri.plain_key"] = obj.mint()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the new key in this very answer: no message, session, cookie or redirect ever holds it."""
        return self.show_once(request, obj, request.META.pop("asteri.plain_key"))

    def show_once(self, request: HttpRequest, key: ApiKey, plain: PlainKey) -> HttpResponse:
        """Answer the page with the plain key, which no cache keeps and no other page learns the address of."""
        context = {**self.admin_site.each_context(request), "title": "API key created", "key": key, "plain": plain.text}
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return TemplateResponse(request, "admin/apikeys/apikey/created.html", context, headers=headers)

    @admin.action(description="Revoke: end the chosen keys now, for good", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke each of the chosen."""
        for key in queryset:
            key.revoke()
            self.log_change(request, key, "Revoked.")
            self.message_user(request, f"Revoked {key}.")

    @admin.action(description="Rotate one key: a new one like it; it ends in 24 hours", permissions=["change", "add"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """Rotate the chosen key and show its successor once."""
        try:
            (key,) = queryset
            successor, plain = key.rotate(GRACE)
        except ValueError:
            self.message_user(request, "Choose exactly one key to rotate.", messages.ERROR)
            return None
        except KeyEndedError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        self.log_change(request, key, f"Rotated: {successor.hint} takes over.")
        self.log_addition(request, successor, f"Takes over from {key.hint}.")
        return self.show_once(request, successor, plain)
