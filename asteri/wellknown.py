"""Texts at well-known paths: `llms.txt` for programs that write programs, `security.txt` for finders of weaknesses."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from asteri.api.document import LIFETIME, contract

GOOD_FOR = timedelta(days=90)  # RFC 9116, section 2.5.5: less than a year


@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    """Answer what has to be known to write code against the API, on a page."""
    base = request.build_absolute_uri("/").rstrip("/")
    return plain(
        request,
        render_to_string("asteri/llms.txt", {"contract": contract(), "base": base, "operations": operations()}),
    )


def operations() -> list[dict[str, Any]]:
    """Answer the contract's operations, each with its method, path, scopes and summary."""
    return [
        {"method": method.upper(), "path": path, "scopes": ", ".join(about["x-required-scopes"]), **about}
        for path, methods in contract()["paths"].items()
        for method, about in methods.items()
    ]


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Answer whom to tell of a weakness (RFC 9116); 404 where nobody is named."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACT]
    expires = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + GOOD_FOR
    lines += [f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: en"]
    return plain(request, "\n".join([*lines, f"Canonical: {request.build_absolute_uri(request.path)}", ""]))


def plain(request: HttpRequest, text: str) -> HttpResponse:
    """Answer a text; HEAD says how long it is."""
    body = text.encode()
    headers = {"Cache-Control": LIFETIME, "Content-Length": str(len(body))}
    sent = b"" if request.method == "HEAD" else body
    return HttpResponse(sent, content_type="text/plain; charset=utf-8", headers=headers)
