"""Explaining: the first check that fails is the one that the API's own answer shows, and nothing is counted by it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apikeys.keys import KeyFault
from apikeys.models import ApiKey
from apikeys.usage.actions import action_at, actions, scopes_by_name
from apikeys.usage.advice import FAULTS, KINDS
from apikeys.usage.counting import USAGE
from apikeys.usage.explaining import explain
from apikeys.usage.kinds import Kind
from apikeys.usage.subjects import is_secret
from asteri.circuit import shared_cache
from tests.apikeys.usage.conftest import failing, outcomes, spoilt
from tests.callers import Caller
from tests.factories import make_organization

pytestmark = pytest.mark.usefixtures("counting")
STATUSES = {"key": {401}, "limit": {429}, "organization": {400, 403}, "scope": {403}, None: {200}}


def revoke(caller: Caller) -> None:
    caller.key.revoke()


def expire(caller: Caller) -> None:
    caller.key.end_by(timezone.now() - timedelta(seconds=1))


def suspend(caller: Caller) -> None:
    caller.organization.suspend()


def exhaust(caller: Caller) -> None:
    ApiKey.objects.filter(pk=caller.key.pk).update(per_minute=1, per_hour=1)
    caller.get()


def take_scopes(caller: Caller) -> None:
    ApiKey.objects.filter(pk=caller.key.pk).update(scopes=[])


def leave(caller: Caller) -> None:
    """Do nothing."""


CASES: dict[str, tuple[Callable[[Caller], None], str | None]] = {
    "nothing wrong": (leave, None),
    "revoked": (revoke, "key"),
    "expired": (expire, "key"),
    "exhausted": (exhaust, "limit"),
    "suspended": (suspend, "organization"),
    "without scopes": (take_scopes, "scope"),
}


@pytest.mark.parametrize(("spoil", "fails"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("given", [lambda caller: caller.text, lambda caller: caller.key.hint], ids=["whole", "hint"])
def test_what_fails_is_what_the_api_answers(
    owner: Caller, spoil: Callable[[Caller], None], fails: str | None, given: Callable[[Caller], str]
) -> None:
    spoil(owner)
    explanation = explain(given(owner), owner.organization.id, "customers.list")
    assert failing(explanation) == fails
    assert owner.get().status_code in STATUSES[fails]


@pytest.mark.parametrize(
    ("spoil", "fails"),
    [
        ([leave], None),
        ([take_scopes, suspend], "organization"),
        ([take_scopes, suspend, exhaust], "limit"),
        ([take_scopes, suspend, exhaust, expire], "key"),
    ],
)
def test_the_checks_keep_the_contracts_order(owner: Caller, spoil: list[Any], fails: str | None) -> None:
    for each in spoil:
        each(owner)
    explanation = explain(owner.text, None, "customers.list")
    assert list(outcomes(explanation)) == ["key", "limit", "organization", "scope"]
    assert failing(explanation) == fails
    assert owner.get().status_code in STATUSES[fails]


def test_explaining_counts_nothing(owner: Caller) -> None:
    exhausted = Caller.of(owner.organization, per_minute=1)
    for _ in range(3):
        assert failing(explain(exhausted.text)) is None
    assert exhausted.get().status_code == 200
    assert failing(explain(exhausted.text)) == "limit"


def test_explaining_stores_nothing(owner: Caller, django_assert_num_queries: Any) -> None:
    owner.key.refresh_from_db()
    before = list(ApiKey.objects.values())
    with django_assert_num_queries(1):
        explain(owner.text)
    assert list(ApiKey.objects.values()) == before


def test_an_organization_that_the_key_may_not_act_for_is_named_as_such(owner: Caller) -> None:
    other = make_organization(name="Other")
    explanation = explain(owner.text, other.id)
    assert failing(explanation) == "organization"
    assert explanation.failing
    assert explanation.failing.says == f"The key belongs to another organization: {owner.organization}."
    assert explanation.failing.advice == f"Send {owner.organization.id} instead."


@pytest.mark.parametrize("action", ["customers.create", "write:customers", "api-keys.rotate", "customers.bulk"])
def test_an_action_needs_its_scopes(colleague: Caller, action: str) -> None:
    assert failing(explain(colleague.text, None, action)) == "scope"
    assert failing(explain(colleague.text, None, "customers.list")) is None
    assert outcomes(explain(colleague.text))["scope"] is None


def test_an_action_without_scopes_is_refused_to_everybody(owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apikeys.usage.explaining.scopes_by_name", lambda: {"new.list": None})
    assert failing(explain(owner.text, None, "new.list")) == "scope"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ast_live_", "MALFORMED"),
        ("ast_prod_" + "a" * 50, "MALFORMED"),
        ("ast_live_" + "a" * 49 + "!", "MALFORMED"),
        ("ast_live_" + "a" * 50, "CHECKSUM"),
        (spoilt("ast_live_" + "a" * 50), "UNKNOWN"),
        ("ast_test_aaaaaaaaaaaa…", "UNKNOWN"),
        ("ast_live_aaaaaaaaaaaa...", "UNKNOWN"),
        ("\x00\n", "MALFORMED"),
        ("not a request id", "MALFORMED"),
        ("\ud800", "MALFORMED"),
    ],
)
def test_what_can_be_no_valid_key_is_told_why(db: None, text: str, fault: str) -> None:
    explanation = explain(text)
    assert outcomes(explanation) == {"key": False}
    assert explanation.findings[0].says == FAULTS[KeyFault[fault]][0]


def test_another_secret_than_the_keys_is_told(owner: Caller) -> None:
    explanation = explain(spoilt(owner.text))
    assert explanation.findings[0].says == "The key exists, but not with that secret."
    assert list(outcomes(explanation)) == ["key", "limit", "organization", "scope"]


@pytest.mark.parametrize("write", ["{hint}", "{id}", " ast_live_{id}\n", "ast_live_{id}...", "{id}…"])
def test_a_hint_may_be_written_as_it_comes(owner: Caller, write: str) -> None:
    explanation = explain(write.format(hint=owner.key.hint, id=owner.key.public_id))
    assert explanation.key == owner.key
    assert "can't be told" in explanation.findings[0].says


def test_a_command_cannot_see_what_a_server_counts_in_its_memory(
    owner: Caller, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CACHES = {**settings.CACHES, "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    monkeypatch.setattr(USAGE, "is_open", False)
    assert outcomes(explain(owner.text))["limit"] is None


def test_while_redis_is_out_no_limit_can_be_told(owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_cache, "ask_again_at", float("inf"))
    assert outcomes(explain(owner.text))["limit"] is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("ast_live_" + "a" * 50, True),
        (" ast_live_aaaa", True),
        ("ast_live_aaaaaaaaaaaa…", False),
        ("ast_live_aaaaaaaaaaaa", False),
        ("aaaaaaaaaaaa", False),
        ("req-1", False),
    ],
)
def test_what_begins_like_a_key_and_is_no_hint_may_be_a_secret(text: str, is_one: bool) -> None:
    assert is_secret(text) == is_one


def test_every_action_can_be_named_and_is_found_by_its_route() -> None:
    assert {"customers.list", "customers.create", "api-keys.rotate", "read:customers"} <= set(scopes_by_name())
    assert [action_at(action.route, action.method) for action in actions()] == [action.name for action in actions()]
    assert (action_at("customers-list", "HEAD"), action_at("unknown", "GET")) == ("customers.list", "")


def test_every_kind_and_every_fault_has_its_advice() -> None:
    assert set(KINDS) == set(Kind)
    assert set(FAULTS) == set(KeyFault)
