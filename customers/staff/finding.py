"""Finding: what staff type about a customer, whatever it is, among all organizations' customers.

Each condition is served by an index of its own: words and numbers by `customers_by_words`, an external id by
`customers_by_external_id`, an id by the primary key.
"""

import re
from collections.abc import Iterable, Iterator

from django.db.models import Q

from asteri.api.identifiers import UUID_FORM
from customers.models import MAX_LENGTH
from customers.phones import phone_key
from customers.search import every_word, fold
from organizations.models import Organization

# A number as people write one, apart from an extension, which is no part of its E.164 form.
DIALLED = re.compile(r"(\+?[\d\s()./-]+)((x|ext\.?)\s*\d+)?", re.ASCII)
FEWEST_DIGITS = 7  # fewer are as likely a street or a year, and are looked for as a word
LETTER, TRIGRAM = re.compile(r"[^\W_]"), re.compile(r"[^\W_]{3}")


def found_by(text: str) -> Q:
    """Answer the condition for customers with that id or external id, that number, or all of those words."""
    term = text.strip()[:MAX_LENGTH]
    exact = Q(external_id=term)
    if UUID_FORM.fullmatch(term):
        return exact | Q(pk=term)
    forms = numbers(term)
    return exact | (Q(*(Q(search_text__contains=form) for form in forms), _connector=Q.OR) if forms else words(term))


def words(term: str) -> Q:
    """Answer the condition that each word is found, as the API's search does.

    An index of three letters finds no two in the midst of a word: where all are that short, each has to begin one.
    """
    sought = [word for word in fold(term).split() if LETTER.search(word)]
    if not sought:
        return Q(pk__in=[])
    return every_word(" ".join(sought)) if any(map(TRIGRAM.search, sought)) else Q(*map(begins_a_word, sought))


def begins_a_word(word: str) -> Q:
    """Answer the condition that some word begins so; one part of `search_text` stands on a line."""
    inside = Q(search_text__contains=f"\n{word}") | Q(search_text__contains=f" {word}")
    return Q(search_text__startswith=word) | inside


def numbers(term: str) -> list[str]:
    """Answer the forms of a telephone number that a customer's may contain; none for what is no number.

    The number may belong to any region that an organization has: `020 7946 0018` is `+442079460018` in Britain.
    """
    written = DIALLED.fullmatch(fold(term))
    digits = re.sub(r"\D", "", written[1]).lstrip("0") if written else ""
    if len(digits) < FEWEST_DIGITS:
        return []
    regions = Organization.objects.order_by().values_list("region", flat=True).distinct()
    return [digits, *sorted({key for key in keys_in(regions, term) if digits not in key})]


def keys_in(regions: Iterable[str], term: str) -> Iterator[str]:
    """Yield the number's key in each of the regions in which it's possible."""
    for region in regions:
        try:
            yield phone_key(term, region)
        except ValueError:
            continue
