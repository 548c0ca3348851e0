"""The organization of a request: the `x-organization-id` header against the organization of the key."""

import uuid
from typing import Any, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from asteri.api.errors import ApiError
from asteri.api.identifiers import uuid_of
from organizations.models import Organization

HEADER, VARIABLE = "x-organization-id", "HTTP_X_ORGANIZATION_ID"  # the header, and how WSGI names it


class OrganizationContext(BasePermission):
    """Every public request names the organization it acts for, and it's the key's own, and active."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Answer True; raise 400 for a header that is missing or no UUID, 403 for any organization but the key's.

        An action that the view names in `without_organization` may do without the header, not with a wrong one.
        """
        is_optional = view.action in view.without_organization
        judge(organization_of(request), request.META.get(VARIABLE), is_optional=is_optional)
        return True


def judge(organization: Organization, header: str | None, *, is_optional: bool) -> None:
    """Raise 400 or 403 where a request with that header, None for none, may not act for its key's organization."""
    named = organization.id if is_optional and header is None else named_organization(header or "")
    if named != organization.id or organization.is_suspended:
        raise ApiError(403, "API key does not have access to this organization")


def named_organization(header: str) -> uuid.UUID:
    """Read the header; raise the contract's 400 where it is missing or malformed."""
    text = header.strip()
    if not text:
        raise bad_header("Missing organization context. Provide x-organization-id.", "Required")
    named = uuid_of(text)
    if named is None:
        raise bad_header("Invalid organization context. x-organization-id must be a UUID.", "Invalid UUID")
    return named


def claimed_organization(request: Request) -> uuid.UUID | None:
    """Answer the organization that a request claims to act for, before anything has been judged."""
    return uuid_of(request.META.get(VARIABLE, "").strip())


def bad_header(error: str, message: str) -> ApiError:
    """Answer the 400 of a header that names no organization."""
    return ApiError(400, error, issues=[{"path": HEADER, "message": message}])


def organization_of(request: Request) -> Organization:
    """Answer the organization that a request acts for: its key's, which the header has to name."""
    key: Any = request.auth
    return cast(Organization, key.organization)
