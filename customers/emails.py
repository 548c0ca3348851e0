"""E-mail addresses: which are valid, and when two are the same."""

from functools import lru_cache

import idna
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

is_email = EmailValidator(allowlist=[])
MAX_LENGTH = 254


@lru_cache(maxsize=4096)  # what is judged is stored next
def email_key(email: str) -> str:
    """Answer the form in which two addresses of one mailbox are equal: lower case, the domain in IDNA (RFC 5891).

    Computed here and not by the databases, whose lower() differ beyond ASCII. Raise ValueError for no valid address.
    """
    try:
        is_email(email)
    except ValidationError as error:
        raise ValueError(email) from error
    local, _, domain = email.rpartition("@")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()  # an IDNAError is a ValueError
    return f"{local}@{domain}".lower()
