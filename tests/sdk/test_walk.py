"""Ten thousand customers, walked by every client there is: each is met once."""

import pytest

from tests.sdk.clients import Caller, Clients
from tests.sdk.conftest import WALK
from tests.sdk.typescript import FOLDER, execute


def test_the_python_clients_meet_each_once(clients: Clients, walker: Caller) -> None:
    emails = [customer.email for customer in clients.make(walker).customers.list_all()]

    assert len(emails) == WALK
    assert set(emails) == {f"walk-{number}@example.com" for number in range(WALK)}


@pytest.mark.usefixtures("typescript")
def test_the_typescript_client_meets_each_once(walker: Caller) -> None:
    asked = {"ASTERI_BASE_URL": walker.base_url, "ASTERI_PROXY_URL": walker.base_url}
    asking = {"ASTERI_WALK_ORG_ID": walker.organization_id, "ASTERI_WALK_API_KEY": walker.api_key}
    result = execute(
        "node", "--test", "test/walk.test.js", folder=FOLDER, **asked, **asking, ASTERI_WALK_COUNT=str(WALK)
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "# pass 2" in result.stdout
