"""Authentication: which key is asking?"""

from typing import cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apikeys.keys import PlainKey
from apikeys.models import ApiKey
from apikeys.throttling import refuse_guessing
from asteri.api.request import ApiRequest
from asteri.row_security import speak_for_organization

KEY_HEADER, BEARER_HEADER = "HTTP_X_API_KEY", "HTTP_AUTHORIZATION"  # as WSGI names `x-api-key` and `Authorization`


class KeyAuthentication(BaseAuthentication):
    """A key in `x-api-key`, or as the bearer token (RFC 6750, section 2.1) of `Authorization`."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey]:
        """Answer the key; raise 401 for one that is missing or not valid, 429 where an address fails too often."""
        text = presented_key(request)
        asking = cast(ApiRequest, request)
        (key, fault), asking.read_along = ApiKey.objects.examine_along(text, *asking.along)
        meta = request._request.META  # for those who watch (asteri/api/exchange.py)
        if key is None or fault:
            meta["asteri.key_fault"], meta["asteri.claimed_key"] = fault, claimed_key(text)
            if text:
                refuse_guessing(request._request)
            raise AuthenticationFailed("Invalid API key")
        meta["asteri.key"], meta["asteri.organization"] = key.public_id, (organization := str(key.organization_id))
        speak_for_organization(organization)
        key.stamp_use()
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """Answer the challenge that goes with a 401 (RFC 9110, section 11.6.1)."""
        return 'Bearer realm="Asteri public API"'


def key_of(request: Request) -> ApiKey:
    """Answer the key of an authenticated request."""
    return cast(ApiKey, request.auth)


def claimed_key(text: str) -> str | None:
    """Answer the public id of a text that could be a key; None of any other."""
    plain = PlainKey.parse(text)
    return plain.public_id if plain else None


def presented_key(request: Request) -> str:
    """Answer the key that the request bears; "" for none, and for two that differ."""
    sent = request._request.META
    scheme, _, token = sent.get(BEARER_HEADER, "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    key = sent.get(KEY_HEADER, "").strip()
    return "" if key and bearer and key != bearer else key or bearer
