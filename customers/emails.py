"""E-mail addresses: which are valid, and when two are the same."""

import re
from functools import lru_cache

import idna
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

is_email = EmailValidator(allowlist=[])
# Django compiles these at their first use, and goes on asking whether it has: half of what an address costs.
is_email.user_regex = re.compile(is_email.user_regex.pattern, is_email.user_regex.flags)
is_email.domain_regex = re.compile(is_email.domain_regex.pattern, is_email.domain_regex.flags)
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
