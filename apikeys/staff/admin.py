"""Keys in the admin: made, rotated and revoked, never deleted; a new key is shown once, in the answer to its making."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from apikeys.models import ApiKey
from apikeys.staff import facts, filters, lists, making, revoking, rotating, searching, tidying
from apikeys.staff.forms import ChangeForm, CreateForm
from apikeys.staff.showing import show_once
from apikeys.states import KeyEndedError
from asteri.staff.lists import ListAdmin, OrganizationFilter

FACTS = (
    *("hint", "state", "organization", "takes_over_from", "succeeded_by"),
    *("created_at", "last_used_at", "revoked_at"),
)
PLAIN = "asteri.plain_key"


@admin.register(ApiKey)
class ApiKeyAdmin(ListAdmin):
    """Looks after keys."""

    list_display = ("key", "organization", "state", "today", "used", "expires", "granted", "limits")
    list_filter = (filters.StateFilter, OrganizationFilter, *filters.OTHERS)
    list_select_related = ("organization", "successor")
    ordering = ("-created_at", "-id")
    search_fields = ("name",)  # so that there is a field; what it finds is for `searching` to say
    search_help_text = "A hint (ast_live_…), a public id, words of a name or an organization's, or an id. Never a key."
    autocomplete_fields = ("organization",)
    actions = ("revoke", "rotate")
    change_form_template = "admin/apikeys/apikey/change.html"
    change_list_template = "admin/apikeys/apikey/list.html"

    class Media:
        css = {"all": ("usage/usage.css", "apikeys/keys.css")}  # noqa: RUF012 - a declaration.
        js = ("apikeys/search.js",)

    # What is shown of a key.

    @admin.display(description="key", ordering="name")
    def key(self, key: ApiKey) -> SafeString:
        """Show the key in a row: its hint, and what it is for."""
        return lists.title(key)

    @admin.display(description="key")
    def hint(self, key: ApiKey) -> str:
        """Show what people may see of the key."""
        return key.hint

    @admin.display(description="state")
    def state(self, key: ApiKey) -> SafeString:
        """Show where the key stands."""
        return lists.badge(key)

    @admin.display(description="scopes")
    def granted(self, key: ApiKey) -> str:
        """Show what the key may do."""
        return lists.scopes(key)

    @admin.display(description="limits")
    def limits(self, key: ApiKey) -> str:
        """Show how often the key may ask."""
        return lists.limits(key)

    @admin.display(description="expires", ordering="expires_at")
    def expires(self, key: ApiKey) -> str:
        """Show the day on which the key expires."""
        return f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"

    @admin.display(description="last use", ordering="last_used_at")
    def used(self, key: ApiKey) -> str:
        """Show how long ago the key was used last."""
        return f"{timesince(key.last_used_at, depth=1)} ago" if key.last_used_at else "never"

    @admin.display(description="requests today")
    def today(self, key: Any) -> SafeString:
        """Show how much the key is used today, beside the others of the page."""
        bar: SafeString = key.bar_of_today
        return bar

    @admin.display(description="takes over from")
    def takes_over_from(self, key: ApiKey) -> str:
        """Show which key's rotation made this one."""
        return facts.link(key.replaces)

    @admin.display(description="succeeded by")
    def succeeded_by(self, key: ApiKey) -> str:
        """Show which key a rotation has made."""
        return facts.link(getattr(key, "successor", None))

    # The list.

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Answer the list's class."""
        return lists.KeyList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ApiKey], search_term: str
    ) -> tuple[QuerySet[ApiKey], bool]:
        """Answer the keys that a text finds."""
        return searching.found(queryset, search_term), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Answer the list; an address that holds a key leads to one that holds its hint."""
        safe = searching.without_secrets(request.GET)
        if safe is None:
            return super().changelist_view(request, extra_context)
        messages.warning(request, searching.WARNING)
        return HttpResponseRedirect(f"{request.path}?{safe.urlencode()}")

    @admin.action(description="Revoke: end the chosen keys now, for good", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """Revoke the chosen keys, once that is confirmed."""
        return revoking.revoke_chosen(self, request, queryset)

    @admin.action(description="Rotate one key: a new one takes over", permissions=["change", "add"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """Lead to the page that rotates the chosen key."""
        keys = list(queryset[:2])
        if len(keys) == 1:
            return HttpResponseRedirect(reverse("admin:apikeys_apikey_rotate", args=[keys[0].pk]))
        messages.error(request, "Choose exactly one key to rotate.")
        return None

    # The pages of a key.

    def get_urls(self) -> list[URLPattern]:
        """Answer the pages beside Django's own."""
        wrap = self.admin_site.admin_view
        views = {"rotate": rotating.rotate, "revoke": revoking.revoke_one, "expire": tidying.expire}
        return [
            path("hygiene/", wrap(partial(tidying.tidy, self)), name="apikeys_apikey_hygiene"),
            *(
                path(f"<uuid:key_id>/{name}/", wrap(partial(view, self)), name=f"apikeys_apikey_{name}")
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Answer the form that makes a key, or the one that changes it."""
        return super().get_form(request, obj, change, **{**kwargs, "form": ChangeForm if obj else CreateForm})

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Answer the fields, those that a made key only shows first."""
        return making.SECTIONS if obj is None else ((None, {"fields": FACTS}), *making.TERMS)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Answer what can't be changed: where a key belongs, and everything of one that has ended."""
        if obj is None:
            return ()
        return (*FACTS, *ChangeForm.Meta.fields) if obj.has_ended else FACTS

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Answer what an address may fill in: whose key it is."""
        return {name: value for name, value in request.GET.items() if name == "organization"}

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Answer False: a key is revoked, and what it did stays traceable."""
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Show and take the form; one that is sent again, by a double click or a reload, makes no second key."""
        try:
            return making.made_before(self, request) or super().add_view(request, form_url, extra_context)
        except IntegrityError:
            return making.made_before(self, request) or making.start_over(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show and take the form; that the key has ended in the meantime is a message."""
        try:
            return super().change_view(request, object_id, form_url, extra_context)
        except KeyEndedError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.path)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer the form, with what there is to know of the key."""
        key = kwargs.get("obj")
        context.update(facts.about(key) if key else {})
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Store the key; a new one gets its material, which lives as long as this request."""
        if change:
            making.keep_changes(obj, form.changed_data)
        else:
            request.META[PLAIN] = obj.mint()
            obj.save(force_insert=True)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the new key in this very answer: no message, session, cookie or redirect ever holds it."""
        return show_once(request, self.admin_site, obj, request.META.pop(PLAIN))
