"""The reference site over HTTP: without a cookie or a session, and from nothing but this host."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from asteri.developers.files import INDEX, File, file
from asteri.developers.pages import groups, pages


@require_safe
def page(request: HttpRequest, slug: str = "") -> HttpResponseBase:
    """Answer a page."""
    if slug not in pages():
        raise Http404
    return sent(request, file(slug, origin_of(request)), "text/html")


@require_safe
def search(request: HttpRequest) -> HttpResponseBase:
    """Answer what the search looks through."""
    return sent(request, file(INDEX, origin_of(request)), "application/json")


def not_found(request: HttpRequest) -> HttpResponse:
    """Answer the page that says that there is none."""
    content = render_to_string("developers/not_found.html", {"groups": groups()})
    return HttpResponse(content, status=404)


def sent(request: HttpRequest, made: File, content_type: str) -> HttpResponseBase:
    """Answer a file: packed to whoever takes it so, and 304 to whoever has it."""
    # A minute without a question, then the ETag answers: what is deployed is seen soon, and costs little.
    headers = {"ETag": made.etag, "Cache-Control": "public, max-age=60", "Vary": "Accept-Encoding"}
    content = made.content
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        content, headers["Content-Encoding"] = made.packed, "gzip"
    headers["Content-Length"] = str(len(content))
    body = b"" if request.method == "HEAD" else content
    response = HttpResponse(body, content_type=f"{content_type}; charset=utf-8", headers=headers)
    return get_conditional_response(request, etag=made.etag, response=response) or response


def origin_of(request: HttpRequest) -> str:
    """Answer the scheme and the host that were asked, for examples that work as they stand."""
    return f"{request.scheme}://{request.get_host()}"
