"""Searching for keys: by hint, public id, name, organization or id, and never by a key itself."""

import re

from django.db.models import Q, QuerySet
from django.http import QueryDict

from apikeys.keys import PUBLIC_ID_LENGTH
from apikeys.models import ApiKey
from asteri.api.identifiers import KEY, UUID_FORM

MOST_WORDS = 8
WARNING = (
    "Never search for a whole key: an address stays in histories and logs. This shows what its hint finds. "
    "If others can read yours, rotate the key."
)
HINT = re.compile(r"ast_(?:live|test)_(?P<public_id>[0-9A-Za-z]{1,12})(?:…|\.*)")
PUBLIC_ID = re.compile(rf"[0-9A-Za-z]{{{PUBLIC_ID_LENGTH}}}")


def without_secrets(query: QueryDict) -> QueryDict | None:
    """Answer a query string in which each key, and each part of one, is its hint; None where it holds none."""
    if not any(KEY.search(value) for _, values in query.lists() for value in values):
        return None
    safe = query.copy()
    for name, values in query.lists():
        safe.setlist(name, [KEY.sub(r"\g<hint>", value) for value in values])
    return safe


def found(keys: QuerySet[ApiKey], text: str) -> QuerySet[ApiKey]:
    """Answer the keys that a search text finds."""
    return keys.filter(condition(text.strip()))


def condition(text: str) -> Q:
    """Answer what a search text asks for: the words of a name, unless it has the form of something exact."""
    hint = HINT.fullmatch(text)
    if hint:
        return exact_or_begun(hint["public_id"])
    if UUID_FORM.fullmatch(text):
        return Q(pk=text) | Q(organization=text)
    named = every_word(text)
    return named | Q(public_id=text) if PUBLIC_ID.fullmatch(text) else named


def exact_or_begun(public_id: str) -> Q:
    """Answer the condition of a public id, or of all that begin like a part of one."""
    is_whole = len(public_id) == PUBLIC_ID_LENGTH
    return Q(public_id=public_id) if is_whole else Q(public_id__startswith=public_id)


def every_word(text: str) -> Q:
    """Answer the condition that each word stands in the key's name or its organization's."""
    condition = Q()
    for word in text.split()[:MOST_WORDS]:
        condition &= Q(name__icontains=word) | Q(organization__name__icontains=word)
    return condition
