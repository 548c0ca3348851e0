"""Subjects: what somebody asks about, a request id, a key's hint or a whole key, and what is known of it."""

import re
from dataclasses import dataclass

from apikeys.keys import KeyFault
from apikeys.models import ApiKey
from apikeys.usage.models import Batch, Refusal
from asteri.api.middleware import REQUEST_ID_FORM
from asteri.row_security import speak_for_staff

HINT_FORM = re.compile(r"(?P<prefix>ast_(?:live|test)_)?(?P<public_id>[0-9A-Za-z]{12})(?:…|\.\.\.)?")
KEYLIKE = "ast_"
# What depends on the presented text alone, and so is as true now as it was then.
LASTING = frozenset({KeyFault.MISSING, KeyFault.MALFORMED, KeyFault.CHECKSUM, KeyFault.UNKNOWN, KeyFault.WRONG})


class UnknownError(Exception):
    """Nothing is known of what was asked about; the message is for people and repeats nothing that they gave."""


@dataclass(frozen=True)
class Subject:
    """A refusal that was kept, a key, and what is wrong with it; `is_whole` where its secret was given."""

    refusal: Refusal | None = None
    key: ApiKey | None = None
    fault: KeyFault | None = None
    is_whole: bool = False


def is_secret(text: str) -> bool:
    """Whether a text may hold a key's secret: it begins like a key and is no hint."""
    return text.strip().startswith(KEYLIKE) and not HINT_FORM.fullmatch(text.strip())


def subject_of(given: str) -> Subject:
    """Answer what a text is about; raise UnknownError for a request id that nothing is kept of."""
    text = given.strip()
    hint = HINT_FORM.fullmatch(text)
    key = key_called(hint["public_id"]) if hint else None
    if hint and (key or hint["prefix"]):
        return Subject(key=key, fault=key.ended_by if key else KeyFault.UNKNOWN)
    if REQUEST_ID_FORM.fullmatch(text) and not text.startswith(KEYLIKE):
        return subject_of_request(text)
    key, fault = ApiKey.objects.examine(text)
    speak_for_staff()  # to examine a key is to speak for it
    return Subject(key=key, fault=fault, is_whole=True)


def subject_of_request(request_id: str) -> Subject:
    """Answer the last refusal with a request id, which a caller may choose, and how its key stands now."""
    refusal = Refusal.objects.select_related("organization").filter(request_id=request_id).first()
    if refusal is None:
        raise UnknownError(not_kept())
    return subject_of_refusal(refusal)


def subject_of_refusal(refusal: Refusal) -> Subject:
    """Answer a refusal, and how its key stands now."""
    key = key_called(refusal.public_id)
    then = KeyFault(refusal.key_fault) if refusal.key_fault else None
    now = key.ended_by if key else KeyFault.UNKNOWN if refusal.public_id else None
    return Subject(refusal, key, then if then in LASTING else now)


def key_called(public_id: str) -> ApiKey | None:
    """Answer the key with that public id."""
    return ApiKey.objects.select_related("organization").filter(public_id=public_id).first()


def not_kept() -> str:
    """Answer why nothing may be known of a request."""
    left_out = sum(Batch.objects.filter(left_out__gt=0).values_list("left_out", flat=True))
    more = f"; of the last week's {left_out:,} were too many at once to be kept" if left_out else ""
    return (
        "No refusal with that request id is kept. The request may have been answered, be older than 7 days or a few "
        f"seconds old, or never have come{more}."
    )
