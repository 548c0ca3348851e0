"""The pipeline: every public request goes the same way, and no step is reached before the one above it has passed.

key (401) → limit (429) → organization (400, 403) → scopes (403) → route, query and body (404, 400, 415) → state (409)

One step is waited for later than it's taken: the shared cache counts while Python goes on with what reads nothing more
and changes nothing, and its refusal still comes before any other, and before anything is carried out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, cast
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_filters import FilterSet
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from asteri.api.errors import FAILED, ApiError, Issue
from asteri.api.identifiers import UUID_FORM
from asteri.api.pagination import Position, Slice
from asteri.api.query import check_query, refuse
from asteri.api.request import ApiRequest
from asteri.audit.actor import acting_as
from asteri.audit.middleware import of_api
from asteri.row_security import speaking
from asteri.statements import Asked


@cache
def made(classes: tuple[Any, ...]) -> tuple[Any, ...]:
    """Answer one object of each class, the same ones every time."""
    return tuple(one() for one in classes)


class PublicView(APIView):
    """A route of the public API. Key, limit, organization and scope are the classes that the settings name."""

    format_kwarg = None
    not_found: ClassVar[str] = "Not found"
    failed: ClassVar[str] = FAILED
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    parameters: ClassVar[Mapping[str, Sequence[str]]] = {}
    without_organization: ClassVar[Collection[str]] = ()
    settles_itself: ClassVar[Collection[str]] = ()  # actions that call `settle` before they read or change anything
    max_body_bytes: ClassVar[Mapping[str, int]] = {}
    http_method_names: ClassVar[list[str]] = ["get", "head", "post", "put", "patch", "delete"]  # type: ignore[misc]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request; with row-level security its statements see what a step has said they are sent for."""
        with speaking(), acting_as(lambda: of_api(request)):
            answer = super().dispatch(request, *args, **kwargs)
        self.let_go()
        return answer

    def let_go(self) -> None:
        """Break the circles in which view and request hold each other, so that their memory is used for the next ones.

        Else it's only freed when Python's collector comes by, and has long left the processor's cache.
        """
        cast(ApiRequest, self.request).parser_context.clear()
        vars(self).clear()

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> ApiRequest:
        """Wrap Django's request for the pipeline."""
        return ApiRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def get_parsers(self) -> Any:
        """Answer the parsers; they, like all the steps, keep nothing of a request, so one of each serves all."""
        return made(tuple(self.parser_classes))

    def get_authenticators(self) -> Any:
        """Answer what reads the key."""
        return made(tuple(self.authentication_classes))

    def get_throttles(self) -> Any:
        """Answer what counts."""
        return made(tuple(self.throttle_classes))

    def get_permissions(self) -> Any:
        """Answer what judges organization and scope."""
        return made(tuple(self.permission_classes))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Take the steps in the contract's order; REST framework's own asks for permission before it counts."""
        if not settings.ROW_SECURITY:  # below it a statement sees nothing before the key has said for whom it's sent
            cast(ApiRequest, request).along = self.foresee(request)
        self.perform_authentication(request)
        self.check_throttles(request)
        if not (cast(ApiRequest, request).read_along or cast(Any, self).action in self.settles_itself):
            self.settle(request)
        self.check_permissions(request)

    def settle(self, request: Request) -> None:
        """Await the count of the request; raise 429 where it's one too many."""
        cast(ApiRequest, request).settle()

    def perform_authentication(self, request: Request) -> None:
        """Ask whose request it is."""
        cast(ApiRequest, request).authenticate()

    def foresee(self, request: Request) -> Sequence[Asked]:
        """Answer the queries whose rows the request will ask for if it passes, to be read along with the key.

        They change nothing and must not fail: no step has judged the request yet.
        """
        return ()

    def rows(self, asked: Asked) -> list[Any]:
        """Answer a query's rows, which may have been read along with the key."""
        return cast(ApiRequest, self.request).rows(asked)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """Add what the steps have to say, and that an answer which depends on a key is nobody else's."""
        try:
            self.settle(request)
        except ApiError as refusal:
            response = self.handle_exception(refusal)
        answer: HttpResponse = response
        for name, value in cast(ApiRequest, request).answer_headers.items():
            answer.headers[name] = value
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None: `Allow` belongs to 405 alone, and nothing varies by `Accept`."""
        return {}


class PublicViewSet(GenericViewSet[Any], PublicView):
    """A resource of the public API: declarations of queryset, serializers, filters, and the scopes of each action."""

    filterset_class: ClassVar[Any] = FilterSet

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> ApiRequest:
        """Wrap the request and name the action: None for a method that the route does not have, OPTIONS included."""
        wrapped = super().initialize_request(request, *args, **kwargs)
        self.action = self.action_map.get((request.method or "").lower())  # type: ignore[assignment]
        return cast(ApiRequest, wrapped)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Take the common steps, then judge the query string; a list's is judged with its filters."""
        super().initial(request, *args, **kwargs)
        if request.META["QUERY_STRING"] and self.action not in (None, "list"):
            refuse(check_query(request, self.known_parameters), self.query_faults(request))

    @property
    def known_parameters(self) -> Sequence[str]:
        """The query parameters that the action knows, a list's filters and pages apart."""
        return self.parameters.get(self.action, ())

    def query_faults(self, request: Request) -> Iterable[Issue]:
        """Answer what is wrong with the values of the action's own parameters; for a resource to say."""
        return ()

    def find(self, pk: str, queryset: QuerySet[Any] | None = None) -> Any:
        """Answer the organization's row with that id; 404 for any other, and for an id that is no UUID."""
        rows = self.get_queryset() if queryset is None else queryset
        found = rows.filter(pk=pk).first() if UUID_FORM.fullmatch(pk) else None
        if found is None:
            raise NotFound
        return found

    def read_page(self, queryset: QuerySet[Any], page: Slice, after: Position | None) -> tuple[Sequence[Any], int]:
        """Answer a page's rows, and the count of all pages' rows."""
        rows = list(page.of(queryset, *after.values if after else (None, None)))
        is_all = after is None and len(rows) <= page.limit
        return rows, len(rows) if is_all else queryset.count()

    def position_of(self, row: Any) -> tuple[datetime, UUID]:
        """Answer a row's place in the order of the list."""
        return row.created_at, row.id

    @property
    def tenant(self) -> str:
        """The organization that the request acts for, for what must not be carried over to another."""
        key: Any = self.request.auth
        return str(key.organization_id)


class UnknownRoute(PublicView):
    """Whatever else lies below the API's root: the pipeline, then 404, so that only a key's holder learns of it."""

    action = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Pass the pipeline and find nothing."""
        super().initial(request, *args, **kwargs)
        raise NotFound
