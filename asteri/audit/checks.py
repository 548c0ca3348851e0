"""A system check: is every trigger of the audit trail there? It asks the database, so it waits for `--database`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from asteri.audit.laying import missing


@register(Tags.database)
def the_trail_is_whole(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Without its triggers a table's changes leave no record."""
    return [
        Error(
            f"The audit trail's trigger {trigger.name} of {trigger.table} is missing or not as it has to be.",
            hint="Run manage.py migrate as the tables' owner.",
            id="asteri.E030",
        )
        for alias in databases or ()
        for trigger in missing(connections[alias])
    ]
