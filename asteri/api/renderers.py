"""Answers: one way to write JSON, for the views and for what answers outside them."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer

MEDIA_TYPE = "application/json"


def encode(body: Any) -> bytes:
    """Write a body as compact JSON in UTF-8 (RFC 8259), keys in their given order."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Answer outside the views, in their form."""
    return HttpResponse(encode(body), status=status, content_type=MEDIA_TYPE, headers=headers)


class JsonRenderer(BaseRenderer):
    """The only renderer: JSON, whatever `Accept` says."""

    media_type = MEDIA_TYPE
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """Write the body; an answer without one stays empty."""
        return b"" if data is None else encode(data)
