"""Indexes that migrations add to tables in use, and take away from them."""

from typing import Any, ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db.migrations import AddIndex, RemoveIndex, RunPython


class InUse:
    """An operation that keeps no writer waiting; SQLite, which has one writer anyway, is changed as usual."""

    beside_writers: ClassVar[Any]
    as_usual: ClassVar[Any]

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Carry the operation out."""
        self.way(schema_editor).database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Take it back."""
        self.way(schema_editor).database_backwards(self, app_label, schema_editor, from_state, to_state)

    def way(self, schema_editor: Any) -> Any:
        """Answer how the engine does it."""
        return self.beside_writers if is_postgresql(schema_editor) else self.as_usual


class AddIndexInUse(InUse, AddIndexConcurrently):
    """Adds an index."""

    beside_writers, as_usual = AddIndexConcurrently, AddIndex


class RemoveIndexInUse(InUse, RemoveIndexConcurrently):
    """Takes an index away."""

    beside_writers, as_usual = RemoveIndexConcurrently, RemoveIndex


def drop_column_index(name: str, table: str, column: str) -> RunPython:
    """Answer the operation that takes a column's own index away, whose name is the same on both engines.

    To take `db_index` from the field would remake SQLite's table, and keep PostgreSQL's writers waiting.
    """

    def drop(apps: Any, schema_editor: Any) -> None:
        schema_editor.execute(f"DROP INDEX {in_use(schema_editor)} IF EXISTS {name}", params=None)

    def make(apps: Any, schema_editor: Any) -> None:
        schema_editor.execute(
            f"CREATE INDEX {in_use(schema_editor)} IF NOT EXISTS {name} ON {table} ({column})", params=None
        )

    return RunPython(drop, make)


def in_use(schema_editor: Any) -> str:
    """Answer what tells PostgreSQL to keep no writer waiting."""
    return "CONCURRENTLY" if is_postgresql(schema_editor) else ""


def is_postgresql(schema_editor: Any) -> bool:
    """Whether the engine can do it beside its writers."""
    return bool(schema_editor.connection.vendor == "postgresql")
