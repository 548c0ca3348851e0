"""Scopes: each opens its own actions and no other, and an action that names none is closed."""

import json
from typing import Any, ClassVar, cast

import pytest
from django.core import serializers
from django.core.checks import run_checks
from django.db import connection
from django.http import HttpResponse
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apikeys.models import ApiKey
from apikeys.scopes import Scope, ScopesField, parse
from asteri.api.renderers import json_response
from asteri.api.viewsets import PublicViewSet
from tests.callers import CUSTOMERS, ROOT, Caller
from tests.factories import make_customer, make_organization

BODY = {"account_type": "business", "email": "ops@example.com", "phone": "+1-404-555-0128"}
ACTIONS = {
    "list": ("GET", "", None, Scope.READ_CUSTOMERS, 200),
    "head": ("HEAD", "", None, Scope.READ_CUSTOMERS, 200),
    "create": ("POST", "", BODY, Scope.WRITE_CUSTOMERS, 201),
    "retrieve": ("GET", "/{id}", None, Scope.READ_CUSTOMERS, 200),
}


class Forgetful(PublicViewSet):
    """Names no scope for its list."""

    scopes: ClassVar = {"create": ()}

    def list(self, request: Any) -> HttpResponse:
        return json_response({"data": []})

    def create(self, request: Any) -> HttpResponse:
        return json_response({"data": None})


class Demanding(PublicViewSet):
    """Needs two scopes at once."""

    scopes: ClassVar = {"list": (Scope.WRITE_API_KEYS, Scope.READ_CUSTOMERS)}

    def list(self, request: Any) -> HttpResponse:
        return json_response({"data": []})


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("forgetful", Forgetful, basename="forgetful")
router.register("demanding", Demanding, basename="demanding")
urlpatterns = [path("api/public/v1/", include(router.urls))]
in_this_house = pytest.mark.urls("tests.apikeys.test_scopes")


def refusal(*missing: str) -> tuple[int, Any]:
    return 403, {"error": "API key missing required scopes", "missingScopes": list(missing)}


def perform(caller: Caller, action: str) -> Any:
    method, tail, body, *_ = ACTIONS[action]
    url = CUSTOMERS + tail.format(id=make_customer(caller.organization).id)
    return caller.send(method, url, data=json.dumps(body) if body else "", content_type="application/json")


@pytest.mark.parametrize("action", ACTIONS)
def test_the_one_scope_that_an_action_needs_opens_it(db: None, action: str) -> None:
    *_, needed, status = ACTIONS[action]
    caller = Caller.of(make_organization(), scopes=[needed])
    assert perform(caller, action).status_code == status


@pytest.mark.parametrize("action", ["list", "create", "retrieve"])
@pytest.mark.parametrize("scope", Scope)
def test_no_scope_implies_another(db: None, scope: Scope, action: str) -> None:
    *_, needed, status = ACTIONS[action]
    response = perform(Caller.of(make_organization(), scopes=[scope]), action)
    expected = (status, None) if scope == needed else refusal(needed)
    assert (response.status_code, response.json() if response.status_code == 403 else None) == expected


@pytest.mark.parametrize("action", ["list", "create", "retrieve"])
def test_all_the_other_scopes_together_do_not_open_it(db: None, action: str) -> None:
    needed = ACTIONS[action][3]
    caller = Caller.of(make_organization(), scopes=[scope for scope in Scope if scope != needed])
    response = perform(caller, action)
    assert (response.status_code, response.json()) == refusal(needed)


@pytest.mark.parametrize("action", ["list", "create", "retrieve"])
def test_a_key_without_scopes_may_do_nothing(db: None, action: str) -> None:
    response = perform(Caller.of(make_organization(), scopes=[]), action)
    assert (response.status_code, response.json()) == refusal(ACTIONS[action][3])


def test_a_refused_create_stores_nothing(colleague: Caller) -> None:
    assert colleague.post(BODY).status_code == 403
    assert not colleague.organization.customers.exists()


def test_a_method_that_the_route_does_not_have_needs_no_scope_to_be_refused(db: None) -> None:
    response = Caller.of(make_organization(), scopes=[]).send("PUT", CUSTOMERS)
    assert (response.status_code, response.json()) == (405, {"error": "Method not allowed"})


