"""Forms: what is asked of who makes, changes and rotates a key."""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html

from apikeys import lifetimes
from apikeys.models import ApiKey
from apikeys.scopes import Scope
from apikeys.staff.terms import DATE, SAME, LifetimeField, end_of, usual
from apikeys.stages import SOON

MOST_GRACE = 8_760  # hours: a year
OWN = "own"
GRACES = [("0", "now"), ("1", "in an hour"), ("24", "in 24 hours"), ("168", "in 7 days"), (OWN, "in hours of your own")]
LIMITS = ("per_minute", "per_hour", "per_day")


class KeyForm(forms.ModelForm):
    """A key's name, its scopes as checkboxes with a sentence each, and its limits."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, format_html("<code>{}</code> {}", scope.value, scope.label)) for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="None implies another. A key without scopes may do nothing.",
    )

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = ("name", "scopes", *LIMITS, "expires_at")
        help_texts = {  # noqa: RUF012 - a declaration.
            "name": "What it's for: the program or the partner that will hold it.",
            "per_hour": "No limit where it's empty.",
            "per_day": "No limit where it's empty.",
            "expires_at": "In UTC.",
        }


class CreateForm(KeyForm):
    """A key to be made, with its lifetime; `key_id` makes each form good for one key, however often it's sent."""

    lifetime = LifetimeField(label="Expires after", last=[(DATE, "at the date below")])
    key_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    class Meta(KeyForm.Meta):
        fields = ("organization", *KeyForm.Meta.fields)

    def clean(self) -> dict[str, Any]:
        """Answer the values, with the expiry that the lifetime means."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "key_id" in values:
            self.instance.id = values["key_id"]
        chosen = values.get("lifetime")
        if chosen == DATE and not values.get("expires_at") and "expires_at" not in self.errors:
            self.add_error("expires_at", "Choose the date and the time at which it expires.")
        elif chosen and chosen != DATE:
            values["expires_at"] = end_of(chosen)
        return values


class ChangeForm(KeyForm):
    """A key that goes on under other terms."""

    def clean_expires_at(self) -> Any:
        """Answer the expiry; one that is new has to be allowed, one that was there before may stay."""
        expires_at = self.cleaned_data["expires_at"]
        fault = lifetimes.fault(expires_at) if "expires_at" in self.changed_data else None
        if fault:
            raise forms.ValidationError(fault)
        return expires_at


class RotateForm(forms.Form):
    """How long the old key goes on beside the new one, and how long the new one lives."""

    grace = forms.ChoiceField(label="The old key ends", choices=GRACES, initial="24", widget=forms.RadioSelect)
    hours = forms.IntegerField(label="Hours of your own", min_value=0, max_value=MOST_GRACE, required=False)
    lifetime = LifetimeField(label="The new key expires after", first=[(SAME, "the old key's own expiry")])

    def __init__(self, *args: Any, key: ApiKey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        lasts = key.expires_at is None or key.expires_at > timezone.now() + SOON
        self.initial["lifetime"] = SAME if lasts else usual()

    def clean(self) -> dict[str, Any]:
        """Answer the values; hours of one's own have to be given where they are chosen."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("grace") == OWN and values.get("hours") is None and "hours" not in self.errors:
            self.add_error("hours", "Say after how many hours the old key ends.")
        return values

    @property
    def grace_time(self) -> timedelta:
        """How long the old key goes on."""
        chosen = self.cleaned_data["grace"]
        return timedelta(hours=self.cleaned_data["hours"] if chosen == OWN else int(chosen))

    @property
    def given(self) -> dict[str, Any]:
        """What the new key is given that the old one doesn't have."""
        chosen = self.cleaned_data["lifetime"]
        return {} if chosen == SAME else {"expires_at": end_of(chosen)}
