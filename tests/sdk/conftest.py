"""What every test of an SDK stands on: the API served for real, a key for everything, and faults on the way to it."""

import json
from collections.abc import Iterator

import pytest

from asteri_public_api import AsteriPublicApiClient
from tests.callers import MANY
from tests.faults.servers import Api, manage, serving_api
from tests.processes import run
from tests.sdk.clients import Caller, Clients, making_clients
from tests.sdk.proxy import Proxy, proxying
from tests.sdk.typescript import require_it

EVERY_SCOPE = "read:customers,write:customers,delete:customers,read:organizations,read:api_keys,write:api_keys"
WALK = 10_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, all of which ask a served API."""
    for item in items:
        if "tests/sdk/" in item.path.as_posix():
            item.add_marker(pytest.mark.sdk)
            item.add_marker(pytest.mark.served)


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving_api(tmp_path_factory.mktemp("sdk")) as api:
        yield api


@pytest.fixture(scope="session")
def proxy(api: Api) -> Iterator[Proxy]:
    with proxying(api.server.port) as proxy:
        yield proxy


def new_caller(api: Api) -> Caller:
    """Make an organization, and a key of it that may do everything."""
    organization = json.loads(manage(api.database, "create_organization", "SDK", "--json"))["id"]
    wanted = ("--organization", organization, "--name", "SDK", "--scopes", EVERY_SCOPE, "--per-minute", str(MANY))
    key = json.loads(manage(api.database, "create_api_key", *wanted, "--json"))["key"]
    return Caller(f"http://127.0.0.1:{api.server.port}", organization, key)


@pytest.fixture(scope="session")
def caller(api: Api) -> Caller:
    return new_caller(api)


@pytest.fixture(scope="session")
def walker(api: Api) -> Caller:
    """Whoever has ten thousand customers."""
    walker = new_caller(api)
    seeded = run("-m", "tests.sdk.seeding", walker.organization_id, str(WALK), DATABASE_URL=api.database.url)
    assert seeded.returncode == 0, seeded.stderr
    return walker


@pytest.fixture(params=["sync", "async"])
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    """Make clients of each kind."""
    with making_clients(is_async=request.param == "async") as clients:
        yield clients


@pytest.fixture
def client(clients: Clients, caller: Caller) -> AsteriPublicApiClient:
    """Ask the API directly."""
    return clients.make(caller)


@pytest.fixture(scope="session")
def typescript() -> None:
    """Stand on a TypeScript SDK that is built."""
    require_it()
