"""What every test of faults stands on: a served API of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.disks import mounted
from tests.faults.neighbours import Cluster, own_cluster
from tests.faults.proxies import behind, proxy
from tests.faults.servers import Api, customer, serving_api
from tests.processes import Server, free_port

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


@pytest.fixture(scope="session")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Answer the API with a hundred customers, without a proxy."""
    where = {"TRUSTED_PROXY_COUNT": "1", "METRICS_TOKEN": "nobody-has-this-one"}
    with serving_api(tmp_path_factory.mktemp("direct"), None, **where) as api:
        hundred = {"customers": [customer(f"first-{number}") for number in range(100)]}
        assert api.send("POST", "/bulk", hundred).status == 200
        yield api


@pytest.fixture(scope="session")
def proxied(direct: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Answer the same API behind nginx."""
    with proxy(tmp_path_factory.mktemp("proxied") / "nginx", direct.server.port) as nginx:
        yield behind(nginx, direct)


@pytest.fixture(scope="session")
def deserted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Answer nginx with nobody behind it."""
    with proxy(tmp_path_factory.mktemp("deserted") / "nginx", free_port()) as nginx:
        yield nginx
