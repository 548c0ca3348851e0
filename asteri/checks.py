"""System checks: mistakes that must not reach production, each with its id and a sentence that says what to do."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks.security.base import SECRET_KEY_MIN_LENGTH, check_secret_key
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, URLResolver, get_resolver

LEAST_PEPPER = 32
IN_PROCESS_CACHE = "django.core.cache.backends.locmem.LocMemCache"


@register(Tags.security)
def peppers_are_set(**_: Any) -> list[CheckMessage]:
    """Without a pepper no key can be made or verified; a short one can be guessed."""
    if not settings.API_KEY_PEPPERS:
        return [
            Error(
                "API_KEY_PEPPERS is not set: no API key can be made or verified.",
                hint="Set it to 1=<a random text of 32 characters or more>, and keep it.",
                id="asteri.E001",
            )
        ]
    short = [number for number, pepper in settings.API_KEY_PEPPERS.items() if len(pepper) < LEAST_PEPPER]
    return [
        Error(f"Pepper {number} in API_KEY_PEPPERS is shorter than {LEAST_PEPPER} characters.", id="asteri.E002")
        for number in short
    ]


@register(Tags.security)
def secret_key_is_set(**_: Any) -> list[CheckMessage]:
    """Without a secret key no cursor and no session can be signed."""
    try:
        bool(settings.SECRET_KEY)  # Reading an empty one raises.
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="Set it to a random text of 50 characters or more.", id="asteri.E003")]
    return []


@register(Tags.caches)
def workers_share_a_cache(**_: Any) -> list[CheckMessage]:
    """A cache in the process counts for that process alone, so several would each admit a key's whole limit."""
    if settings.WEB_CONCURRENCY == 1 or settings.CACHES["default"]["BACKEND"] != IN_PROCESS_CACHE:
        return []
    return [
        Error(
            "WEB_CONCURRENCY is more than 1, but the cache lives in the process: limits would be multiplied.",
            hint="Set CACHE_URL to redis://…, or WEB_CONCURRENCY to 1.",
            id="asteri.E004",
        )
    ]


@register(Tags.security, deploy=True)
def debug_is_off(**_: Any) -> list[CheckMessage]:
    """Django's debug pages show settings, queries and the code to whoever meets an error in the admin."""
    if not settings.DEBUG:
        return []
    return [Error("DEBUG is on: error pages would show how this is made.", hint="Unset it.", id="asteri.E011")]


@register(Tags.security, deploy=True)
def secret_key_is_strong(**_: Any) -> list[CheckMessage]:
    """A secret key that is short, repetitive or an example's can be guessed, and with it every session and cursor."""
    if secret_key_is_set() or not check_secret_key(None):
        return []
    return [
        Error(
            f"SECRET_KEY can be guessed: a random text of {SECRET_KEY_MIN_LENGTH} characters or more could not.",
            hint='Set it to what python -c "import secrets; print(secrets.token_urlsafe(48))" prints.',
            id="asteri.E012",
        )
    ]


@register(Tags.security, deploy=True)
def hosts_are_named(**_: Any) -> list[CheckMessage]:
    """With every host allowed, a caller chooses the host that links and redirects lead to."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [Error("ALLOWED_HOSTS is *: any Host header is believed.", hint="Name the hosts.", id="asteri.E013")]


@register(Tags.urls)
def actions_name_their_scopes(**_: Any) -> list[CheckMessage]:
    """An action that names no scope is refused to everybody."""
    return [
        Error(
            f"{view.__name__}.{action} names no scope, so every key is refused.",
            hint="Add it to `scopes`, as () if any valid key may.",
            id="asteri.E005",
        )
        for view, action in public_actions(get_resolver().url_patterns)
        if action not in view.scopes
    ]


def public_actions(patterns: list[Any]) -> Iterator[tuple[Any, str]]:
    """Answer each action of each view set that is routed, with its class."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from public_actions(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "actions"):
            view: Any = pattern.callback
            yield from ((view.cls, action) for action in sorted(set(view.actions.values())))
