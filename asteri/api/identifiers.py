"""Identifiers: how ids look from outside."""

import re
import secrets
import time
from functools import lru_cache
from uuid import UUID

from django.urls import register_converter
from django.urls.converters import StringConverter

UUID_FORM = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")  # RFC 9562, section 4, and no other form

KEY = re.compile(r"(?P<hint>ast_(?:live|test)_[0-9A-Za-z]{12})[0-9A-Za-z]+")  # or a part that says more than its hint


def new_id() -> UUID:
    """Make a UUID of version 7 (RFC 9562, section 5.7): the time in milliseconds, then 74 random bits.

    What is made together stands together in an index, however large that is; random ids would each touch another page.
    """
    bits = secrets.randbits(74)
    moment = time.time_ns() // 1_000_000
    return UUID(int=moment << 80 | 7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | (bits & (1 << 62) - 1))


@lru_cache(maxsize=10_000)  # An organization's id comes with each of its requests, twice.
def uuid_of(text: str) -> UUID | None:
    """Read a UUID; None for what is none."""
    return UUID(text) if UUID_FORM.fullmatch(text) else None


class TextConverter(StringConverter):
    """Takes the rest of a path whatever it holds, slashes and line breaks included, for the view to judge."""

    regex = r"[\s\S]+"


register_converter(TextConverter, "text")
