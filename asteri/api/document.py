"""The OpenAPI document over HTTP: the committed file, for everybody, as often as its reader likes to ask."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse

from asteri.api.preconditions import is_unchanged
from asteri.api.renderers import MEDIA_TYPE, encode, json_response

FILE = Path(__file__).with_name("openapi.json")
LIFETIME = "public, max-age=3600"
METHODS = ("GET", "HEAD")


@cache
def contract() -> dict[str, Any]:
    """Answer the document; the file is read once in a process."""
    document: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return document


@cache
def packed() -> tuple[bytes, str]:
    """Answer the document as it is sent, with its entity tag."""
    body = encode(contract())
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def openapi(request: HttpRequest) -> HttpResponse:
    """Answer the document, or 304 to a reader who has it; it depends on no key, so anything in between may keep it."""
    if request.method not in METHODS:
        return json_response({"error": "Method not allowed"}, 405, {"Allow": ", ".join(METHODS)})
    body, etag = packed()
    headers = {"ETag": etag, "Cache-Control": LIFETIME}
    if is_unchanged(request, etag):
        return HttpResponse(status=304, content_type=MEDIA_TYPE, headers=headers)
    return HttpResponse(body, content_type=MEDIA_TYPE, headers=headers)
