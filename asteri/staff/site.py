"""The site that staff sign in to."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse

from asteri.staff.signin import SignInForm


class StaffSite(AdminSite):
    """Django's admin under Asteri's name, for staff who have shown all that their sign-in takes."""

    site_header = site_title = "Asteri"
    index_title = "Dashboard"
    login_form = SignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the request is of somebody on the staff, with the second factor where there is or must be one."""
        from asteri.staff.second_factor import is_trusted  # noqa: PLC0415 - it needs the models.

        is_leaving = request.path == reverse("admin:logout")  # which is allowed at any time
        return bool(super().has_permission(request) and (is_leaving or is_trusted(request.user)))

    def get_urls(self) -> list[Any]:
        """Answer every address: Django's and ours."""
        from asteri.staff import enrolment  # noqa: PLC0415 - it needs the models.

        return [path("second-factor/", enrolment.page, name="second_factor"), *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the dashboard."""
        from asteri.staff.dashboard import panels  # noqa: PLC0415 - it needs the models.

        return super().index(request, {**panels(request), **(extra_context or {})})

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Answer the view for staff alone; an address with a NUL in it, which no text of a database holds, is a 400."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def refusing(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if any("\0" in text for name, texts in request.GET.lists() for text in (name, *texts)):
                raise SuspiciousOperation("NUL in the query string")
            if self.awaits_enrolment(request):
                return HttpResponseRedirect(reverse("admin:second_factor"))
            response: HttpResponseBase = guarded(request, *args, **kwargs)
            return response

        return refusing

    def awaits_enrolment(self, request: HttpRequest) -> bool:
        """Whether it's of somebody on the staff who has to set up a second factor first."""
        from asteri.staff.second_factor import must_enrol  # noqa: PLC0415 - it needs the models.

        return super().has_permission(request) and not self.has_permission(request) and must_enrol(request.user)
