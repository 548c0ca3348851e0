"""What every test of faults stands on: a served API of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.disks import mounted
from tests.faults.neighbours import Cluster, own_cluster
from tests.faults.servers import Api, serving_api

LIMITS = {"DATABASE_STATEMENT_TIMEOUT": "3", "DATABASE_LOCK_TIMEOUT": "2"}


@dataclass(frozen=True)
class OnPostgresql:
    """An API, and the PostgreSQL that it has for itself."""

    api: Api
    cluster: Cluster


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with serving_api(tmp_path) as api:
        yield api


@pytest.fixture
def small_disk() -> Iterator[Path]:
    with mounted() as disk:
        yield disk


@pytest.fixture(scope="session")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnPostgresql]:
    """An API on a PostgreSQL that a test may break, and leaves whole."""
    folder = tmp_path_factory.mktemp("served")
    with own_cluster() as cluster, serving_api(folder, cluster.database, **LIMITS) as api:
        yield OnPostgresql(api, cluster)
