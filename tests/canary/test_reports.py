"""What operators are sent of an error, and what a process keeps in its own cache, hold no key."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.cache import caches
from django.db import connection
from django.utils.log import AdminEmailHandler
from pytest_django import Settings

from apikeys.keys import PlainKey
from tests.callers import Caller
from tests.canary.places import secret_of


@pytest.fixture
def _mailed(settings: Settings) -> Iterator[None]:
    """Have each error mailed, with the values of every variable on the way."""
    settings.ADMINS = [("Ops", "ops@example.com")]
    handler = AdminEmailHandler(include_html=True)
    handler.setLevel(logging.ERROR)
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)


@pytest.mark.usefixtures("_mailed")
@pytest.mark.parametrize("bearing", ["x-api-key", "Authorization"])
@pytest.mark.parametrize("table", ["apikeys_apikey", "customers_customer"])
def test_a_report_of_an_error_holds_no_key(owner: Caller, bearing: str, table: str) -> None:
    def fail(execute: Any, sql: str, *args: Any) -> Any:
        if f'FROM "{table}"' in sql:
            raise RuntimeError("broken")
        return execute(sql, *args)

    borne = {"x-api-key": None, bearing: f"Bearer {owner.text}" if bearing == "Authorization" else owner.text}
    with connection.execute_wrapper(fail):
        assert owner.get(headers=borne).status_code == 500
    reports = [str(each.message()) for each in mail.outbox]
    assert any("RuntimeError" in report for report in reports)
    assert not any(secret_of(owner.text) in report for report in reports)


def test_a_process_keeps_no_key_in_its_own_cache(owner: Caller) -> None:
    unknown = PlainKey.generate("live").text
    assert [owner.get().status_code, owner.get(headers={"x-api-key": unknown}).status_code] == [200, 401]
    kept = [str(vars(cache).get("_cache")) for cache in caches.all()]
    assert not any(secret_of(key) in text for key in (owner.text, unknown) for text in kept)
