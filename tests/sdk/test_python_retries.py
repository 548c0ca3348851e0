"""The Python SDK's retries: faults made for real between it and the API, and what arrives there."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from asteri_public_api import AsteriApiError, AsteriConnectionError, AsteriPublicApiClient, AsteriTimeoutError
from tests.processes import free_port
from tests.sdk.clients import Caller, Clients, making_clients
from tests.sdk.proxy import Attempt, Proxy
from tests.sdk.test_python_customers import body


class Way:
    """A way to the API with faults on it."""

    def __init__(self, clients: Clients, caller: Caller, proxy: Proxy) -> None:
        self.clients, self.caller, self.proxy = clients, caller, proxy
        self.url = ""

    def through(self, *faults: str, **changes: Any) -> AsteriPublicApiClient:
        self.url = self.proxy.path(*faults)
        return self.clients.make(self.caller, base_url=self.url, **changes)

    @property
    def met(self) -> list[Attempt]:
        return self.proxy.met(self.url)

    @property
    def faults(self) -> list[str]:
        return [attempt.fault for attempt in self.met]


@pytest.fixture
def clients() -> Iterator[Clients]:
    """Make the client that has a thread to itself: the policy is one for both kinds."""
    with making_clients(is_async=False) as clients:
        yield clients


@pytest.fixture
def way(clients: Clients, caller: Caller, proxy: Proxy) -> Way:
    return Way(clients, caller, proxy)


@pytest.mark.parametrize("fault", ["503", "503-0", "429-0", "cut", "lost", "half"])
def test_a_read_is_tried_again(way: Way, fault: str) -> None:
    assert way.through(fault).customers.list(limit=1).pagination.limit == 1
    assert way.faults == [fault, "ok"]


@pytest.mark.parametrize("fault", ["503-1", "429-1"])
def test_a_retry_is_never_earlier_than_asked(way: Way, fault: str) -> None:
    way.through(fault).customers.list(limit=1)
    first, second = way.met
    assert second.at - first.at >= 1


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_never_more_retries_than_asked(way: Way, retries: int) -> None:
    with pytest.raises(AsteriApiError) as caught:
        way.through(*["503"] * 9, max_retries=retries).customers.list()
    assert (caught.value.status, len(way.met)) == (503, 1 + retries)


def test_a_call_may_ask_for_fewer_retries(way: Way) -> None:
    with pytest.raises(AsteriConnectionError):
        way.through("cut").customers.list(options={"max_retries": 0})
    assert way.faults == ["cut"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_beyond_the_bound_is_an_error_at_once(way: Way, status: int) -> None:
    with pytest.raises(AsteriApiError) as caught:
        way.through(f"{status}-3600").customers.list()
    assert (caught.value.retry_after, len(way.met)) == (3600, 1)


@pytest.mark.parametrize("fault", ["503", "429", "cut", "lost", "half"])
def test_a_create_is_retried_under_one_key_and_done_once(way: Way, fault: str) -> None:
    sent = body()
    created = way.through(fault, fault).customers.create(**sent)

    assert way.faults == [fault, fault, "ok"]
    assert len({attempt.key for attempt in way.met} - {None}) == 1
    assert created.meta.replayed == (fault in ("lost", "half"))
    assert way.through().customers.list(email=sent["email"]).data == [created.data]


def test_the_callers_own_key_wins(way: Way) -> None:
    mine = uuid4().hex
    way.through("cut").customers.create(**body(), idempotency_key=mine)
    assert [attempt.key for attempt in way.met] == [mine, mine]


def test_two_creates_have_two_keys(way: Way) -> None:
    client = way.through()
    client.customers.create(**body())
    client.customers.bulk([body()])
    assert len({attempt.key for attempt in way.met} - {None}) == 2


def test_a_conflict_is_never_retried(way: Way) -> None:
    with pytest.raises(AsteriApiError, match="409 A request with this Idempotency-Key is in progress") as caught:
        way.through("409-1").customers.create(**body(), idempotency_key="mine-2")
    assert way.faults == ["409-1"]
    assert (caught.value.retry_after, caught.value.idempotency_key) == (1, "mine-2")


@pytest.mark.parametrize("fault", ["500", "page"])
def test_no_other_failure_is_retried(way: Way, fault: str) -> None:
    with pytest.raises(AsteriApiError):
        way.through(fault).customers.list()
    assert way.faults == [fault]


@pytest.mark.parametrize("fault", ["503", "lost"])
def test_a_change_is_retried(way: Way, fault: str) -> None:
    created = way.through().customers.create(**body()).data
    changed = way.through(fault).customers.update(created.id, phone=None)
    assert (changed.data.phone, way.faults) == (None, [fault, "ok"])


def test_a_change_under_a_condition_is_not_repeated_once_its_answer_is_lost(way: Way) -> None:
    created = way.through().customers.create(**body())
    with pytest.raises(AsteriConnectionError, match="PATCH got no answer"):
        way.through("lost").customers.update(created.data.id, phone=None, if_match=created.meta.etag)
    assert [attempt.if_match for attempt in way.met] == [created.meta.etag]
    assert way.through().customers.get(created.data.id).data.phone is None


def test_a_change_under_a_condition_is_retried_where_it_was_refused_unseen(way: Way) -> None:
    created = way.through().customers.create(**body())
    changed = way.through("429-0").customers.update(created.data.id, phone=None, if_match=created.meta.etag)
    assert (changed.meta.status, way.faults) == (200, ["429-0", "ok"])


def test_a_delete_whose_answer_was_lost_has_done_its_work(way: Way) -> None:
    created = way.through().customers.create(**body()).data
    assert way.through("lost").customers.delete(created.id).status == 404
    assert way.faults == ["lost", "ok"]


def test_a_delete_that_finds_nothing_says_so(way: Way) -> None:
    created = way.through().customers.create(**body()).data
    way.through().customers.delete(created.id)
    with pytest.raises(AsteriApiError, match="404"):
        way.through("429-0").customers.delete(created.id)


def test_an_upsert_is_retried(way: Way) -> None:
    assert way.through("lost").customers.upsert("retried", **body()).meta.status == 200
    assert way.faults == ["lost", "ok"]


def test_a_key_is_not_made_twice(way: Way) -> None:
    with pytest.raises(AsteriConnectionError):
        way.through("lost").api_keys.create(name="Once", scopes=[])
    assert way.faults == ["lost"]
    assert way.through("429-0").api_keys.create(name="Once more", scopes=[]).meta.status == 201


def test_a_walk_goes_on_past_faults(way: Way) -> None:
    wanted = [way.through().customers.create(**body(first_name="Walked")).data.id for _ in range(3)]
    found = list(way.through("ok", "cut", "503-0").customers.list_all(search="Walked", limit=1, order="created_at"))
    assert [customer.id for customer in found[-3:]] == wanted
    assert way.faults[:4] == ["ok", "cut", "503-0", "ok"]


def test_silence_ends_in_time(way: Way) -> None:
    with pytest.raises(AsteriTimeoutError, match="GET got no answer in time"):
        way.through(*["hang"] * 2, timeout=1, max_retries=1).customers.list()
    assert way.faults == ["hang", "hang"]


def test_after_silence_comes_an_answer(way: Way) -> None:
    assert way.through("hang").customers.list(options={"timeout": 2}).meta.status == 200


def test_nobody_listens(clients: Clients, caller: Caller) -> None:
    client = clients.make(caller, base_url=f"http://127.0.0.1:{free_port()}", max_retries=1)
    with pytest.raises(AsteriConnectionError, match="GET got no answer") as caught:
        client.customers.list()
    assert caught.value.__cause__ is not None
