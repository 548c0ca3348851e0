"""The hygiene page: each key that needs a look, beside the action that mends it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from apikeys import hygiene
from apikeys.hygiene import Concern
from apikeys.models import ApiKey
from apikeys.staff.pages import find, page, refuse, to_origin
from apikeys.staff.terms import usual, usual_end
from apikeys.states import KeyEndedError
from apikeys.usage import figures

SHOWN = 50  # keys of each concern
MENDED_BY_AN_EXPIRY = (Concern.NEVER_EXPIRING, Concern.EXPIRING_SOON)


def tidy(admin: Any, request: HttpRequest) -> HttpResponse:
    """Answer the page."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    may = {"may_change": admin.has_change_permission(request), "may_add": admin.has_add_permission(request)}
    about = {"title": "Keys that need attention", "usual": f"{usual()} days", "shown": SHOWN}
    return page(admin, request, "hygiene", concerns=list(concerns()), **about, **may)


def concerns() -> Iterator[dict[str, Any]]:
    """Yield each concern: how many keys it holds, and the first of them with how often they were refused."""
    refusals = figures.often_refused()
    often = ApiKey.objects.filter(hygiene.is_among(refusals))
    for concern, queryset in hygiene.QUERYSETS.items():
        found = often if concern is Concern.OFTEN_REFUSED else queryset()
        keys = list(found.select_related("organization", "successor")[:SHOWN])
        yield {
            "concern": concern,
            "counted": counted(found) if len(keys) == SHOWN else str(len(keys)),
            "rows": [(key, refusals.get(key.public_id, 0)) for key in keys],
            "has_more": len(keys) == SHOWN,
            "mends_expiry": concern in MENDED_BY_AN_EXPIRY,
            "is_refused": concern is Concern.OFTEN_REFUSED,
        }


def counted(keys: QuerySet[ApiKey]) -> str:
    """Answer how many keys there are, as people read it."""
    count = hygiene.count(keys)
    return f"{min(count, hygiene.MOST):,}{'+' if count > hygiene.MOST else ''}"


def expire(admin: Any, request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Have a key expire in a year, or as late as is allowed; a POST alone does."""
    key = find(admin, request, key_id, to="change")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        end = postpone(key)
    except KeyEndedError as error:
        return refuse(request, key, error)
    admin.log_change(request, key, f"Expires on {end:%Y-%m-%d}.")
    messages.success(request, f"{key} expires on {end:%Y-%m-%d}.")
    return to_origin(request, key)


def postpone(key: ApiKey) -> datetime:
    """Give a key the usual lifetime from now on; KeyEndedError for one that has ended or is meant to end."""
    end = usual_end()
    with transaction.atomic():
        held = ApiKey.objects.select_for_update(of=("self",)).select_related("organization").get(pk=key.pk)
        if held.has_ended or held.is_replaced:
            raise KeyEndedError(f"{held.hint} is {held.state}: its expiry stays.")
        held.expires_at = end
        held.save(update_fields=["expires_at"])
    return end
