"""What every test of row-level security stands on: tables that are secured, and a role that is bound by that."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import pytest
from django.db import connection
from django.test import override_settings

from organizations.policies import lay
from tests.processes import ROOT, surroundings

PASSWORD = "a-password-of-a-role-that-lives-as-long-as-the-tests"


class Serving(Protocol):
    """Makes a block in which this process asks the database as the serving role, as a server does."""

    def __call__(self) -> AbstractContextManager[None]: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave these tests out where the database has no row-level security."""
    if connection.vendor != "postgresql":
        for item in items:
            if "row_security" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason="Only PostgreSQL has row-level security."))


def psql(*arguments: str) -> None:
    """Run psql on the tests' database, as the README has it run."""
    given = connection.settings_dict
    where = {"PGHOST": given["HOST"], "PGPORT": str(given["PORT"] or 5432), "PGUSER": given["USER"]}
    env = surroundings(**where, PGPASSWORD=given["PASSWORD"], PGDATABASE=given["NAME"])
    subprocess.run(["psql", "-qX", *arguments], cwd=ROOT, env=env, check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="session")
def role(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A serving role, made by the file that makes it in production, in a database whose tables are secured."""
    name, owner = f"serving_{os.getpid()}", connection.settings_dict["USER"]
    for _ in range(2):  # as often as one likes
        psql("-v", f"owner={owner}", "-v", f"serving={name}", "-f", "deploy/row-security.sql")
    psql("-c", f"ALTER ROLE {name} PASSWORD '{PASSWORD}'")
    with django_db_blocker.unblock():
        lay(connection)
        connection.close()
    yield name
    psql("-c", f"DROP OWNED BY {name}", "-c", f"DROP ROLE {name}")


@pytest.fixture
def serving(role: str, transactional_db: None) -> Serving:
    """Answer how to ask as the serving role; what a test prepares outside of it, it prepares as the owner."""

    @contextmanager
    def as_role() -> Iterator[None]:
        served = {"USER": role, "PASSWORD": PASSWORD, "DISABLE_SERVER_SIDE_CURSORS": True}  # as the settings have it
        given = {name: connection.settings_dict[name] for name in served}
        connection.close()
        connection.settings_dict.update(served)
        try:
            with override_settings(ROW_SECURITY=True):
                yield
        finally:
            connection.close()
            connection.settings_dict.update(given)

    return as_role
