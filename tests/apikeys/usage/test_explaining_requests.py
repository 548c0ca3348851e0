"""Explaining requests: what was kept of one, and how its key stands now."""

from typing import Any

import pytest
from django.utils import timezone

from apikeys.models import ApiKey
from apikeys.usage.advice import KINDS
from apikeys.usage.explaining import Explanation, explain
from apikeys.usage.kinds import Kind
from apikeys.usage.models import Batch, Refusal
from apikeys.usage.subjects import UnknownError
from tests.apikeys.usage.conftest import failing, flushed, outcomes, spoilt
from tests.callers import Caller

pytestmark = pytest.mark.usefixtures("counting")


def refused(owner: Caller, **query: Any) -> Explanation:
    owner.get(query=query, headers={"x-request-id": "req-1"})
    flushed()
    return explain("req-1")


def test_a_request_is_explained_by_what_was_kept_and_by_how_its_key_stands_now(owner: Caller) -> None:
    explanation = refused(owner, limt=1)
    assert explanation.refusal
    assert (explanation.refusal.paths, explanation.then) == ("limt", KINDS[Kind.BAD_REQUEST])
    assert (failing(explanation), outcomes(explanation)["scope"]) == (None, True)
    ApiKey.objects.filter(pk=owner.key.pk).update(scopes=[])
    assert failing(explain("req-1")) == "scope"
    owner.key.revoke()
    assert failing(explain("req-1")) == "key"


def test_of_a_request_id_that_was_used_twice_the_last_counts(owner: Caller) -> None:
    refused(owner, limt=1)
    assert refused(owner, limit=0).then == KINDS[Kind.BAD_REQUEST]
    kept = explain("req-1").refusal
    assert kept
    assert kept.paths == "limit"


@pytest.mark.parametrize(
    ("spoil", "checks"),
    [
        (lambda _: None, ["key"]),
        (lambda text: text[:-1] + "!", ["key"]),
        (spoilt, ["key", "limit", "organization", "scope"]),
    ],
)
def test_a_request_without_a_valid_key_fails_at_it(owner: Caller, spoil: Any, checks: list[str]) -> None:
    owner.get(headers={"x-api-key": spoil(owner.text), "x-request-id": "req-2"})
    flushed()
    explanation = explain("req-2")
    assert (failing(explanation), list(outcomes(explanation))) == ("key", checks)


def test_an_organization_that_works_again_is_judged_anew(owner: Caller) -> None:
    owner.organization.suspend()
    explanation = refused(owner)
    assert failing(explanation) == "organization"
    owner.organization.reactivate()
    assert failing(explain("req-1")) is None


def test_a_request_that_came_to_no_key_has_none_to_look_at(db: None) -> None:
    Refusal.objects.create(at=timezone.now(), request_id="req-3", status=503, kind="failed", reason="Failed")
    explanation = explain("req-3")
    assert (explanation.findings, explanation.then) == ([], KINDS[Kind.FAILED])
    assert explanation.now == "It never came to a key, so there is none to look at."


def test_a_key_that_is_gone_is_unknown_now(db: None) -> None:
    Refusal.objects.create(at=timezone.now(), request_id="r", public_id="a" * 12, is_proven=True, status=404)
    assert failing(explain("r")) == "key"


def test_a_request_that_is_not_kept_is_told_why_it_may_not_be(db: None) -> None:
    with pytest.raises(UnknownError, match=r"^No refusal with that request id is kept") as refusal:
        explain("never-seen")
    assert "never-seen" not in str(refusal.value)
    Batch.objects.create(at=timezone.now(), left_out=1_234)
    with pytest.raises(UnknownError, match="1,234 were too many at once"):
        explain("never-seen")
