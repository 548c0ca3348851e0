"""Founding: an organization and its first key, made in one go, or neither."""

import uuid
from typing import Any

from django import forms
from django.contrib.admin.helpers import AdminForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apikeys.keys import PlainKey
from apikeys.models import ApiKey
from apikeys.staff.forms import CreateForm, KeyForm
from apikeys.staff.making import MAY, OFTEN, SHOWN_ONCE
from apikeys.staff.pages import refuse
from organizations.models import Organization

ABOUT = ("name", "environment", "region", "with_key")
KEY_SECTIONS: Any = (
    ("First key", {"fields": ("name", "key_id")}),
    MAY,
    OFTEN,
    ("How long", {"fields": ("lifetime", "expires_at")}),
)


class OrganizationForm(forms.ModelForm):
    """An organization to be made, and the wish for its first key."""

    with_key = forms.BooleanField(label="With its first key", required=False, initial=True)

    class Meta:
        model = Organization
        fields = ("name", "environment", "region")

    def clean_region(self) -> str:
        """Answer the region as its code is written."""
        return str(self.cleaned_data["region"]).strip().upper()


class FirstKeyForm(CreateForm):
    """The first key of an organization that isn't there yet."""

    class Meta(CreateForm.Meta):
        fields = KeyForm.Meta.fields
        widgets = {  # noqa: RUF012 - a declaration.
            "expires_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        }


class Founding:
    """The two forms of one page, and what they make."""

    def __init__(self, request: HttpRequest, *, may_make_keys: bool) -> None:
        sent = request.POST if request.method == "POST" else None
        self.organization = OrganizationForm(sent)
        if not may_make_keys:
            del self.organization.fields["with_key"]
        self.may_make_keys = may_make_keys
        self.wants_key = may_make_keys and (sent is None or bool(sent.get("with_key")))
        self.key = FirstKeyForm(sent if self.wants_key else None, prefix="key")

    def is_valid(self) -> bool:
        """Whether both can be made; the faults of both stand in their forms."""
        return all([self.organization.is_valid(), not self.wants_key or self.key.is_valid()])

    def make(self) -> tuple[Organization, ApiKey | None, PlainKey | None]:
        """Store the organization and its key, or neither."""
        with transaction.atomic():
            made = self.organization.save()
            if not self.wants_key:
                return made, None, None
            key = self.key.instance
            key.organization = made
            plain = key.mint()
            key.save(force_insert=True)
            return made, key, plain


def made_before(request: HttpRequest) -> HttpResponse | None:
    """Lead to the key that the very form of this request has made; None where it has made none."""
    try:
        sent = uuid.UUID(request.POST.get("key-key_id", ""))
    except ValueError:
        return None
    made = ApiKey.objects.select_related("organization").filter(pk=sent).first()
    return refuse(request, made, SHOWN_ONCE.format(made.hint)) if made else None


def show(admin: Any, request: HttpRequest, founding: Founding) -> HttpResponse:
    """Answer the page with both forms."""
    about = [name for name in ABOUT if name in founding.organization.fields]
    sections = [AdminForm(founding.organization, [(None, {"fields": about})], {}, model_admin=admin)]
    if founding.may_make_keys:
        sections.append(AdminForm(founding.key, KEY_SECTIONS, {}, model_admin=admin))
    forms = [founding.organization, founding.key]
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "media": admin.media,
        "title": "Add organization",
        "sections": sections,
        "errors": [str(error) for form in forms if form.is_bound for error in form.non_field_errors()],
        "has_errors": any(form.is_bound and form.errors for form in forms),
    }
    return TemplateResponse(request, "admin/organizations/organization/add.html", context)
