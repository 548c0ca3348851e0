"""Loads the bench's data into this project's own tables, and writes a file of keys for each of its scenarios.

Run by the bench as `python -m tests.benchmarks.load FOLDER`, and without a folder to take back what creates have added;
DATABASE_URL names the database to make anew, BENCH_PG_DSN the bench's own with the organizations and customers.
"""

import os
import sys
from pathlib import Path
from typing import Any

import django
import psycopg
from psycopg import sql

django.setup()

from django.conf import settings  # noqa: E402 - models can be had once Django is set up.
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from apikeys.models import ApiKey  # noqa: E402
from apikeys.scopes import Scope  # noqa: E402
from organizations.models import Organization  # noqa: E402

MANY = 1_000_000  # requests a minute; never reached
# The keys of each scenario: of which organization (by its number in the bench), and how many.
KEYS = {"detail": (2, 100), "list": (3, 100), "list100k": (2, 100), "list1m": (1, 20), "post": (4, 100)}
# What Customer.compute derives, for data that is ASCII throughout, in lower-case addresses and E.164 numbers.
CUSTOMERS = """
    SELECT id, organization_id, CASE account_type WHEN 'individual' THEN account_type ELSE 'business' END, display_name,
        '', '', '', email, email, phone, phone, lower(concat_ws(E'\\n', display_name, email, phone, phone)), NULL, 1,
        created_at, created_at
    FROM customers
"""
COLUMNS = (
    "id, organization_id, account_type, display_name, company_name, first_name, last_name, email, email_key, phone, "
    "phone_key, search_text, external_id, version, created_at, updated_at"
)


def make_database() -> None:
    """Make the database of DATABASE_URL anew, with its tables."""
    name = sql.Identifier(settings.DATABASES["default"]["NAME"])
    with psycopg.connect(os.environ["BENCH_PG_DSN"], autocommit=True) as bench:
        bench.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        bench.execute(sql.SQL("CREATE DATABASE {}").format(name))
    call_command("migrate", verbosity=0)


def load_organizations(bench: psycopg.Connection) -> dict[int, Organization]:
    """Make the bench's organizations; answer them by their number."""
    rows = bench.execute("SELECT seq, id, name, created_at FROM organizations ORDER BY seq").fetchall()
    made = {seq: Organization(id=id_, name=name, created_at=created_at) for seq, id_, name, created_at in rows}
    Organization.objects.bulk_create(made.values())
    return made


def load_customers(bench: psycopg.Connection) -> None:
    """Copy the bench's customers."""
    connection.ensure_connection()
    source, target = bench.cursor(), connection.connection.cursor()
    into = f"COPY customers_customer ({COLUMNS}) FROM STDIN (FORMAT binary)"
    with source.copy(f"COPY ({CUSTOMERS}) TO STDOUT (FORMAT binary)") as out, target.copy(into) as back:
        for block in out:
            back.write(block)
    connection.connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (FREEZE, ANALYZE)")


def write_keys(organizations: dict[int, Organization], folder: Path, scale: int) -> None:
    """Make `scale` times the bench's keys; write those that a scenario uses in turn, one a line."""
    for scenario, (seq, count) in KEYS.items():
        texts = make_keys(organizations[seq], count * scale)
        (folder / f"{scenario}.keys").write_text("\n".join(texts) + "\n")


def make_keys(organization: Organization, count: int) -> list[str]:
    """Make keys that may read and write customers; answer them as their holders have them."""
    scopes: Any = [Scope.READ_CUSTOMERS, Scope.WRITE_CUSTOMERS]
    keys = [ApiKey(organization=organization, name="Bench", scopes=scopes, per_minute=MANY) for _ in range(count)]
    texts = [key.mint().text for key in keys]
    ApiKey.objects.bulk_create(keys, batch_size=1000)
    return texts


def take_back() -> None:
    """Delete what creates have added, so that every run meets the same table."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_customer WHERE email LIKE 'bench.customer%'")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


def main(folder: str = "") -> None:
    """Load everything; without a folder take back what was added."""
    if not folder:
        take_back()
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    make_database()
    with psycopg.connect(os.environ["BENCH_PG_DSN"]) as bench:
        organizations = load_organizations(bench)
        write_keys(organizations, Path(folder), scale=int(os.environ.get("BENCH_KEYS_SCALE") or 1))
        load_customers(bench)


if __name__ == "__main__":
    main(*sys.argv[1:])
