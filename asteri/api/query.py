"""Query strings: judged whole and strictly, so that a mistyped filter never answers with everybody."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from asteri.api.errors import Issue, invalid_query

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd]")  # Unicode's category Cc, which is fixed, and U+FFFD


def check_query(request: Request, known: Collection[str]) -> list[Issue]:
    """Answer the faults of a query string's form: parameters unknown, given twice, empty, or no text."""
    try:
        given = request.query_params.lists()
    except TooManyFieldsSent:
        raise invalid_query([Issue(path="", message="Too many parameters")]) from None
    judged = ((name, fault_of(name, values, known)) for name, values in given)
    return [Issue(path=name, message=fault) for name, fault in judged if fault]


def refuse(issues: list[Issue], value_faults: Iterable[Issue]) -> None:
    """Raise 400 with every fault of a query string: those of its form, then those of the well-formed values."""
    faulty = {issue["path"] for issue in issues}
    issues += [issue for issue in value_faults if issue["path"] not in faulty]
    if issues:
        raise invalid_query(issues)


def fault_of(name: str, values: list[str], known: Collection[str]) -> str:
    """Answer what is wrong with the form of one parameter; "" where nothing is."""
    if name not in known:
        return "Unknown parameter"
    if len(values) > 1:
        return "Must be given once"
    if has_controls(values[0]):
        return "Must not contain control characters"
    return "" if values[0].strip() else "Must not be empty"


def has_controls(text: str) -> bool:
    """Whether a text has control characters, NUL included, or what a decoder puts in place of broken UTF-8."""
    return CONTROLS.search(text) is not None


class StrictFilterBackend(DjangoFilterBackend):
    """Filters a list, and names every fault of its query string at once, the paginator's parameters included."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """Answer the rows that match; raise 400 with every fault."""
        filters = view.filterset_class.base_filters
        issues = check_query(request, {*filters, *view.paginator.parameters, *view.known_parameters})
        filterset = self.get_filterset(request, queryset, view) if request.query_params.keys() & filters else None
        refuse(issues, self.value_faults(filterset, request, view))
        return filterset.qs if filterset else queryset

    def value_faults(self, filterset: Any, request: Request, view: Any) -> Iterator[Issue]:
        """Answer what is wrong with the values of the filters, then of the page."""
        for name, messages in filterset.errors.items() if filterset else ():
            yield from (Issue(path=name, message=str(message)) for message in messages)
        yield from view.query_faults(request)
        yield from view.paginator.read(request, view.tenant, view.filterset_class.base_filters)
