"""Texts at well-known paths: llms.txt and security.txt."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from asteri.api.document import contract
from asteri.settings import Environment

LLMS, SECURITY = "/llms.txt", "/.well-known/security.txt"
CONTACTS = ["mailto:security@example.com", "https://example.com/security"]


@pytest.fixture(autouse=True)
def _contacts(settings: Settings) -> None:
    settings.SECURITY_CONTACT = CONTACTS


def text(path: str, **headers: str) -> str:
    response = Client().get(path, headers=headers)
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    return response.content.decode()


def test_llms_txt_lists_every_operation_with_its_scopes() -> None:
    listed = re.findall(r"^- `(\w+) (\S+)` \((.+)\): .+$", text(LLMS), re.MULTILINE)
    assert listed == [
        (method.upper(), path, ", ".join(about["x-required-scopes"]) or "any valid key")
        for path, methods in contract()["paths"].items()
        for method, about in methods.items()
    ]


def test_llms_txt_leads_to_the_document_on_the_host_that_was_asked() -> None:
    assert "(http://localhost:3000/api/public/v1/openapi.json)" in text(LLMS, host="localhost:3000")


def test_llms_txt_is_written_in_markdown_and_escapes_nothing() -> None:
    assert text(LLMS).startswith("# Asteri public API\n\n> ")
    assert not re.search(r"&\w+;", text(LLMS))


@time_machine.travel(datetime(2026, 3, 23, 12, 0, 18, tzinfo=UTC), tick=False)
def test_security_txt_says_whom_to_tell_and_how_long_that_is_good() -> None:
    assert text(SECURITY, host="localhost:3000").splitlines() == [
        "Contact: mailto:security@example.com",
        "Contact: https://example.com/security",
        "Expires: 2026-06-21T00:00:00Z",
        "Preferred-Languages: en",
        "Canonical: http://localhost:3000/.well-known/security.txt",
    ]


def test_security_txt_is_not_there_where_nobody_is_named(settings: Settings) -> None:
    settings.SECURITY_CONTACT = []
    assert Client().get(SECURITY).status_code == 404


@pytest.mark.parametrize("path", [LLMS, SECURITY])
def test_a_text_may_be_kept_and_sets_no_cookie(path: str) -> None:
    response = Client().get(path)
    assert response["Cache-Control"] == "public, max-age=3600"
    assert "Set-Cookie" not in response
    assert "Vary" not in response


@pytest.mark.parametrize("path", [LLMS, SECURITY])
def test_head_says_how_long_a_text_is(path: str) -> None:
    response = Client().head(path)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(Client().get(path).content))


@pytest.mark.parametrize("path", [LLMS, SECURITY])
@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_a_text_can_only_be_read(path: str, method: str) -> None:
    response = Client().generic(method, path)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", [LLMS, SECURITY])
def test_a_text_is_not_for_another_host(path: str) -> None:
    assert Client().get(path, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("given", "contacts"),
    [("", []), (" , ", []), (", ".join(CONTACTS), CONTACTS), ("tel:+1-404-555-0128", ["tel:+1-404-555-0128"])],
)
def test_contacts_stand_in_the_environment_with_commas_between(
    monkeypatch: pytest.MonkeyPatch, given: str, contacts: list[str]
) -> None:
    monkeypatch.setattr(Environment, "ENVIRON", {"SECURITY_CONTACT": given})
    assert Environment().contacts("SECURITY_CONTACT") == contacts


@pytest.mark.parametrize("given", ["security@example.com", "http://example.com", "mailto:a@example.com, b@example.com"])
def test_a_contact_that_nobody_could_follow_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setattr(Environment, "ENVIRON", {"SECURITY_CONTACT": given})
    with pytest.raises(ImproperlyConfigured, match="SECURITY_CONTACT must hold addresses that begin with"):
        Environment().contacts("SECURITY_CONTACT")
