"""The site that staff sign in to."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from asteri.staff.signin import SignInForm


class StaffSite(AdminSite):
    """Django's admin under Asteri's name."""

    site_header = site_title = "Asteri"
    index_title = "Organizations, customers and keys"
    login_form = SignInForm

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Answer the view for staff alone; an address with a NUL in it, which no text of a database holds, is a 400."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def refusing(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if any("\0" in text for name, texts in request.GET.lists() for text in (name, *texts)):
                raise SuspiciousOperation("NUL in the query string")
            response: HttpResponseBase = guarded(request, *args, **kwargs)
            return response

        return refusing
