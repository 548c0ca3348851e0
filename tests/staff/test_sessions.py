"""Staff's sessions, and what every page's headers say."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from tests.callers import Caller, client

HOME = "/admin/"
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 1, 1, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def test_a_session_ends_after_an_hour_of_idleness(clock: time_machine.Traveller, support: Client) -> None:
    for _ in range(3):
        clock.shift(59 * 60)
        assert support.get(HOME).status_code == 200
    clock.shift(61 * 60)
    assert support.get(HOME).status_code == 302


def test_its_cookie_goes_to_the_admin_alone_and_no_script_reads_it(support: Client) -> None:
    cookie = support.get(HOME).cookies["sessionid"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == ("/admin/", True, "Lax", 3600)


def test_no_message_is_kept_in_a_cookie(operations: Client) -> None:
    operations.get("/admin/customers/customer/nobody/change/")
    assert set(operations.cookies) == {"sessionid"}


def test_the_api_and_the_developers_pages_touch_no_session(owner: Caller, support: Client) -> None:
    before = list(Session.objects.values())
    response = owner.get(headers={"cookie": f"sessionid={support.cookies['sessionid'].value}"})
    assert response.status_code == 200
    assert not response.cookies
    assert not client().get("/developers").cookies
    assert list(Session.objects.values()) == before


@pytest.mark.parametrize("path", [HOME, "/admin/login/", "/admin/nowhere/", "/", "/developers", "/nowhere"])
def test_every_page_comes_under_the_policy(support: Client, path: str) -> None:
    headers = support.get(path).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_pages_that_debug_are_left_as_they_are(settings: Settings, support: Client) -> None:
    settings.DEBUG = True
    assert "Content-Security-Policy" not in support.get("/admin/nowhere/").headers
    assert "Content-Security-Policy" in support.get(HOME).headers


def test_a_form_without_its_token_is_refused_on_a_page_of_ours(operations: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operations.cookies
    answer = strict.post(f"{HOME}customers/customer/add/", {})
    assert answer.status_code == 403
    assert "The form was not taken" in answer.content.decode()
    assert "<style" not in answer.content.decode()


def test_what_a_role_may_not_do_is_refused_on_a_page_of_ours(support: Client) -> None:
    answer = support.get(f"{HOME}customers/customer/add/")
    assert answer.status_code == 403
    assert "Back to the dashboard" in answer.content.decode()
