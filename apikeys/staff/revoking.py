"""Revoking keys: confirmed, with what would be lost in sight, and irreversible."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from apikeys.models import ApiKey
from apikeys.staff.pages import find, origin_of, page, refuse, to_origin
from apikeys.usage import figures

MOST = 100  # keys at once


def revoke_one(admin: Any, request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Ask for a confirmation, then revoke."""
    key = find(admin, request, key_id, to="change")
    if key.revoked_at is not None:
        return refuse(request, key, f"{key.hint} was revoked at {key.revoked_at:%Y-%m-%d %H:%M} UTC already.")
    if request.method == "POST":
        carry_out(admin, request, [key])
        return to_origin(request, key)
    return confirm(admin, request, [key], is_action=False)


def revoke_chosen(admin: Any, request: HttpRequest, chosen: QuerySet[ApiKey]) -> HttpResponse | None:
    """Ask for a confirmation that names each key, then revoke them; None leads back to the list."""
    keys = list(chosen.filter(revoked_at=None)[: MOST + 1])
    if not keys or len(keys) > MOST:
        messages.error(request, f"Choose from 1 to {MOST} keys that are not revoked.")
        return None
    if "confirmed" not in request.POST:
        return confirm(admin, request, keys, is_action=True)
    carry_out(admin, request, keys)
    return None


def confirm(admin: Any, request: HttpRequest, keys: Sequence[ApiKey], *, is_action: bool) -> HttpResponse:
    """Answer the page that says what revoking means for these keys, and which of them are in use."""
    today = figures.today([key.public_id for key in keys])
    about = {
        "title": f"Revoke {keys[0].hint}?" if len(keys) == 1 else f"Revoke {len(keys)} keys?",
        "rows": [(key, today[key.public_id]) for key in keys],
        "is_action": is_action,
        "checkbox": ACTION_CHECKBOX_NAME,
        "origin": request.GET.get("from", ""),
        "back": request.get_full_path() if is_action else origin_of(request.GET, keys[0]),
    }
    return page(admin, request, "revoke", **about)


def carry_out(admin: Any, request: HttpRequest, keys: Sequence[ApiKey]) -> None:
    """Revoke each key."""
    for key in keys:
        key.revoke()
        admin.log_change(request, key, "Revoked.")
    names = ", ".join(map(str, keys))
    messages.success(request, f"Revoked {names}. The very next request is refused.")
