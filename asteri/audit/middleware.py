"""Who acts in a page: the user that has signed in, by name."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject, empty

from asteri.api.address import client_address
from asteri.audit.actor import ActorKind, acting_as, written


class ActorMiddleware:
    """Has the writes of a page's request recorded as its user's; without a user, with the request and the address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a page's request."""
        with acting_as(lambda: of_page(request)):
            return self.get_response(request)


def of_page(request: HttpRequest) -> str:
    """Write who a page's request acts for, as far as it's known: a statement under way may ask nothing itself."""
    user = request.user
    is_known = not (isinstance(user, LazyObject) and user._wrapped is empty)
    name = user.get_username() if is_known else ""
    kind = ActorKind.USER if name else ActorKind.UNKNOWN
    return written(kind, name, request.META["asteri.request_id"], client_address(request))


def of_api(request: HttpRequest) -> str:
    """Write who a request of the API acts for: its key, once that has been found."""
    meta = request.META
    key = meta.get("asteri.key", "")
    kind = ActorKind.API_KEY if key else ActorKind.UNKNOWN
    return written(kind, key, meta["asteri.request_id"], client_address(request))
