"""The form that asks what to explain."""

from typing import Any

from django import forms

from apikeys.usage.actions import scopes_by_name
from apikeys.usage.explaining import Explanation, explain
from apikeys.usage.subjects import UnknownError

LONGEST = 1_000  # characters; nothing that can be asked about has more


class Unshown(forms.TextInput):
    """A line of text that comes back empty: what was given may be a key, in whichever field."""

    def format_value(self, value: Any) -> None:
        """Answer nothing."""


class ExplainForm(forms.Form):
    """What to explain. No message of it and no field repeats what was given."""

    subject = forms.CharField(
        label="Request id, hint or key",
        max_length=LONGEST,
        error_messages={"max_length": f"At most {LONGEST} characters."},
        help_text="A whole key is looked at and forgotten: it's neither stored nor logged nor shown again.",
        widget=Unshown(attrs={"autocomplete": "off", "spellcheck": "false", "class": "vTextField"}),
    )
    organization = forms.UUIDField(
        label="Organization id",
        required=False,
        help_text="The id in x-organization-id, where the caller says which.",
        widget=Unshown(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    action = forms.ChoiceField(
        required=False,
        error_messages={"invalid_choice": "Choose one of the actions."},
        help_text="What the caller asks for; a refusal that was kept brings its own.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["action"]
        field.choices = [("", "any"), *((name, name) for name in scopes_by_name())]

    def explanation(self) -> Explanation | None:
        """Answer the explanation of what was asked; None with an error where it can't be given."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        try:
            return explain(given["subject"], given["organization"], given["action"])
        except UnknownError as error:
            self.add_error(None, str(error))
            return None
