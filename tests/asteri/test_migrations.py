"""Migrations since the previous release: what they do to its tables lets it go on serving from them.

Each is run for real, from the previous release's tables on, and judged by the statements that reach the database.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from tests.faults.servers import throw_away_database
from tests.processes import run

needs_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole file anyway.")

# Migrates to the previous release, then to this one; prints the tables of the former, and each statement of the latter
# with the lock timeout that it's sent under.
WATCH = """
import django, json
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

previous = [("organizations", "0001_initial"), ("apikeys", "0001_initial"), ("customers", "0003_triggers")]
MigrationExecutor(connection).migrate(previous)
tables, statements = connection.introspection.table_names(), []

def watch(execute, sql, params, many, context):
    (timeout,) = context["connection"].connection.execute("SHOW lock_timeout").fetchone()
    statements.append([str(sql), timeout])
    return execute(sql, params, many, context)

executor = MigrationExecutor(connection)
leaves = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in dict(previous)]
with connection.execute_wrapper(watch):
    executor.migrate(leaves)
print(json.dumps([tables, statements]))
"""
FAULTS = {
    "makes an index while nobody can write": r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)",
    "makes an index for a constraint in that way": r"ADD CONSTRAINT \S+ (UNIQUE|PRIMARY KEY|EXCLUDE)(?! USING INDEX)",
    "looks through the table for a constraint": r"ADD CONSTRAINT \S+ (CHECK|FOREIGN KEY)(?!.*NOT VALID)",
    "looks through the table for nulls": r"SET NOT NULL",
    "writes the table anew": r"ALTER COLUMN \S+ (SET DATA )?TYPE|SET (UN)?LOGGED|VACUUM FULL|CLUSTER",
    "adds what the previous release doesn't fill in": r"ADD COLUMN (?!.*DEFAULT).*NOT NULL|DROP DEFAULT",
    "takes away what the previous release asks for": r"DROP COLUMN|DROP TABLE|RENAME|TRUNCATE",
    "locks the table to the end": r"LOCK TABLE",
}
LOCKS = re.compile(r"(ALTER TABLE|(CREATE|DROP) TRIGGER|DROP INDEX (?!CONCURRENTLY))", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """A statement of a migration, and the lock timeout that it's sent under."""

    sql: str
    lock_timeout: str

    def faults(self, tables: list[str]) -> Iterator[str]:
        """Yield what the statement does that keeps the previous release from using one of its tables."""
        if re.search(rf"\b({'|'.join(tables)})\b", self.sql):
            yield from (fault for fault, form in FAULTS.items() if re.search(form, self.sql, re.IGNORECASE | re.DOTALL))
            if LOCKS.search(self.sql) and self.lock_timeout == "0" and "lock_timeout" not in self.sql:
                yield "waits for a lock without an end, and all others wait behind it"


@needs_postgresql
def test_no_migration_keeps_the_previous_release_from_its_tables(tmp_path: Path) -> None:
    with throw_away_database(tmp_path) as database:
        result = run(
            "-c", WATCH, DATABASE_URL=database.url, DJANGO_SETTINGS_MODULE=os.environ["DJANGO_SETTINGS_MODULE"]
        )
    assert result.returncode == 0, result.stderr
    tables, statements = json.loads(result.stdout)
    assert {"customers_customer", "customers_feed", "apikeys_apikey", "organizations_organization"} <= set(tables)
    judged = [(sql, list(Statement(sql, timeout).faults(tables))) for sql, timeout in statements]
    assert [found for found in judged if found[1]] == []


@pytest.mark.parametrize(
    "sql",
    [
        'CREATE INDEX "x" ON "customers_customer" ("email")',
        'CREATE UNIQUE INDEX "x" ON "customers_customer" ("email")',
        'ALTER TABLE "customers_customer" ADD CONSTRAINT "x" UNIQUE ("email")',
        'ALTER TABLE "customers_customer" ADD CONSTRAINT "x" CHECK ("version" > 0)',
        'ALTER TABLE "customers_customer" ADD CONSTRAINT "x" FOREIGN KEY ("y") REFERENCES "z" ("id")',
        'ALTER TABLE "customers_customer" ALTER COLUMN "phone" SET NOT NULL',
        'ALTER TABLE "customers_customer" ALTER COLUMN "version" TYPE bigint USING "version"::bigint',
        'ALTER TABLE "customers_customer" ADD COLUMN "note" text NOT NULL',
        'ALTER TABLE "customers_customer" ALTER COLUMN "note" DROP DEFAULT',
        'ALTER TABLE "customers_customer" DROP COLUMN "phone" CASCADE',
        'ALTER TABLE "customers_customer" RENAME COLUMN "phone" TO "number"',
        'LOCK TABLE "customers_customer"',
    ],
)
def test_what_would_keep_it_from_them_is_found(sql: str) -> None:
    assert len(list(Statement(sql, "2s").faults(["apikeys_apikey", "customers_customer"]))) == 1


@pytest.mark.parametrize(
    "sql",
    [
        'CREATE INDEX CONCURRENTLY "x" ON "customers_customer" ("email")',
        'ALTER TABLE "customers_customer" ADD COLUMN "note" text NULL',
        'ALTER TABLE "customers_customer" ADD COLUMN "note" text DEFAULT \'\' NOT NULL',
        'ALTER TABLE "customers_customer" ADD CONSTRAINT "x" CHECK ("version" > 0) NOT VALID',
        'ALTER TABLE "customers_customer" ADD CONSTRAINT "x" UNIQUE USING INDEX "y"',
        "CREATE TRIGGER x AFTER INSERT ON customers_customer EXECUTE FUNCTION y()",
        'CREATE INDEX "x" ON "customers_customerpet" ("email")',
        'ALTER TABLE "customers_pet" ALTER COLUMN "note" SET NOT NULL',
    ],
)
def test_what_lets_it_go_on_is_none(sql: str) -> None:
    assert list(Statement(sql, "2s").faults(["apikeys_apikey", "customers_customer"])) == []


@pytest.mark.parametrize(
    ("sql", "timeout", "is_fault"),
    [
        ('ALTER TABLE "customers_customer" ADD COLUMN "note" text NULL', "0", True),
        ('ALTER TABLE "customers_customer" ADD COLUMN "note" text NULL', "2s", False),
        ("DROP TRIGGER x ON customers_customer", "0", True),
        ("SET LOCAL lock_timeout = '2s'; DROP TRIGGER x ON customers_customer", "0", False),
        ("DROP INDEX CONCURRENTLY x; SELECT FROM customers_customer", "0", False),
    ],
)
def test_what_locks_has_to_give_up_in_time(sql: str, timeout: str, *, is_fault: bool) -> None:
    assert bool(list(Statement(sql, timeout).faults(["customers_customer"]))) == is_fault
