"""Making and changing keys: a form makes one key, and a change writes what was changed and nothing else."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apikeys.models import ApiKey
from apikeys.staff.forms import LIMITS
from apikeys.staff.pages import refuse
from apikeys.states import KeyEndedError

MAY = ("What it may do", {"fields": ("scopes",)})
OFTEN = ("How often", {"fields": (LIMITS,), "description": "Never more than this is let in, in any window."})
TERMS = ((None, {"fields": ("name",)}), MAY, OFTEN, ("How long", {"fields": ("expires_at",)}))
SECTIONS = (
    (None, {"fields": ("organization", "name", "key_id")}),
    MAY,
    OFTEN,
    ("How long", {"fields": ("lifetime", "expires_at")}),
)
SHOWN_ONCE = "This form has made {} already. A key is shown once, and not again: rotate it where it is lost."


def made_before(admin: Any, request: HttpRequest) -> HttpResponse | None:
    """Lead to the key that the very form of this request has made; None where it has made none."""
    if request.method != "POST" or not admin.has_add_permission(request):
        return None
    try:
        made = ApiKey.objects.select_related("organization").filter(pk=UUID(request.POST.get("key_id", ""))).first()
    except ValueError:
        return None
    return refuse(request, made, SHOWN_ONCE.format(made.hint)) if made else None


def start_over(request: HttpRequest) -> HttpResponse:
    """Lead to an empty form: what the sent one spoke of, its organization or its user, has gone in the meantime."""
    messages.error(request, "Nothing was made: what the form speaks of has been deleted in the meantime.")
    return HttpResponseRedirect(request.path)


def keep_changes(key: ApiKey, changed: Collection[str]) -> None:
    """Store the changed fields alone, so that another's change beside them stays; KeyEndedError where it has ended."""
    held = ApiKey.objects.select_for_update(of=("self",)).select_related("organization").get(pk=key.pk)
    if held.has_ended:
        raise KeyEndedError(f"{held.hint} is {held.state}: nothing of it can be changed any more.")
    key.save(update_fields=changed)
