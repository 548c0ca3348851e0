"""The page on which somebody sets up their second factor, makes new recovery codes, and takes the factor away."""

from collections.abc import Callable
from typing import Any

import django_otp
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from asteri.staff import second_factor
from asteri.staff.signin import CodeField

SECRET = {"Cache-Control": "no-store"}


class CodeForm(forms.Form):
    """Takes a code; whoever sits at a screen left open has none, and changes nothing."""

    code = CodeField(help_text="The six digits that your authenticator app shows, or a recovery code.")


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show where a user's second factor stands, and change it; also for whoever may see nothing before that."""
    user: Any = request.user
    enrolled = second_factor.has_second_factor(user)
    if not (user.is_active and user.is_staff) or (enrolled and not second_factor.is_trusted(user)):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = ACTIONS.get(request.POST.get("action", "") if enrolled else "confirm", new_codes)
        response = act(request, user, form.cleaned_data["code"])
        if response is not None:
            return response
        form.add_error("code", "This code is wrong or used up. Wait a moment, then try again.")
    return shown(request, "staff/second_factor.html", form=form, enrolled=enrolled, **standing(user, enrolled=enrolled))


def standing(user: User, *, enrolled: bool) -> dict[str, Any]:
    """Answer what the page says of a second factor, or shows to whoever sets one up."""
    required = settings.STAFF_SECOND_FACTOR == "required"
    if enrolled:
        return {"codes_left": second_factor.recovery_codes_left(user), "required": required}
    device = second_factor.pending(user)
    secret = second_factor.written_secret(device)
    return {"qr_code": second_factor.qr_code(device), "secret": secret, "required": required}


def confirm(request: HttpRequest, user: User, code: str) -> HttpResponse | None:
    """Turn the second factor on, and show the recovery codes; this session has shown it."""
    device = second_factor.confirm(user, second_factor.cleaned(code))
    if device is None:
        return None
    django_otp.login(request, device)
    request.session.cycle_key()
    user.is_trusted = True  # type: ignore[attr-defined]  # what `is_trusted` has found out before
    return recovery_codes(request, user)


def new_codes(request: HttpRequest, user: User, code: str) -> HttpResponse | None:
    """Make new recovery codes and show them."""
    return recovery_codes(request, user) if second_factor.verify(user, code) else None


def remove(request: HttpRequest, user: User, code: str) -> HttpResponse | None:
    """Take the second factor away."""
    if not second_factor.verify(user, code):
        return None
    second_factor.remove([user])
    messages.success(request, "Your second factor is gone: a password is enough to sign in.")
    return HttpResponseRedirect(reverse("admin:second_factor"))


def recovery_codes(request: HttpRequest, user: User) -> HttpResponse:
    """Show new recovery codes in this very answer, and nowhere after it."""
    return shown(request, "staff/recovery_codes.html", codes=second_factor.make_recovery_codes(user))


def shown(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """Answer a page that no cache keeps."""
    surroundings = {**admin.site.each_context(request), "title": "Second factor"}
    return TemplateResponse(request, template, {**surroundings, **context}, headers=SECRET)


ACTIONS: dict[str, Callable[[HttpRequest, User, str], HttpResponse | None]] = {
    "confirm": confirm,
    "remove": remove,
    "codes": new_codes,
}
