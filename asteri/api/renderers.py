"""Answers: one way to write JSON, for the views and for what answers outside them."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer

MEDIA_TYPE = "application/json"


def encode(body: Any) -> bytes:
    """Write a body as compact JSON in UTF-8 (RFC 8259), keys in their given order, UUIDs in their usual form."""
    return orjson.dumps(body)


def json_response(body: Any = None, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Answer a body, written here and now, and known as `data`; an answer without one says nothing of its type."""
    if body is None:
        response = HttpResponse(status=status, headers=headers)
        del response.headers["Content-Type"]
    else:
        response = HttpResponse(encode(body), MEDIA_TYPE, status, headers=headers)
    response.data = body  # type: ignore[attr-defined]
    return response


class JsonRenderer(BaseRenderer):
    """Says what the routes answer with: JSON, whatever `Accept` says. They write it themselves (`json_response`)."""

    media_type = MEDIA_TYPE
    format = "json"
    charset = None
