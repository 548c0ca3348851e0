"""Staff's sign-in: who guesses passwords or codes may do so a few times a minute, whoever is guessed at."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django_otp.models import Device
from django_ratelimit.core import get_usage

from asteri.api.address import client_address
from asteri.circuit import shared_cache
from asteri.staff.second_factor import has_second_factor, verify

NO_GUESS = "code_missing"  # who knows the password and didn't know of the code has guessed at nothing


class CodeField(forms.CharField):
    """Takes a code of an authenticator app or a recovery code."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(max_length=32, widget=forms.TextInput(attrs=attributes), **kwargs)


class SignInForm(AdminAuthenticationForm):
    """Refuses even the right password after too many failures of an address, or of a name, be it anyone's or not.

    Failures alone are counted. While the shared cache is out, sign-in goes on uncounted.
    """

    request: HttpRequest
    code = CodeField(
        required=False, help_text="From your authenticator app, or a recovery code. Leave empty if you have none."
    )

    def clean(self) -> dict[str, Any]:
        """Answer the fields of who may sign in; count who may not."""
        if self.failures(count=False):
            raise ValidationError("Too many failed sign-ins. Wait a minute, then try again.", code="too_many_failures")
        try:
            return super().clean()
        except ValidationError as error:
            if error.code != NO_GUESS:
                self.failures(count=True)
            raise

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse who isn't staff, and who has a second factor and doesn't show it."""
        super().confirm_login_allowed(user)
        if has_second_factor(user):
            user.otp_device = self.shown(user)  # which django-otp keeps in the session

    def shown(self, user: User) -> Device:
        """Answer the device whose code was given."""
        given = self.cleaned_data.get("code", "")
        if not given:
            raise ValidationError("Enter the password again, and a code from your authenticator app.", code=NO_GUESS)
        device = verify(user, given)
        if device is None:
            raise ValidationError("This code is wrong or used up. Wait a moment, then try again.", code="code_wrong")
        return device

    def failures(self, *, count: bool) -> bool:
        """Whether the address or the name has failed too often; counts one failure more where told so."""
        limits = {
            "address": (client_address(self.request), settings.SIGN_IN_FAILURES_PER_ADDRESS),
            "name": (self.cleaned_data.get("username", "").casefold(), settings.SIGN_IN_FAILURES_PER_NAME),
        }
        return shared_cache.ask(
            lambda: True in [self.is_full(kind, *limit, count=count) for kind, limit in limits.items()],  # asks both
            lambda: False,
        )

    def is_full(self, kind: str, who: str, limit: int, *, count: bool) -> bool:
        """Whether one counter has come to its limit; its name's parts are joined without a separator, so ours is /."""
        usage = get_usage(
            self.request, group=f"sign-in/{kind}/", key=lambda *_: f"/{who}/", rate=(limit, 60), increment=count
        )
        return usage is not None and usage["count"] >= limit
