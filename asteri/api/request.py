"""The request, as the pipeline hands it from step to step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, cast

from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from asteri.api.errors import ApiError
from asteri.statements import Asked


class ApiRequest(Request):
    """REST framework's request, with a body that is read strictly and room for what the steps add to the answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.META = self._request.META  # which REST framework looks for in three places, each time
        self.answer_headers: dict[str, str] = {}
        self.along: Sequence[Asked] = ()
        self.read_along: Sequence[list[Any]] = ()
        self.unsettled: Callable[[], None] | None = None

    def authenticate(self) -> None:
        """Have the authenticators look for the caller; raise what they say against the request."""
        self._authenticate()  # type: ignore[attr-defined]  # the stubs leave it out

    def settle(self) -> None:
        """Await the count of this request, where it was asked for and not awaited yet; raise what speaks against it."""
        unsettled, self.unsettled = self.unsettled, None
        if unsettled:
            unsettled()

    def rows(self, asked: Asked) -> list[Any]:
        """Answer a query's rows: those that were read along with the key where it's the very same query, else now.

        What is asked for after the key names the key's organization, so no other one's rows can be among them.
        """
        return self.read_along[self.along.index(asked)] if asked in self.along and self.read_along else asked.rows()

    def _parse(self) -> tuple[Mapping[str, Any], MultiValueDict[str, Any]]:
        """Parse the body; raise 415 for any but JSON. REST framework's own takes a body without a length for none."""
        negotiator = cast(BaseContentNegotiation, self.negotiator)
        parser = negotiator.select_parser(self, self.parsers or ())
        if parser is None:
            raise UnsupportedMediaType(self.content_type)
        body = cast(Mapping[str, Any], parser.parse(self.body_stream, self.content_type, self.parser_context))
        return body, MultiValueDict()

    @property
    def body_stream(self) -> BinaryIO:
        """The body, to its end: by its length, or by its chunks where the server takes them apart (else 411)."""
        environ = self._request.META
        if "HTTP_TRANSFER_ENCODING" not in environ:
            return self._request  # type: ignore[return-value]  # Django's request reads like a file.
        if not environ.get("wsgi.input_terminated"):
            raise ApiError(411, "Length required")
        stream: BinaryIO = environ["wsgi.input"]
        return stream


def has_body(request: Request) -> bool:
    """Whether the request bears a body at all, for a route that can do without."""
    return "HTTP_TRANSFER_ENCODING" in request.META or request.META.get("CONTENT_LENGTH") not in (None, "", "0")
