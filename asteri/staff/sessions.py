"""Sessions that end after a time of idleness."""

from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse


class SlidingSessions(SessionMiddleware):
    """Begins SESSION_COOKIE_AGE anew with every page that asks who it's for; a page that doesn't touches no session."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Answer the response, with the session's cookie where it's renewed."""
        request.session.modified |= request.session.accessed
        return super().process_response(request, response)
