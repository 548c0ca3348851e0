"""Counting: what a list has in all, taken from the kept counts wherever they know it."""

from functools import cached_property
from typing import Any

from django.http import HttpRequest

from asteri.staff.lists import CappedPaginator
from customers import tallies

# The filters that counts are kept for, by their names in the address; and what else may stand there, order and page.
KEPT = {
    "organization": "organization",
    "account_type__exact": "account_type",
    "environment": "organization__environment",
}
NEUTRAL = {"o", "p"}


def kept_count(request: HttpRequest) -> int | None:
    """Answer how many customers the address is about, None where no count is kept for its filters."""
    given = {name: values for name, values in request.GET.lists() if name not in NEUTRAL and any(values)}
    if not given.keys() <= KEPT.keys() or any(len(values) > 1 for values in given.values()):
        return None
    return tallies.count(**{KEPT[name]: value for name, (value,) in given.items()})


class TalliedPaginator(CappedPaginator):
    """Pages of the first customers, which says exactly how many there are where a count is kept."""

    kept: int | None = None

    @cached_property
    def counted(self) -> int:
        """The kept count, else one that goes no further than it must."""
        return super().counted if self.kept is None else self.kept

    @property
    def shown_count(self) -> str:
        """The count as people read it."""
        return super().shown_count if self.kept is None else f"{self.kept:,}"

    @classmethod
    def of(cls, request: HttpRequest, *args: Any) -> "TalliedPaginator":
        """Answer the pages of what the address is about."""
        pages = cls(*args)
        pages.kept = kept_count(request)
        return pages
