"""System checks of row-level security: is it on, and does it hold? What asks the database waits for `--database`."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name for it.
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from organizations.policies import tables, unsecured

MEANS = """
    SELECT current_user, array_remove(ARRAY[
        CASE WHEN rolsuper THEN 'it is a superuser' END,
        CASE WHEN rolbypassrls THEN 'it has BYPASSRLS' END,
        CASE WHEN rolcreaterole THEN 'it may make roles' END,
        CASE WHEN EXISTS (SELECT FROM pg_class WHERE oid = ANY(ids) AND pg_has_role(current_user, relowner, 'MEMBER'))
            THEN 'it owns tables, or may become who does' END,
        CASE WHEN EXISTS (SELECT FROM unnest(ids) AS id WHERE has_table_privilege(current_user, id, 'TRUNCATE'))
            THEN 'it may empty tables' END
    ], NULL)
    FROM pg_roles, (SELECT array_agg(to_regclass(name)::oid) AS ids FROM unnest(%s::text[]) AS name) AS protected
    WHERE rolname = current_user
"""
SET_UP = "Serve as the role that deploy/row-security.sql makes."


@register(Tags.database)
def row_security_has_its_engine(**_: Any) -> list[CheckMessage]:
    """Only PostgreSQL has row-level security."""
    if not settings.ROW_SECURITY or connection.vendor == "postgresql":
        return []
    return [Error("ROW_SECURITY is on, but only PostgreSQL has row-level security.", id="asteri.E014")]


@register(Tags.security, deploy=True)
def row_security_is_on(**_: Any) -> list[CheckMessage]:
    """Without row-level security organizations are kept apart by our own code alone."""
    if settings.ROW_SECURITY:
        return []
    return [
        Warning(
            "ROW_SECURITY is off: a query that forgot its organization would see every other one's rows.",
            hint=f"Set it to true, on PostgreSQL. {SET_UP}",
            id="asteri.W015",
        )
    ]


@register(Tags.database, deploy=True)
def row_security_holds(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The tables must be secured, and the role that serves must be bound by that, and know that it is."""
    asked = [connections[alias] for alias in databases or ()]
    return [fault for database in asked if database.vendor == "postgresql" for fault in faults(database)]


def faults(database: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    """Yield what is wrong with row-level security in a database."""
    role, means = ways_around(database)
    if settings.ROW_SECURITY:
        for way in means:
            yield Error(f"The role {role} can pass by row-level security: {way}.", hint=SET_UP, id="asteri.E016")
        for table in unsecured(database):
            yield Error(
                f"Row-level security of {table.name} is missing or not as it has to be.",
                hint="Run manage.py migrate as the tables' owner, with ROW_SECURITY=true.",
                id="asteri.E017",
            )
    elif not means and any(table.is_forced for table in tables(database)):
        yield Error(
            f"The role {role} is bound by row-level security, but ROW_SECURITY is off: it sees no rows.",
            hint="Set ROW_SECURITY to true.",
            id="asteri.E018",
        )


def ways_around(database: BaseDatabaseWrapper) -> tuple[str, list[str]]:
    """Answer the role that the database is asked as, and by what means it could pass by row-level security."""
    with database.cursor() as cursor:
        cursor.execute(MEANS, [[table.name for table in tables(database)]])
        role, means = cursor.fetchone()
        return role, means
