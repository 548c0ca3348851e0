"""Scopes: what a key may do. None implies another; a key without scopes may do nothing."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db import models


class Scope(models.TextChoices):
    """A permission that a key carries, with the sentence that explains it to people."""

    READ_CUSTOMERS = "read:customers", "List, search and retrieve customers"
    WRITE_CUSTOMERS = "write:customers", "Create and change customers"
    DELETE_CUSTOMERS = "delete:customers", "Delete customers"
    READ_ORGANIZATIONS = "read:organizations", "See the organization the key acts for"
    READ_API_KEYS = "read:api_keys", "See the organization's API keys"
    WRITE_API_KEYS = "write:api_keys", "Create, rotate and revoke the organization's API keys"


def parse(names: Iterable[str]) -> list[Scope]:
    """Answer the scopes named, each once, in the enumeration's order; raise ValueError that names those unknown."""
    wanted = set(names)
    unknown = sorted(wanted - set(Scope.values))
    if unknown:
        raise ValueError(f"Unknown scope: {', '.join(unknown)}. Scopes are {', '.join(Scope.values)}.")
    return [scope for scope in Scope if scope in wanted]


@lru_cache(maxsize=1024)
def granted(*names: str) -> tuple[Scope, ...]:
    """Answer the scopes among the names, each once, in the enumeration's order."""
    return tuple(scope for scope in Scope if scope in names)


class ScopesField(models.CharField):
    """A set of scopes in one column, as OAuth 2.0 writes them (RFC 6749, section 3.3): names with spaces between."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 255, "blank": True, "default": (), **kwargs})

    def from_db_value(self, value: str, *_: object) -> list[Scope]:
        """Answer the column's scopes; one that this release doesn't know is not granted."""
        return self.to_python(value)

    def to_python(self, value: Any) -> list[Scope]:
        """Answer the scopes of a column's text or of any collection of names."""
        return list(granted(*(value.split() if isinstance(value, str) else value or ())))

    def get_prep_value(self, value: Any) -> str:
        """Write the scopes for their column."""
        return " ".join(self.to_python(value))

    def value_to_string(self, obj: models.Model) -> str:
        """Write the scopes for a serializer (`dumpdata`)."""
        return self.get_prep_value(self.value_from_object(obj))
