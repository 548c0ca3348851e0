"""Search: words found whatever their case, alike on every database."""

import unicodedata
from collections.abc import Iterable

from django.db.models import Q


def fold(text: str) -> str:
    """Answer a text in which case and compatibility forms no longer differ (Unicode NFKC and case folding)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def searchable(parts: Iterable[str]) -> str:
    """Answer the column that a search looks into: one part a line, so that no word is found across two."""
    return fold("\n".join(part for part in parts if part))


def every_word(text: str) -> Q:
    """Answer the condition that each word of a text is found."""
    return Q(*(Q(search_text__contains=word) for word in fold(text).split()))
