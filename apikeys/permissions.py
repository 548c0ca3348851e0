"""Permission by scope: what may this key do?"""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apikeys.authentication import key_of
from asteri.api.errors import ApiError


class HasScope(BasePermission):
    """The key carries each scope that the view names for the action; an action that names none is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Answer True; raise 403 with the scopes that are missing. A method without an action goes on to its 405."""
        action: str | None = view.action
        needed = view.scopes.get(action)
        missing = [scope for scope in needed or () if scope not in key_of(request).scopes]
        if missing or (action is not None and needed is None):
            raise ApiError(403, "API key missing required scopes", missingScopes=missing)
        return True
