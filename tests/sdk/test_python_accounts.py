"""The Python SDK's organizations and API keys, and how a client says who it is."""

import pytest

from asteri_public_api import AsteriApiError, AsteriPublicApiClient
from tests.sdk.clients import Caller, Clients


def test_the_organization_is_the_keys_own(client: AsteriPublicApiClient, caller: Caller) -> None:
    (organization,) = client.organizations.list().data

    assert organization.id == caller.organization_id
    assert client.organizations.get(organization.id).data == organization
    assert client.api_keys.current().data.organization == organization


def test_a_key_is_made_rotated_and_revoked(client: AsteriPublicApiClient, clients: Clients, caller: Caller) -> None:
    made = client.api_keys.create(name="Reader", scopes=["read:customers"], per_minute=5).data
    successor = client.api_keys.rotate(made.id, grace_hours=0).data
    reader = clients.make(caller, api_key=successor.key)

    assert reader.api_keys.current().data.id == successor.id
    assert client.api_keys.get(made.id).data.state != "active"
    assert successor.id in {key.id for key in client.api_keys.list(limit=100).data}
    assert client.api_keys.revoke(successor.id).status == 204
    with pytest.raises(AsteriApiError, match="401 Invalid API key"):
        reader.api_keys.current()


def test_a_key_may_be_sent_as_bearer(clients: Clients, caller: Caller) -> None:
    assert clients.make(caller, auth="bearer").api_keys.current().data.name == "SDK"


def test_a_new_key_is_not_shown_by_accident(client: AsteriPublicApiClient) -> None:
    made = client.api_keys.create(name="Reader", scopes=[])

    assert made.data.key.startswith("ast_live_")
    assert made.data.key not in repr(made)


def test_a_client_does_not_show_its_key(caller: Caller) -> None:
    with AsteriPublicApiClient(**caller.arguments) as client:
        assert caller.api_key not in f"{client!r} {vars(client)!r}"


@pytest.mark.parametrize("name", ["base_url", "organization_id", "api_key"])
def test_a_client_needs_to_know_where_and_who(clients: Clients, caller: Caller, name: str) -> None:
    with pytest.raises(ValueError, match=f"needs {name}"):
        clients.make(caller, **{name: ""})
