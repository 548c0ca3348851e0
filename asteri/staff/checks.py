"""System checks of what guards staff's sign-in."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - the framework's name.


@register(Tags.security, deploy=True)
def second_factor_is_required(**_: Any) -> list[CheckMessage]:
    """Where a password is enough, one that leaks opens every organization's data."""
    if settings.STAFF_SECOND_FACTOR == "required":
        return []
    return [
        Warning(
            "STAFF_SECOND_FACTOR is optional: a staff password that leaks opens every organization's data.",
            hint="Set it to required: whoever has no second factor sets one up at the next sign-in.",
            id="asteri.W014",
        )
    ]
