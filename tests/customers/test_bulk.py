"""POST /api/public/v1/customers/bulk."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from customers.models import Customer
from tests.callers import CUSTOMERS, Caller, issues
from tests.customers.test_idempotency import refused_inserts
from tests.factories import make_customer

BULK = f"{CUSTOMERS}/bulk"
NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
BODY = {"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"}
EMAIL_TAKEN = {"error": "Customer email already exists in this organization", "field": "email"}
MIB = 1024 * 1024


def item(number: int, **fields: Any) -> dict[str, Any]:
    return {**BODY, "email": f"ops-{number}@harbor.example", **fields}


def items(count: int) -> list[dict[str, Any]]:
    return [item(number) for number in range(count)]


def post(caller: Caller, sent: Any, **kwargs: Any) -> Any:
    return caller.post({"customers": sent}, BULK, **kwargs)


def results(caller: Caller, *sent: Any) -> list[dict[str, Any]]:
    response = post(caller, list(sent))
    assert response.status_code == 200, response.content
    answered: list[dict[str, Any]] = response.json()["data"]
    return answered


def invalid(path: str, message: str) -> dict[str, Any]:
    return {"error": "Invalid request payload", "issues": [{"path": path, "message": message}]}


def remaining(response: Any) -> str:
    """Answer what is left in the minute, as the headers say it."""
    return str(response["RateLimit"].split(";")[1])


@pytest.mark.parametrize("count", [1, 2, 100])
def test_stores_every_item_and_answers_in_order(owner: Caller, count: int) -> None:
    answered = results(owner, *items(count))
    assert [result["status"] for result in answered] == [201] * count
    assert [result["data"]["email"] for result in answered] == [body["email"] for body in items(count)]
    assert Customer.objects.of(owner.organization).count() == count


def test_a_result_holds_the_customer_that_retrieve_answers(owner: Caller) -> None:
    (result,) = results(owner, item(0, first_name=" Nora ", external_id="crm-1"))
    assert list(result) == ["status", "data"]
    assert result["data"] == owner.get(f"{CUSTOMERS}/{result['data']['id']}").json()["data"]


@pytest.mark.parametrize("sent", [[], items(101), {}, {"0": BODY}, "x", None, 1, True], ids=lambda sent: str(sent)[:20])
def test_refuses_what_is_no_list_of_1_to_100(owner: Caller, sent: Any) -> None:
    response = post(owner, sent)
    assert (response.status_code, response.json()) == (400, invalid("customers", "Must be a list of 1 to 100"))
    assert not Customer.objects.exists()


def test_refuses_a_body_without_items(owner: Caller) -> None:
    response = owner.post({}, BULK)
    assert (response.status_code, response.json()) == (400, invalid("customers", "Required"))


def test_refuses_a_field_that_it_does_not_know(owner: Caller) -> None:
    response = owner.post({"customers": items(1), "mode": "fast"}, BULK)
    assert (response.status_code, response.json()) == (400, invalid("mode", "Unknown field"))
    assert not Customer.objects.exists()


def test_names_all_faults_of_the_body_at_once(owner: Caller) -> None:
    response = owner.post({"mode": "fast", "customer": []}, BULK)
    assert issues(response) == {"customers": "Required", "mode": "Unknown field", "customer": "Unknown field"}


def test_refuses_a_bare_list(owner: Caller) -> None:
    response = owner.post(items(1), BULK)
    assert (response.status_code, response.json()) == (400, invalid("", "Must be an object"))


@pytest.mark.parametrize("bad", [None, 1, "x", [], [BODY], True], ids=repr)
def test_an_item_that_is_no_object_spoils_itself_alone(owner: Caller, bad: Any) -> None:
    first, second = results(owner, bad, item(1))
    assert first == {"status": 400, **invalid("", "Must be an object")}
    assert second["status"] == 201


def test_each_item_is_answered_as_its_own_request_would_be(owner: Caller) -> None:
    holder = make_customer(owner.organization, email="ops-1@harbor.example")
    answered = results(owner, item(0), item(1), item(2, phone="12"), item(3))
    location = f"{CUSTOMERS}/{holder.pk}"
    assert [result["status"] for result in answered] == [201, 409, 400, 201]
    assert answered[1] == {"status": 409, **EMAIL_TAKEN, "location": location}
    assert answered[2] == {"status": 400, **invalid("phone", "Invalid phone number")}


def test_all_faults_of_an_item_are_named(owner: Caller) -> None:
    (result,) = results(owner, {"nickname": "Nora", "first_name": None})
    messages = {issue["path"]: issue["message"] for issue in result["issues"]}
    assert messages == {
        **dict.fromkeys(("account_type", "email", "phone"), "Required"),
        "first_name": "Must be a string",
        "nickname": "Unknown field",
    }


def test_a_key_that_may_not_read_is_led_to_no_holder(owner: Caller) -> None:
    make_customer(owner.organization, email="ops-0@harbor.example")
    writer = Caller.of(owner.organization, scopes=["write:customers"])
    assert results(writer, item(0)) == [{"status": 409, **EMAIL_TAKEN}]


def test_a_taken_external_id_is_told_apart_from_a_taken_email(owner: Caller) -> None:
    holder = make_customer(owner.organization, external_id="crm-1")
    (result,) = results(owner, item(0, external_id="crm-1"))
    error = "Customer external_id already exists in this organization"
    location = f"{CUSTOMERS}/{holder.pk}"
    assert result == {"status": 409, "error": error, "field": "external_id", "location": location}


def test_of_two_equal_items_the_second_meets_the_first(owner: Caller) -> None:
    first, second = results(owner, item(0), item(0, email="OPS-0@Harbor.Example"))
    assert first["status"] == 201
    assert second == {"status": 409, **EMAIL_TAKEN, "location": f"{CUSTOMERS}/{first['data']['id']}"}


def test_a_bulk_of_refusals_is_still_answered_item_by_item(owner: Caller) -> None:
    assert [result["status"] for result in results(owner, {}, {}, None)] == [400, 400, 400]
    assert not Customer.objects.exists()


def test_items_go_to_the_organization_of_the_key(owner: Caller, outsider: Caller) -> None:
    make_customer(outsider.organization, email="ops-0@harbor.example")
    (result,) = results(owner, item(0))
    assert result["data"]["organization_id"] == str(owner.organization.pk)


def padded(length: int) -> bytes:
    return json.dumps({"customers": items(2)}).encode().ljust(length)


def test_takes_a_body_of_1_mib(owner: Caller) -> None:
    assert owner.post(padded(MIB), BULK).status_code == 200


def test_refuses_a_body_beyond_1_mib(owner: Caller) -> None:
    response = owner.post(padded(MIB + 1), BULK)
    assert (response.status_code, response.json()) == (400, invalid("", "Must be at most 1024 KiB"))
    assert not Customer.objects.exists()


def test_no_other_route_takes_as_much(owner: Caller) -> None:
    response = owner.post(json.dumps(BODY).encode().ljust(64 * 1024 + 1))
    assert (response.status_code, response.json()) == (400, invalid("", "Must be at most 64 KiB"))


@pytest.mark.parametrize(("count", "cost"), [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3), (100, 10)])
def test_every_ten_items_count_as_one_request(owner: Caller, count: int, cost: int) -> None:
    caller = Caller.of(owner.organization, per_minute=60, per_hour=100)
    with time_machine.travel(NOON, tick=False):
        response = post(caller, items(count))
    assert response["RateLimit"] == f'"minute";r={60 - cost};t=60, "hour";r={100 - cost};t=3600'
    assert response["RateLimit-Policy"] == '"minute";q=60;w=60, "hour";q=100;w=3600'


def test_refused_items_count_as_well(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        response = post(Caller.of(owner.organization, per_minute=60), [{}] * 11)
    assert remaining(response) == "r=58"


def test_a_bulk_that_just_fits_is_carried_out(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        response = post(Caller.of(owner.organization, per_minute=10), items(100))
    assert (response.status_code, remaining(response)) == (200, "r=0")


def test_a_bulk_that_does_not_fit_is_429_and_takes_one_requests_room(owner: Caller) -> None:
    caller = Caller.of(owner.organization, per_minute=5)
    with time_machine.travel(NOON, tick=False):
        response = post(caller, items(100))
        expected = {"error": "API key minute rate limit exceeded", "limit": 5, "window": "minute"}
        assert (response.status_code, response.json(), response["Retry-After"]) == (429, expected, "60")
        assert [remaining(response), remaining(post(caller, items(11)))] == ["r=4", "r=2"]
    assert Customer.objects.count() == 11


def test_a_window_that_is_full_takes_nothing_from_those_behind_it(owner: Caller) -> None:
    caller = Caller.of(owner.organization, per_minute=5, per_hour=50)
    with time_machine.travel(NOON, tick=False):
        assert post(caller, items(100)).status_code == 429
        assert caller.get()["RateLimit"] == '"minute";r=3;t=60, "hour";r=48;t=3600'


def test_a_later_window_without_room_is_named(owner: Caller) -> None:
    caller = Caller.of(owner.organization, per_minute=50, per_hour=5)
    with time_machine.travel(NOON, tick=False):
        response = post(caller, items(100))
    expected = {"error": "API key hour rate limit exceeded", "limit": 5, "window": "hour"}
    assert (response.status_code, response.json(), response["Retry-After"]) == (429, expected, "3600")
    assert not Customer.objects.exists()


@pytest.mark.parametrize("size", [100, 11])
def test_a_later_window_without_room_gives_back_what_the_earlier_ones_have_counted(owner: Caller, size: int) -> None:
    caller = Caller.of(owner.organization, per_minute=50, per_hour=20, per_day=1)
    with time_machine.travel(NOON, tick=False):
        assert post(caller, items(size))["RateLimit"] == '"minute";r=49;t=60, "hour";r=19;t=3600, "day";r=0;t=43200'


def test_a_malformed_bulk_costs_one_request(owner: Caller) -> None:
    with time_machine.travel(NOON, tick=False):
        response = post(Caller.of(owner.organization, per_minute=60), items(101))
    assert (response.status_code, remaining(response)) == (400, "r=59")


def test_an_idempotency_key_stands_for_the_whole(owner: Caller) -> None:
    headers = {"Idempotency-Key": "k"}
    first = post(owner, [item(0), {}], headers=headers)
    again = post(owner, [item(0), {}], headers=headers)
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (200, first.content, "true")
    assert Customer.objects.count() == 1


def test_an_idempotency_key_of_another_bulk_is_422(owner: Caller) -> None:
    headers = {"Idempotency-Key": "k"}
    post(owner, items(2), headers=headers)
    assert post(owner, items(3), headers=headers).status_code == 422
    assert Customer.objects.count() == 2


def test_a_failure_in_the_middle_leaves_none_of_them(owner: Caller) -> None:
    with refused_inserts("customers_customer", "NEW.email = 'ops-2@harbor.example'"):
        assert post(owner, items(4)).status_code == 500
        assert not Customer.objects.exists()
    assert len(results(owner, *items(4))) == 4
    assert len(owner.get(f"{CUSTOMERS}/changes").json()["data"]) == 4


def test_a_key_that_may_only_read_stores_nothing(colleague: Caller) -> None:
    response = post(colleague, items(1))
    expected = {"error": "API key missing required scopes", "missingScopes": ["write:customers"]}
    assert (response.status_code, response.json()) == (403, expected)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_the_route_takes_nothing_but_post(owner: Caller, method: str) -> None:
    response = owner.send(method, BULK)
    assert (response.status_code, response["Allow"]) == (405, "POST")
