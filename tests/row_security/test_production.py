"""Production as the README has it set up: an owner that migrates, a role that serves, and a real server in between."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.callers import CUSTOMERS
from tests.faults.servers import GUNICORN, customer
from tests.processes import free_port, run, serving
from tests.row_security.conftest import PASSWORD, psql

SETTINGS = {
    "ROW_SECURITY": "true",
    "ALLOWED_HOSTS": "localhost",
    "HTTPS": "true",
    "TRUSTED_PROXY_COUNT": "1",
    "STAFF_SECOND_FACTOR": "required",
}
# What the owner does: migrate, and make two organizations with a key each.
PREPARE = """
import django, json
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from apikeys.models import ApiKey
from organizations.models import Organization
for name in ("First", "Second"):
    organization = Organization.objects.create(name=name)
    _, plain = ApiKey.objects.issue(organization, name=name, scopes=["read:customers", "write:customers"])
    print(json.dumps({"x_api_key": plain.text, "x_organization_id": str(organization.id)}))
"""


@dataclass(frozen=True)
class Production:
    """A database, as its owner and as who serves address it, and the headers of a caller of each organization."""

    owner: str
    served: str
    callers: list[dict[str, str]]


@pytest.fixture(scope="module")
def production() -> Iterator[Production]:
    mark = uuid.uuid4().hex[:12]
    database, owner, served = f"production_{mark}", f"owner_{mark}", f"serving_{mark}"
    psql("-d", "postgres", "-c", f"CREATE ROLE {owner} LOGIN PASSWORD '{PASSWORD}'")
    psql("-d", "postgres", "-c", f"CREATE DATABASE {database} OWNER {owner}")
    try:
        psql("-d", database, "-v", f"owner={owner}", "-v", f"serving={served}", "-f", "deploy/row-security.sql")
        psql("-d", "postgres", "-c", f"ALTER ROLE {served} PASSWORD '{PASSWORD}'")
        host = f"{connection.settings_dict['HOST']}:{connection.settings_dict['PORT'] or 5432}"
        urls = [f"postgres://{role}:{PASSWORD}@{host}/{database}" for role in (owner, served)]
        prepared = run("-c", PREPARE, DATABASE_URL=urls[0], **SETTINGS)
        assert prepared.returncode == 0, prepared.stderr
        yield Production(urls[0], urls[1], callers=list(map(json.loads, prepared.stdout.splitlines())))
    finally:
        psql("-d", "postgres", "-c", f"DROP DATABASE {database} WITH (FORCE)")
        psql("-d", "postgres", "-c", f"DROP ROLE {owner}", "-c", f"DROP ROLE IF EXISTS {served}")


def test_the_deploy_check_passes(production: Production) -> None:
    arguments = ("check", "--deploy", "--database", "default", "--fail-level", "WARNING")
    result = run("manage.py", *arguments, DATABASE_URL=production.served, **SETTINGS)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.served
def test_each_organization_is_served_its_own(production: Production, tmp_path: Path) -> None:
    port = free_port()
    where = {"DATABASE_URL": production.served, "PORT": str(port), "BIND": "127.0.0.1", **SETTINGS}
    with serving(*GUNICORN, "asteri.wsgi", port=port, log=tmp_path / "log", **where) as server:
        for caller in production.callers:
            made = server.request("POST", CUSTOMERS, customer("same"), Content_Type="application/json", **caller)
            listed, changes = (server.request("GET", CUSTOMERS + path, **caller) for path in ("", "/changes"))
            assert [made.status, listed.status, changes.status] == [201, 200, 200]
            assert [made.body["data"]] == listed.body["data"]
            assert [made.body["data"]] == [change["customer"] for change in changes.body["data"]]
        assert server.request("GET", made.headers["Location"], **production.callers[0]).status == 404


def test_the_owner_sees_all_and_who_serves_nothing(production: Production) -> None:
    counts = []
    for url in (production.owner, production.served):
        with psycopg.connect(url) as database:
            counts.append(database.execute("SELECT count(*) FROM organizations_organization").fetchone())
    assert counts == [(2,), (0,)]
