"""Row-level security, the listening side: policies that show a statement the rows of the organization it is sent for.

They cover every table whose rows belong to an organization, by a key to it or to a row that has one, so a new model is
covered as soon as it is migrated. Row-level security is forced: it binds the tables' owner too, whose own policy shows
it everything, since migrations and commands work for all organizations. (`asteri.row_security` is the speaking side.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from asteri.row_security import ORGANIZATION, PUBLIC_ID, STAFF
from organizations.models import Organization

LOCK_TIMEOUT = "3s"  # laying a policy needs a table for itself, if only for a moment: rather fail than stand in the way


def said(setting: str) -> str:
    """Answer the SQL for what the statement says; null or empty where it doesn't say."""
    return f"current_setting('{setting}', true)"


# A sub-select is evaluated once a statement, where a bare function would be evaluated for every row that is counted.
SPOKEN_FOR = f"(SELECT NULLIF({said(ORGANIZATION)}, '')::uuid)"
IS_STAFF = f"{said(STAFF)} = 'on'"
NOBODYS = "false"
STAFF_ALONE = ("audit_record",)  # by name: read by staff, written by triggers alone, which work as the owner
LOOKED_UP = {  # by name: keys stand above this app
    "apikeys_apikey": f"public_id = {said(PUBLIC_ID)}",
    "organizations_organization": (
        f"id = (SELECT organization_id FROM apikeys_apikey WHERE public_id = {said(PUBLIC_ID)})"  # noqa: S608 - fixed text.
    ),
}

LAID = """
    SELECT tables.relname, tables.relrowsecurity AND tables.relforcerowsecurity, quote_ident(owners.rolname),
        (SELECT json_object_agg(polname, obj_description(oid, 'pg_policy')) FROM pg_policy WHERE polrelid = tables.oid)
    FROM pg_class AS tables JOIN pg_roles AS owners ON owners.oid = tables.relowner
    WHERE tables.oid IN (SELECT to_regclass(name) FROM unnest(%s::text[]) AS name)
"""


@dataclass(frozen=True)
class Table:
    """A table as it stands: whether row-level security is forced, its owner, its policies by name."""

    name: str
    is_forced: bool
    owner: str
    policies: dict[str, str]


def condition_of(model: type[models.Model]) -> str | None:
    """Answer the SQL for a row that belongs to the organization spoken for; None where rows belong to none."""
    if model is Organization:
        return f"id = {SPOKEN_FOR}"
    keys = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    own = next((key for key in keys if key.related_model is Organization), None)
    return f"{own.column} = {SPOKEN_FOR}" if own else next(filter(None, map(condition_through, keys)), None)


def condition_through(key: Any) -> str | None:
    """Answer the SQL for a row whose key leads to one that is seen; None where that belongs to no organization."""
    parent = key.related_model
    if parent is key.model or condition_of(parent) is None:
        return None
    theirs, ours = f"{parent._meta.db_table}.{parent._meta.pk.column}", f"{key.model._meta.db_table}.{key.column}"
    return f"EXISTS (SELECT FROM {parent._meta.db_table} WHERE {theirs} = {ours})"


def conditions() -> dict[str, str]:
    """Answer, for every table whose rows belong to organizations, what is true of those of the one spoken for."""
    found = {model._meta.db_table: condition_of(model) for model in apps.get_models(include_auto_created=True)}
    return {table: condition for table, condition in found.items() if condition} | dict.fromkeys(STAFF_ALONE, NOBODYS)


def policies_of(table: Table, condition: str) -> dict[str, str]:
    """Answer the policies that a table has to have, by name."""
    policies = {"tenant": f"USING ({condition})", "owner": f"TO {table.owner} USING (true)"}
    if SPOKEN_FOR in condition:  # a table that is seen through another leaves the rest to that one
        policies["staff"] = f"USING ({IS_STAFF})"
    if condition == NOBODYS:
        policies["staff"] = f"FOR SELECT USING ({IS_STAFF})"
    if table.name in LOOKED_UP:
        policies["look_up"] = f"FOR SELECT USING ({LOOKED_UP[table.name]})"
    return policies


def tables(connection: BaseDatabaseWrapper) -> list[Table]:
    """Answer the tables whose rows belong to organizations, as they stand."""
    with connection.cursor() as cursor:
        cursor.execute(LAID, [list(conditions())])
        return [Table(name, forced, owner, policies or {}) for name, forced, owner, policies in cursor.fetchall()]


def unsecured(connection: BaseDatabaseWrapper) -> list[Table]:
    """Answer the tables in which something of row-level security is missing or not as it has to be."""
    wanted = conditions()
    return [
        table
        for table in tables(connection)
        if not (table.is_forced and table.policies.items() >= policies_of(table, wanted[table.name]).items())
    ]


def lay(connection: BaseDatabaseWrapper) -> None:
    """Secure every table whose rows belong to organizations; one that is secured already isn't touched."""
    wanted = conditions()
    for table in unsecured(connection):
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout TO '{LOCK_TIMEOUT}'")
            secure(cursor, table, policies_of(table, wanted[table.name]))


def secure(cursor: CursorWrapper, table: Table, policies: dict[str, str]) -> None:
    """Lay a table's policies. Each keeps its own text as a comment, for the next time to compare."""
    for statement in statements(table, policies):
        cursor.execute(statement)


def statements(table: Table, policies: dict[str, str]) -> Iterator[str]:
    """Answer the SQL that secures a table."""
    for name, definition in policies.items():
        comment = definition.replace("'", "''")
        yield f"DROP POLICY IF EXISTS {name} ON {table.name}"
        yield f"CREATE POLICY {name} ON {table.name} {definition}"
        yield f"COMMENT ON POLICY {name} ON {table.name} IS '{comment}'"
    yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"


def keep_laid(using: str, **_: Any) -> None:
    """Secure the tables after a migration, new ones too, where that is asked for or has been done before."""
    connection = connections[using]
    if connection.vendor == "postgresql" and (
        settings.ROW_SECURITY or any(table.is_forced for table in tables(connection))
    ):
        lay(connection)
