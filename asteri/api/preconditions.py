"""Preconditions: change what you have seen, fetch what you haven't (RFC 9110, section 13.1)."""

from django.http import HttpRequest
from django.utils.http import parse_etags
from rest_framework.request import Request

from asteri.api.errors import ApiError


def require_match(request: Request, etag: str, error: str) -> None:
    """Raise 412 where `If-Match` names no version that still holds; weak tags never match (section 8.8.3.2)."""
    wanted = request.META.get("HTTP_IF_MATCH")
    if wanted is not None and not {"*", etag} & set(parse_etags(wanted)):
        raise ApiError(412, error)


def is_unchanged(request: Request | HttpRequest, etag: str) -> bool:
    """Whether `If-None-Match` names the version that holds, weakly compared, so that 304 says all there is to say."""
    known = request.META.get("HTTP_IF_NONE_MATCH")
    return known is not None and bool({"*", etag} & {tag.removeprefix("W/") for tag in parse_etags(known)})
