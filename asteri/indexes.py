"""Indexes that migrations add to tables in use."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AddIndex


class AddIndexInUse(AddIndexConcurrently):
    """Adds an index without keeping writers waiting; SQLite, which has one writer anyway, adds it as usual."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Add the index."""
        way_of(schema_editor).database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Take it away."""
        way_of(schema_editor).database_backwards(self, app_label, schema_editor, from_state, to_state)


def way_of(schema_editor: Any) -> type[AddIndex]:
    """Answer how the engine adds an index."""
    return AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else AddIndex
