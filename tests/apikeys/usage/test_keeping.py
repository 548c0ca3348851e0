"""Refusals that are kept: who asked for what and why not, and nothing that the request held."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from apikeys.usage import gathering
from apikeys.usage.counting import count
from apikeys.usage.models import Batch, Hour, Refusal
from tests.apikeys.usage.conftest import exchange, flushed, refusals, spoilt
from tests.callers import Caller

pytestmark = pytest.mark.usefixtures("counting")


def test_a_refusal_says_who_asked_for_what_and_why_not(owner: Caller) -> None:
    owner.post({"email": "private", "phone": "x" * 999, "a key of mine!": 1}, headers={"x-request-id": "refused-7"})
    flushed()
    (kept,) = refusals()
    assert (kept.request_id, kept.public_id, kept.is_proven) == ("refused-7", owner.key.public_id, True)
    assert (kept.organization, kept.address) == (owner.organization, "127.0.0.1")
    assert (kept.method, kept.route, kept.status) == ("POST", "customers-list", 400)
    assert (kept.kind, kept.key_fault, kept.reason) == ("bad_request", "", "Invalid request payload")
    assert sorted(kept.paths.split(", ")) == ["(another)", "account_type", "email", "phone"]
    assert str(kept) == "400 refused-7"


@pytest.mark.parametrize(
    ("spoil", "fault", "is_claimed"),
    [
        (lambda _: None, "missing", False),
        (lambda _: "nonsense", "malformed", False),
        (lambda text: text[:-1] + "!", "malformed", False),
        (lambda text: text[:30] + text[30:].swapcase(), "checksum", False),
        (spoilt, "wrong", True),
        (lambda text: spoilt("ast_live_000000000000" + text[21:]), "unknown", True),
    ],
    ids=["missing", "malformed", "cut", "checksum", "wrong", "unknown"],
)
def test_a_key_that_is_not_valid_is_kept_as_what_it_claims_to_be(
    owner: Caller, spoil: Callable[[str], str | None], fault: str, is_claimed: bool
) -> None:
    text = spoil(owner.text)
    assert owner.get(headers={"x-api-key": text}).status_code == 401
    flushed()
    (kept,) = refusals()
    claimed = text[9:21] if text and is_claimed else ""
    assert (kept.kind, kept.key_fault, kept.public_id, kept.is_proven) == ("key", fault, claimed, False)
    assert (kept.organization, kept.reason) == (None, "Invalid API key")


def test_an_ended_key_is_kept_with_what_ended_it(owner: Caller) -> None:
    owner.key.revoke()
    owner.get()
    flushed()
    (kept,) = refusals()
    assert (kept.key_fault, kept.public_id, kept.is_proven) == ("revoked", owner.key.public_id, False)


def test_guessing_is_kept_as_guessing(owner: Caller, settings: Settings) -> None:
    settings.FAILED_AUTH_PER_MINUTE = 1
    for _ in range(2):
        owner.get(headers={"x-api-key": "nonsense"})
    flushed()
    assert [(kept.kind, kept.status) for kept in refusals()] == [("key", 401), ("address", 429)]


@pytest.mark.parametrize("path", ["/metrics", "/nowhere", "/admin/nowhere/"])
def test_refusals_of_other_pages_are_not_kept(owner: Caller, path: str) -> None:
    assert owner.get(path).status_code in (302, 404)
    flushed()
    assert refusals() == []


def test_no_key_and_no_value_stands_in_what_is_kept(owner: Caller) -> None:
    owner.get(query={"email": "private@example.com", owner.text: "x"})
    owner.get(headers={"x-api-key": owner.text[:-1] + "!"})
    flushed()
    kept = str(list(Refusal.objects.values()))
    assert owner.text[21:50] not in kept
    assert "private" not in kept


def test_a_flood_is_kept_in_part_and_counted_whole(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_REFUSALS", 12)
    monkeypatch.setattr(gathering, "MOST_UNPROVEN", 6)
    monkeypatch.setattr(gathering, "MOST_OF_ONE", 5)
    for _ in range(8):
        count(exchange("a", 404))
    for number in range(8):
        count(exchange(None, 401, address=f"192.0.2.{number}"))
        count(exchange(f"b{number}", 404))
    flushed()
    whose = [kept.public_id for kept in refusals()]
    assert (whose.count("a"), len(whose)) == (5, 12)
    assert Batch.objects.get().left_out == 12
    assert Hour.objects.get(public_id="a").not_found == 8
    count(exchange("a", 404))
    flushed()
    assert len(refusals()) == 13
