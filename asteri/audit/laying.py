"""Laying the audit trail's triggers: after every migration, where one is missing or not as it has to be.

So a new column is audited as soon as it's migrated, and a table that SQLite made anew has its triggers again.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from asteri.audit import postgresql, sqlite
from asteri.audit.actor import attend
from asteri.audit.trigger import Trigger

LOCK_TIMEOUT = "3s"  # laying a trigger keeps writers waiting, if only for a moment: rather fail than stand in the way
LAID = {
    "postgresql": """
        SELECT tgname, tgrelid::regclass::text, obj_description(pg_trigger.oid, 'pg_trigger')
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE tgname LIKE 'audit\\_%' AND relnamespace = current_schema()::regnamespace AND tgenabled = 'O'
    """,
    "sqlite": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'audit_*'",
}


def wanted(connection: BaseDatabaseWrapper) -> Iterator[Trigger]:
    """Yield the triggers that the tables have to have; none before there's a table of records."""
    if "audit_record" in connection.introspection.table_names():
        yield from (postgresql if connection.vendor == "postgresql" else sqlite).triggers(connection)


def laid(connection: BaseDatabaseWrapper) -> dict[tuple[str, str], str]:
    """Answer what the triggers that are there were made from, by name and table."""
    with connection.cursor() as cursor:
        cursor.execute(LAID[connection.vendor])
        return {(name, table): text for name, table, text in cursor.fetchall()}


def source(connection: BaseDatabaseWrapper, trigger: Trigger) -> str:
    """Answer what a trigger is made from; on PostgreSQL it's kept as a comment, for the next time to compare."""
    return trigger.function + trigger.creation if connection.vendor == "postgresql" else trigger.creation


def missing(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """Answer the triggers that are missing or not as they have to be."""
    there = laid(connection)
    return [
        trigger
        for trigger in wanted(connection)
        if there.get((trigger.name, trigger.table)) != source(connection, trigger)
    ]


def lay(connection: BaseDatabaseWrapper) -> None:
    """Lay what is missing, all or nothing; a trigger that is as it has to be isn't touched."""
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        for trigger in missing(connection):
            for statement in statements(connection, trigger):
                cursor.execute(statement)


def statements(connection: BaseDatabaseWrapper, trigger: Trigger) -> Iterator[str]:
    """Answer the SQL that lays a trigger anew."""
    if connection.vendor != "postgresql":
        yield f"DROP TRIGGER IF EXISTS {trigger.name}"
        yield trigger.creation
        return
    comment = source(connection, trigger).replace("'", "''")
    yield f"SET LOCAL lock_timeout TO '{LOCK_TIMEOUT}'"
    yield trigger.function
    yield f"DROP TRIGGER IF EXISTS {trigger.name} ON {trigger.table}"
    yield trigger.creation
    yield f"COMMENT ON TRIGGER {trigger.name} ON {trigger.table} IS '{comment}'"


def lift(connection: BaseDatabaseWrapper) -> None:
    """Take every trigger of the trail away."""
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        for name, table in laid(connection):
            cursor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor == "postgresql" else ""))


def keep_laid(using: str, **_: Any) -> None:
    """Lay what is missing after a migration, and have the connection that made the tables say who acts."""
    connection = connections[using]
    lay(connection)
    attend(connection)


def make_way(using: str, plan: list[Any], **_: Any) -> None:
    """Lift the triggers before SQLite makes a table anew, which it refuses while a trigger of another names it."""
    connection = connections[using]
    if plan and connection.vendor == "sqlite":
        lift(connection)
