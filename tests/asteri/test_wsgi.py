"""The WSGI application: what it hands over itself under /api/, and what it leaves to Django."""

import gc
import io
from typing import Any

import pytest
from django.urls import reverse
from django.urls.base import get_script_prefix, set_script_prefix

from asteri.api.request import ApiRequest
from asteri.wsgi import application
from customers.models import Customer
from customers.views import CustomerViewSet
from tests.callers import CUSTOMERS, ROOT, Caller
from tests.factories import make_customer

pytestmark = pytest.mark.django_db(transaction=True)  # in one of its own a connection would be taken for a broken one


def ask(path: str, query: str = "", method: str = "GET", **meta: str) -> tuple[str, dict[str, str], bytes]:
    """Answer status, headers and body of the application's answer, as a server gets them."""
    told: list[Any] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
        **meta,
    }
    body = b"".join(application(environ, lambda status, headers: told.extend((status, dict(headers)))))
    return told[0], told[1], body


def of(caller: Caller) -> dict[str, str]:
    return {"HTTP_X_API_KEY": caller.text, "HTTP_X_ORGANIZATION_ID": str(caller.organization.pk)}


def at_work() -> list[Any]:
    """Answer the requests and views that there are."""
    return [thing for thing in gc.get_objects() if isinstance(thing, ApiRequest | CustomerViewSet)]


def test_an_answer_of_the_api_is_one_piece_with_its_length(owner: Caller) -> None:
    customer = make_customer(owner.organization)
    status, headers, body = ask(f"{CUSTOMERS}/{customer.pk}", **of(owner))
    assert (status, headers["ETag"], int(headers["Content-Length"])) == ("200 OK", '"1"', len(body))


def test_a_head_is_answered_without_a_body(owner: Caller) -> None:
    status, headers, body = ask(CUSTOMERS, method="HEAD", **of(owner))
    assert (status, int(headers["Content-Length"]) > 0, body) == ("200 OK", True, b"")


def test_the_query_string_is_read(owner: Caller) -> None:
    assert ask(CUSTOMERS, "limit=0", **of(owner))[0] == "400 Bad Request"


@pytest.mark.parametrize(("path", "status"), [("/healthz", "200 OK"), ("/api", "404 Not Found")])
def test_what_is_not_the_apis_goes_djangos_way(path: str, status: str) -> None:
    assert ask(path)[0] == status


def test_addresses_begin_where_the_server_has_mounted_the_application(owner: Caller) -> None:
    before = get_script_prefix()
    try:
        ask(CUSTOMERS, SCRIPT_NAME="/mounted", **of(owner))
        assert reverse("customers-list") == f"/mounted{ROOT}/customers"
    finally:
        set_script_prefix(before)


@pytest.mark.parametrize("path", [CUSTOMERS, f"{CUSTOMERS}/nobody", f"{ROOT}/nowhere", f"{CUSTOMERS}?limit=x"])
def test_nothing_of_a_request_is_left_to_the_collector(owner: Caller, path: str) -> None:
    ask(*path.split("?"), **of(owner))
    before = {id(thing) for thing in at_work()}  # what other tests hold
    gc.disable()
    try:
        ask(*path.split("?"), **of(owner))
        left = [thing for thing in at_work() if id(thing) not in before]
    finally:
        gc.enable()
    assert left == []
    assert Customer.objects.count() == 0