@in_this_house
def test_an_action_that_names_no_scope_is_refused_to_every_key(owner: Caller) -> None:
    response = owner.get(f"{ROOT}/forgetful")
    assert (response.status_code, response.json()) == refusal()


@in_this_house
def test_an_action_that_names_the_empty_set_is_open_to_every_key(db: None) -> None:
    caller = Caller.of(make_organization(), scopes=[])
    assert caller.post({}, f"{ROOT}/forgetful").status_code == 200


@in_this_house
def test_only_the_scopes_that_are_missing_are_named(db: None) -> None:
    response = Caller.of(make_organization(), scopes=["read:customers"]).get(f"{ROOT}/demanding")
    assert (response.status_code, response.json()) == refusal("write:api_keys")


@in_this_house
def test_every_missing_scope_is_named(db: None) -> None:
    response = Caller.of(make_organization(), scopes=["write:customers"]).get(f"{ROOT}/demanding")
    assert (response.status_code, response.json()) == refusal("write:api_keys", "read:customers")


@in_this_house
def test_both_of_two_scopes_open_what_needs_both(db: None) -> None:
    caller = Caller.of(make_organization(), scopes=["write:api_keys", "read:customers"])
    assert caller.get(f"{ROOT}/demanding").status_code == 200


@in_this_house
def test_the_check_finds_the_action_that_names_no_scope() -> None:
    found = [message.msg for message in run_checks() if message.id == "asteri.E005"]
    assert found == ["Forgetful.list names no scope, so every key is refused."]


def test_every_action_of_the_product_names_its_scopes() -> None:
    assert [message for message in run_checks() if message.id == "asteri.E005"] == []


def stored_scopes(caller: Caller) -> list[Scope]:
    return cast(list[Scope], ApiKey.objects.get(pk=caller.key.pk).scopes)


@pytest.mark.parametrize("scopes", [[], [Scope.READ_CUSTOMERS], list(Scope)])
def test_scopes_come_back_from_the_database(db: None, scopes: list[Scope]) -> None:
    caller = Caller.of(make_organization(), scopes=scopes)
    assert stored_scopes(caller) == scopes


def test_scopes_are_kept_once_and_in_their_own_order(db: None) -> None:
    caller = Caller.of(make_organization(), scopes=["write:api_keys", "read:customers", "write:api_keys"])
    assert stored_scopes(caller) == [Scope.READ_CUSTOMERS, Scope.WRITE_API_KEYS]


def test_a_scope_that_this_release_does_not_know_is_not_granted(owner: Caller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE apikeys_apikey SET scopes = 'read:everything write:customers'")
    assert stored_scopes(owner) == [Scope.WRITE_CUSTOMERS]
    assert owner.get().status_code == 403


def test_the_longest_set_of_scopes_fits_its_column() -> None:
    assert len(" ".join(Scope.values)) <= (ScopesField().max_length or 0)


def test_scopes_survive_a_dump_and_a_load(owner: Caller, colleague: Caller) -> None:
    dump = serializers.serialize("json", [colleague.key])
    assert json.loads(dump)[0]["fields"]["scopes"] == "read:customers"
    colleague.key.delete()
    next(iter(serializers.deserialize("json", dump))).save()
    assert colleague.get().status_code == 200


def test_the_column_writes_nothing_for_none() -> None:
    assert ScopesField().get_prep_value(None) == ""


def test_parse_answers_each_scope_once_in_their_own_order() -> None:
    names = iter(["write:customers", "read:customers", "write:customers"])
    assert parse(names) == [Scope.READ_CUSTOMERS, Scope.WRITE_CUSTOMERS]


def test_parse_names_every_scope_that_it_does_not_know() -> None:
    with pytest.raises(ValueError, match=r"^Unknown scope: admin, read:\*\. Scopes are read:customers, "):
        parse(["read:customers", "read:*", "admin"])


@pytest.mark.parametrize("name", ["", "READ:CUSTOMERS", "read:customers ", "read", "customers"])
def test_parse_takes_a_scope_to_the_letter(name: str) -> None:
    with pytest.raises(ValueError, match=r"^Unknown scope: "):
        parse([name])
