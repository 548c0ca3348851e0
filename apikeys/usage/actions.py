"""Actions: what can be asked of the API, by names such as `customers.create`, and the scopes that each needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from apikeys.scopes import Scope


@dataclass(frozen=True)
class Action:
    """One thing that can be asked; `scopes` is None where none is named, which refuses every key."""

    name: str
    route: str
    method: str
    scopes: tuple[str, ...] | None


@cache
def actions() -> tuple[Action, ...]:
    """Answer every action of every resource."""
    return tuple(found(get_resolver().url_patterns))


def found(patterns: list[Any]) -> Iterator[Action]:
    """Yield the actions that are routed below some patterns."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from found(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "actions"):
            view: Any = pattern.callback
            for method, action in view.actions.items():
                name = f"{view.initkwargs['basename']}.{action}"
                yield Action(name, str(pattern.name), method.upper(), view.cls.scopes.get(action))


def scopes_by_name() -> dict[str, tuple[str, ...] | None]:
    """Answer what scopes each action needs; a scope's own name stands for whatever needs it."""
    return {action.name: action.scopes for action in actions()} | {scope.value: (scope.value,) for scope in Scope}


def action_at(route: str, method: str) -> str:
    """Answer the name of what a request asked for; "" where it's none of the actions."""
    asked = "GET" if method == "HEAD" else method
    return next((action.name for action in actions() if (action.route, action.method) == (route, asked)), "")
