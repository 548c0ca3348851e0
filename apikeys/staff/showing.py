"""The one page that shows a key: the answer to the POST that made it, kept by nobody."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apikeys.keys import PlainKey
from apikeys.models import ApiKey

HEADERS = {"Cache-Control": "no-store"}


def show_once(
    request: HttpRequest, site: AdminSite, key: ApiKey, plain: PlainKey, predecessor: ApiKey | None = None
) -> HttpResponse:
    """Answer the page with a new key: no cache keeps it, no message holds it, no other host learns its address.

    The key goes to the template as a `PlainKey`, whose representation in an error report hides it.
    """
    about = {"title": "API key created", "key": key, "plain": plain, "predecessor": predecessor}
    context = {**site.each_context(request), **about}
    return TemplateResponse(request, "admin/apikeys/apikey/created.html", context, headers=HEADERS)
