"""The Python SDK's errors: every status that the API refuses with, and what the error says of it."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from asteri_public_api import AsteriApiError, AsteriPublicApiClient
from tests.sdk.clients import Caller, Clients
from tests.sdk.proxy import Proxy
from tests.sdk.test_python_customers import body

Provoke = Callable[["Scene"], Any]
CONTRACT = "2026-03-23.preview"


class Scene:
    """Whoever provokes an error: the clients that it takes."""

    def __init__(self, clients: Clients, caller: Caller, proxy: Proxy) -> None:
        self.clients, self.caller, self.proxy = clients, caller, proxy

    def client(self, **changes: Any) -> AsteriPublicApiClient:
        return self.clients.make(self.caller, **{"max_retries": 0, **changes})

    def meeting(self, fault: str) -> AsteriPublicApiClient:
        return self.client(base_url=self.proxy.path(fault))

    def limited(self, **fields: Any) -> AsteriPublicApiClient:
        wanted = {"name": "Limited", "scopes": ["read:customers"], **fields}
        return self.client(api_key=self.client().api_keys.create(**wanted).data.key)


@pytest.fixture
def scene(clients: Clients, caller: Caller, proxy: Proxy) -> Scene:
    return Scene(clients, caller, proxy)


def create_twice(scene: Scene) -> None:
    sent = body()
    scene.client().customers.create(**sent)
    scene.client().customers.create(**sent)


def change_what_has_changed(scene: Scene) -> None:
    created = scene.client().customers.create(**body())
    scene.client().customers.update(created.data.id, phone=None)
    scene.client().customers.update(created.data.id, phone=None, if_match=created.meta.etag)


def use_a_key_twice(scene: Scene) -> None:
    key = uuid4().hex
    scene.client().customers.create(**body(), idempotency_key=key)
    scene.client().customers.create(**body(), idempotency_key=key)


def ask_too_often(scene: Scene) -> None:
    limited = scene.limited(per_hour=1)
    limited.customers.list()
    limited.customers.list()


ROWS: list[tuple[int, Provoke, dict[str, Any]]] = [
    (400, lambda scene: scene.client().customers.create(**body(email="nobody")), {"error": "Invalid request payload"}),
    (400, lambda scene: scene.client().customers.list(limit=0), {"error": "Invalid query parameters"}),
    (
        400,
        lambda scene: scene.client(organization_id="mine").customers.list(),
        {"issues": [{"path": "x-organization-id", "message": "Invalid UUID"}]},
    ),
    (401, lambda scene: scene.client(api_key="ast_live_your_key").customers.list(), {"error": "Invalid API key"}),
    (
        403,
        lambda scene: scene.client(organization_id=str(uuid4())).customers.list(),
        {"error": "API key does not have access to this organization"},
    ),
    (403, lambda scene: scene.limited().customers.create(**body()), {"missingScopes": ["write:customers"]}),
    (404, lambda scene: scene.client().customers.get(str(uuid4())), {"error": "Customer not found"}),
    (409, create_twice, {"error": "Customer email already exists in this organization", "field": "email"}),
    (412, change_what_has_changed, {"error": "Customer has changed"}),
    (415, lambda scene: scene.meeting("plain").customers.create(**body()), {"error": "Unsupported media type"}),
    (422, use_a_key_twice, {"field": "Idempotency-Key"}),
    (429, ask_too_often, {"error": "API key hour rate limit exceeded", "limit": 1, "window": "hour"}),
]


@pytest.mark.parametrize(("status", "provoke", "payload"), ROWS)
def test_a_refusal_says_what_the_api_said(scene: Scene, status: int, provoke: Provoke, payload: dict[str, Any]) -> None:
    with pytest.raises(AsteriApiError) as caught:
        provoke(scene)
    error = caught.value

    assert error.status == status
    assert payload.items() <= error.payload.items()
    assert (bool(error.request_id), error.contract_version) == (True, CONTRACT)
    assert (error.retry_after is not None) == (status == 429)


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_is_an_error(scene: Scene, status: int) -> None:
    with pytest.raises(AsteriApiError, match=f"{status} Failed to fetch customers") as caught:
        scene.meeting(f"{status}-7").customers.list()
    assert (caught.value.status, caught.value.retry_after) == (status, 7)


@pytest.mark.parametrize(("fault", "message"), [("page", "502 <h1>Bad Gateway"), ("redirect", "307 The API did not")])
def test_what_stands_in_the_way_is_named(scene: Scene, fault: str, message: str) -> None:
    with pytest.raises(AsteriApiError, match=message):
        scene.meeting(fault).customers.list()


def test_a_conflict_leads_to_the_holder(scene: Scene) -> None:
    sent = body()
    holder = scene.client().customers.create(**sent).data
    with pytest.raises(AsteriApiError) as caught:
        scene.client().customers.create(**sent)
    assert caught.value.headers["location"].endswith(holder.id)


def test_every_fault_of_a_request_is_in_the_message(scene: Scene) -> None:
    with pytest.raises(AsteriApiError, match="email Invalid email address, phone Invalid phone number"):
        scene.client().customers.create(account_type="business", email="nobody", phone="none")


def test_an_error_survives_pickling(scene: Scene) -> None:
    with pytest.raises(AsteriApiError) as caught:
        scene.client().customers.get(str(uuid4()))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.status, copy.payload, copy.request_id) == (404, caught.value.payload, caught.value.request_id)


def test_no_error_shows_the_key(scene: Scene) -> None:
    caller = replace(scene.caller, api_key="ast_live_a_secret_nobody_may_see")
    with pytest.raises(AsteriApiError) as caught:
        scene.clients.make(caller).customers.list()
    assert "nobody_may_see" not in f"{caught.value!r} {vars(caught.value)}"
