"""Rotating a key: how long the old one goes on is chosen, the new one is shown once."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from apikeys.models import ApiKey
from apikeys.staff.forms import RotateForm
from apikeys.staff.pages import find, page, refuse
from apikeys.staff.showing import show_once
from apikeys.states import KeyEndedError


def rotate(admin: Any, request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Ask for the terms, then rotate. The same form sent again finds a key that has been rotated, and shows nothing."""
    key = find(admin, request, key_id, to="add")
    if key.has_ended or key.is_replaced:
        return refuse(request, key, already(key))
    form = RotateForm(request.POST or None, key=key)
    if form.is_valid():
        return carry_out(admin, request, key, form)
    return page(admin, request, "rotate", title=f"Rotate {key.hint}", key=key, form=form)


def carry_out(admin: Any, request: HttpRequest, key: ApiKey, form: RotateForm) -> HttpResponse:
    """Rotate and show the successor, or say what somebody else has done to the key in the meantime."""
    try:
        successor, plain = key.rotate(form.grace_time, **form.given)
    except KeyEndedError as error:
        return refuse(request, key, error)
    admin.log_change(request, key, f"Rotated: {successor.hint} takes over.")
    admin.log_addition(request, successor, f"Takes over from {key.hint}.")
    return show_once(request, admin.admin_site, successor, plain, predecessor=key)


def already(key: ApiKey) -> str:
    """Answer why a key can't be rotated."""
    if key.has_ended:
        return f"{key.hint} is {key.state} and can't be rotated. Make a new key instead."
    return f"{key.hint} has been rotated already: {key.successor.hint} takes over. A key is shown once, and not again."
