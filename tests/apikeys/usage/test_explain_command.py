"""`explain_refusal`: one sentence or JSON, and no whole key among the arguments."""

import io
import json
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.apikeys.usage.conftest import flushed
from tests.callers import Caller

pytestmark = pytest.mark.usefixtures("counting")


def explain(*arguments: str) -> str:
    out = io.StringIO()
    call_command("explain_refusal", *arguments, stdout=out)
    return out.getvalue()


def explained(*arguments: str) -> Any:
    return json.loads(explain(*arguments, "--json"))


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_hint_is_explained_for_people(colleague: Caller) -> None:
    lines = explain(colleague.key.hint, "--action", "customers.create").splitlines()
    assert lines[0] == f"{colleague.key.hint} Test, of {colleague.organization}, is active."
    assert lines[4] == (
        "  Scopes (403): fails. For customers.create it lacks: write:customers. Give it those, or use another key."
    )
    assert lines[5].startswith("The API refuses: Scopes (403).")


def test_a_whole_key_comes_by_standard_input_and_is_shown_nowhere(owner: Caller, stdin: Any) -> None:
    stdin(f"{owner.text}\n")
    told = explained("--stdin", "--organization", str(owner.organization.id), "--action", "customers.list")
    assert (told["fails"], told["key"]["hint"], told["refusal"]) == (None, owner.key.hint, None)
    assert [check["passes"] for check in told["checks"]] == [True] * 4
    assert owner.text[21:] not in json.dumps(told)


def test_a_whole_key_is_typed_without_being_shown(owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda _: owner.text)
    assert explained("--stdin")["fails"] is None


def test_a_request_is_explained_as_json(owner: Caller) -> None:
    owner.get(query={"limt": 1}, headers={"x-request-id": "req-9"})
    flushed()
    told = explained("req-9")
    assert told["fails"] is None
    assert told["advice"].startswith("The request itself was at fault.")
    kept = told["refusal"]
    assert (kept["request_id"], kept["status"], kept["paths"], kept["is_proven"]) == ("req-9", 400, "limt", True)
    assert kept["at"].endswith("Z")


def test_a_request_is_explained_for_people(owner: Caller) -> None:
    owner.get(query={"limt": 1}, headers={"x-request-id": "req-9"})
    owner.get(headers={"x-request-id": "req-8", "x-api-key": "nonsense"})
    flushed()
    first, *_ = explain("req-9").splitlines()
    assert first.endswith("GET customers-list from 127.0.0.1: 400 Invalid query parameters (limt).")
    first, *_ = explain("req-8").splitlines()
    assert first.endswith("401 Invalid API key. The key: not the form of a key.")


@pytest.mark.parametrize(
    ("arguments", "typed", "message"),
    [
        ([], "", "Name a request id or a hint"),
        (["a", "--stdin"], "", "Name a request id or a hint"),
        (["--stdin"], " \n", "Standard input is empty"),
        (["--stdin"], "", "Standard input is empty"),
        (["ast_live_" + "a" * 50], "", "rotate it, and use --stdin"),
        (["ast_live_cut"], "", "rotate it, and use --stdin"),
        (["never-seen"], "", "No refusal with that request id"),
        (["a", "--organization", "x"], "", "--organization is no UUID"),
        (["a", "--action", "fly"], "", "There is no such action. Actions are customers.list"),
        (["a", "b"], "", "unrecognized arguments"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(db: None, stdin: Any, arguments: list[str], typed: str, message: str) -> None:
    stdin(typed)
    with pytest.raises(CommandError, match=message) as refusal:
        explain(*arguments)
    assert "aaaa" not in str(refusal.value)
