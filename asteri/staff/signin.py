"""Staff's sign-in: who guesses passwords may do so a few times a minute, whoever is guessed at."""

from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from asteri.api.address import client_address
from asteri.circuit import shared_cache


class SignInForm(AdminAuthenticationForm):
    """Refuses even the right password after too many failures of an address, or of a name, be it anyone's or not.

    Failures alone are counted. While the shared cache is out, sign-in goes on uncounted.
    """

    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        """Answer the fields of who may sign in; count who may not."""
        if self.failures(count=False):
            raise ValidationError("Too many failed sign-ins. Wait a minute, then try again.", code="too_many_failures")
        try:
            return super().clean()
        except ValidationError:
            self.failures(count=True)
            raise

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
