"""What the foreign programs stand on: a server of their own, and a key that may do everything, as often as it likes."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from apikeys.scopes import Scope
from apikeys.serializers import MOST_REQUESTS
from tests.faults.servers import GUNICORN, THREADS, manage, throw_away_database
from tests.processes import free_port, serving

UNDEFINED = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "API_KEY_PEPPERS", "DATABASE_URL", "CACHE_URL")


@dataclass(frozen=True)
class Served:
    """A served API, as its callers know it."""

    url: str
    organization: str
    key: str
    key_id: str

    @property
    def environment(self) -> dict[str, str]:
        """What a program that calls it has in its environment: nothing of ours, and no coverage of itself."""
        ours = (*UNDEFINED, "ENV_FILE")
        kept = {name: value for name, value in os.environ.items() if name not in ours and "COV" not in name}
        return {
            **kept,
            "ASTERI_BASE_URL": self.url,
            "ASTERI_ORG_ID": self.organization,
            "ASTERI_API_KEY": self.key,
            "ASTERI_KEY_ID": self.key_id,
        }


@contextmanager
def serving_contract(folder: Path) -> Iterator[Served]:
    """Serve a new organization in a new database; failed keys are not counted, for a caller tries many."""
    with throw_away_database(folder) as database:
        manage(database, "migrate", "--verbosity", "0")
        organization = json.loads(manage(database, "create_organization", "Contract", "--json"))["id"]
        wanted = ("--organization", organization, "--name", "Contract", "--scopes", ",".join(Scope))
        key = json.loads(manage(database, "create_api_key", *wanted, "--per-minute", str(MOST_REQUESTS), "--json"))
        port = free_port()
        where = {"BIND": "127.0.0.1", "PORT": str(port), "THREADS": THREADS}
        where |= {"FAILED_AUTH_PER_MINUTE": str(MOST_REQUESTS)}
        with serving(*GUNICORN, "asteri.wsgi", port=port, log=folder / "log", DATABASE_URL=database.url, **where):
            yield Served(f"http://127.0.0.1:{port}", organization, key["key"], key["id"])


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_contract(tmp_path_factory.mktemp("contract")) as served:
        yield served
