"""Two staff users at once, or one who clicks twice: one of them is told what the other has done."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from apikeys.models import ApiKey
from tests.callers import Caller
from tests.factories import make_organization

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/apikeys/apikey/"


@contextmanager
def meanwhile(act: Callable[[], object], *, after: str) -> Iterator[None]:
    """Have something done on another connection, once, right after the first statement that holds a text."""
    acts = [act]

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if after in sql and acts:
            elsewhere(acts.pop())
        return result

    with connection.execute_wrapper(watch):
        yield
    assert not acts


def elsewhere(act: Callable[[], object]) -> None:
    def work() -> None:
        act()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_form_that_is_sent_twice_at_once_makes_one_key(admin_client: Client) -> None:
    organization, key_id = make_organization(), uuid.uuid4()
    form = {"organization": organization.pk, "name": "CRM", "per_minute": 60, "lifetime": "365", "key_id": key_id}
    first = lambda: Caller.of(organization, id=key_id, name="CRM")  # noqa: E731 - what the other click comes to.
    with meanwhile(first, after='FROM "apikeys_apikey"'):
        response = admin_client.post(f"{LIST}add/", form, follow=True)
    assert response.redirect_chain == [(f"{LIST}{key_id}/change/", 302)]
    assert "This form has made" in response.content.decode()
    assert ApiKey.objects.count() == 1


def test_a_user_who_is_deleted_meanwhile_makes_nothing(admin_client: Client) -> None:
    form = {"organization": make_organization().pk, "name": "CRM", "per_minute": 60, "lifetime": "365"}
    with meanwhile(User.objects.all().delete, after='FROM "auth_user"'):
        response = admin_client.post(f"{LIST}add/", {**form, "key_id": uuid.uuid4()})
    assert response.headers["Location"] == f"{LIST}add/"
    assert not ApiKey.objects.exists()


def test_a_key_is_rotated_by_whoever_comes_first(admin_client: Client, transactional_db: None) -> None:
    key = Caller.of(make_organization()).key
    other = lambda: ApiKey.objects.get(pk=key.pk).rotate(timedelta(hours=1))  # noqa: E731 - the other user.
    with meanwhile(other, after='"replaces_id" ='):
        response = admin_client.post(f"{LIST}{key.pk}/rotate/", {"grace": "0", "lifetime": "same"}, follow=True)
    assert "is grace and can&#x27;t be rotated" in response.content.decode()
    assert ApiKey.objects.count() == 2


def test_a_key_that_another_revokes_is_not_brought_back_by_a_change(admin_client: Client) -> None:
    key = Caller.of(make_organization()).key
    form = {"name": "Renamed", "per_minute": 60, "scopes": []}
    with meanwhile(lambda: ApiKey.objects.get(pk=key.pk).revoke(), after='FROM "auth_user"'):
        response = admin_client.post(f"{LIST}{key.pk}/change/", form, follow=True)
    assert "nothing of it can be changed any more" in response.content.decode()
    key.refresh_from_db()
    assert (key.name, key.state) == ("Test", "revoked")
