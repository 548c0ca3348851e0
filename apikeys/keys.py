"""Key material: how a key looks, how one is made, and what the database keeps in its place.

A key is `ast_live_` or `ast_test_`, then 50 base62 characters: 12 of public id, 32 of secret (190 bits), 6 of
CRC-32 over all that stands before them. The checksum refuses a mistyped or invented key without a look at the database,
and lets a scanner tell a leaked one from a random string.
"""

import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from functools import cache
from typing import Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from organizations.models import Environment

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
PUBLIC_ID_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 12, 32, 6
PREFIXES = {Environment.LIVE: "ast_live_", Environment.SANDBOX: "ast_test_"}
FORM = re.compile(r"(?P<prefix>ast_(?:live|test)_)(?P<public_id>[0-9A-Za-z]{12})[0-9A-Za-z]{38}")


class KeyFault(models.TextChoices):
    """What can be wrong with a presented key, in the order in which it's found out."""

    MISSING = "missing", "no key, or two that differ"
    MALFORMED = "malformed", "not the form of a key"
    CHECKSUM = "checksum", "a wrong checksum: mistyped, cut or made up"
    UNKNOWN = "unknown", "no such key"
    WRONG = "wrong", "another secret than the key's"
    REVOKED = "revoked", "revoked"
    EXPIRED = "expired", "expired"


@dataclass(frozen=True)
class PlainKey:
    """A key as its holder has it. Its text stays out of every representation but `text` itself."""

    text: str = field(repr=False)
    public_id: str

    @classmethod
    def generate(cls, environment: str) -> Self:
        """Make a key of the system's random source for a live or a sandbox organization."""
        public_id, secret = random_text(PUBLIC_ID_LENGTH), random_text(SECRET_LENGTH)
        body = f"{PREFIXES[Environment(environment)]}{public_id}{secret}"
        return cls(text=body + checksum(body), public_id=public_id)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a presented key; None where it can't be one: wrong form or wrong checksum."""
        match = FORM.fullmatch(text)
        if match is None or checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
            return None
        return cls(text=text, public_id=match["public_id"])

    def digest(self, pepper_id: int) -> str:
        """Answer the key's HMAC-SHA256 (RFC 2104) in hex, under the pepper of that number; KeyError for no such one."""
        signed = mac(settings.API_KEY_PEPPERS[pepper_id]).copy()
        signed.update(self.text.encode())
        return signed.hexdigest()


@cache
def mac(pepper: str) -> hmac.HMAC:
    """Answer the MAC under a pepper, to be copied; to begin one anew costs as much as the rest of it."""
    return hmac.new(pepper.encode(), digestmod="sha256")


def fault_of(text: str) -> KeyFault:
    """Answer why a presented text can't be a key, whatever the database knows."""
    if not text:
        return KeyFault.MISSING
    return KeyFault.CHECKSUM if FORM.fullmatch(text) else KeyFault.MALFORMED


def current_pepper_id() -> int:
    """Answer the number of the pepper for new keys, which is the highest; raise ImproperlyConfigured without any."""
    if not settings.API_KEY_PEPPERS:
        raise ImproperlyConfigured(
            "API_KEY_PEPPERS is not set, so no API key can be made: set it to 1=<a long random text>."
        )
    return max(settings.API_KEY_PEPPERS)


def hint(environment: str, public_id: str) -> str:
    """Answer what people may see of a key: enough to recognize it, nothing to use it with."""
    return f"{PREFIXES[Environment(environment)]}{public_id}…"


def random_text(length: int) -> str:
    """Answer that many base62 characters of the system's random source."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def checksum(text: str) -> str:
    """Answer the CRC-32 of a text in six base62 digits, the most significant first."""
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
