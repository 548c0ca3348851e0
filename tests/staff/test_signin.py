"""Staff's sign-in: failures are counted by address and by name, and nobody else pays for them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from asteri.settings import cache as completed
from asteri.settings import env
from tests.callers import Caller

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"
REFUSED = "Too many failed sign-ins"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _staff(db: None) -> None:
    User.objects.create_superuser("staff", password="right")


def sign_in(name: str = "staff", password: str = "right", peer: str = HOME) -> Any:
    return Client().post("/admin/login/?next=/admin/", {"username": name, "password": password}, REMOTE_ADDR=peer)


def fail(times: int, name: str | None = None, peer: str = HOME) -> None:
    for number in range(times):
        assert REFUSED not in sign_in(name or f"nobody{number}", "wrong", peer).content.decode()


def test_ten_failures_of_an_address_refuse_the_right_password() -> None:
    fail(10)
    response = sign_in()
    assert (response.status_code, REFUSED in response.content.decode()) == (200, True)


def test_nine_failures_of_an_address_refuse_nobody() -> None:
    fail(9)
    assert sign_in().status_code == 302


def test_another_address_is_not_affected() -> None:
    fail(10)
    assert sign_in(peer=ELSEWHERE).status_code == 302


def test_five_failures_of_a_name_refuse_it_from_everywhere() -> None:
    fail(5, "staff")
    assert REFUSED in sign_in(peer=ELSEWHERE).content.decode()


@pytest.mark.parametrize("name", ["nobody", "staff"])
def test_a_name_is_refused_alike_whether_it_exists_or_not_and_however_it_is_written(name: str) -> None:
    fail(5, name)
    assert REFUSED in sign_in(name.upper(), "wrong").content.decode()


def test_sign_ins_that_succeed_are_not_counted() -> None:
    assert [sign_in().status_code for _ in range(12)] == [302] * 12


def test_a_minute_later_the_right_password_is_heard(clock: time_machine.Traveller) -> None:
    fail(5, "staff")
    clock.shift(61)
    assert sign_in().status_code == 302


def test_the_api_is_not_affected(owner: Caller) -> None:
    fail(10)
    assert owner.get(REMOTE_ADDR=HOME).status_code == 200


def test_without_redis_sign_in_goes_on_with_one_warning(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    out = completed(env.cache_url_config("redis://127.0.0.1:1/0"))
    settings.CACHES = {**settings.CACHES, "default": out}
    fail(11)
    assert sign_in().status_code == 302
    assert [record.levelname for record in caplog.records] == ["WARNING"]
