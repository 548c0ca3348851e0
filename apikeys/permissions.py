"""Permission by scope: what may this key do?"""

from collections.abc import Collection
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apikeys.authentication import key_of
from apikeys.models import ApiKey
from asteri.api.errors import ApiError

MISSING_SCOPES = "API key missing required scopes"


class HasScope(BasePermission):
    """The key carries each scope that the view names for the action; an action that names none is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Answer True; raise 403 with the scopes that are missing. A method without an action goes on to its 405."""
        judge(key_of(request), view.scopes.get(view.action, () if view.action is None else None))
        return True


def judge(key: ApiKey, needed: Collection[str] | None) -> None:
    """Raise 403 with the scopes that the key lacks; None for what no scope was named for is refused to every key."""
    missing = [scope for scope in needed or () if scope not in key.scopes]
    if missing or needed is None:
        raise ApiError(403, MISSING_SCOPES, missingScopes=missing)
