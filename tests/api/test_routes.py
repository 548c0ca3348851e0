"""Routes: found once for all paths of one form, and the same as Django finds for each."""

from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import Resolver404, resolve

from asteri.api.routes import ANY_ID, route
from tests.callers import CUSTOMERS, ROOT, Caller

ID = "8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3"
BY_EXTERNAL_ID = f"{CUSTOMERS}/by-external-id"


@pytest.mark.parametrize(
    "path",
    [
        CUSTOMERS,
        f"{CUSTOMERS}/bulk",
        f"{CUSTOMERS}/{ID}",
        f"{CUSTOMERS}/{ID.upper()}",
        f"{CUSTOMERS}/{ANY_ID}",
        f"{CUSTOMERS}/x{ID}",
        f"{BY_EXTERNAL_ID}/{ID}",
        f"{BY_EXTERNAL_ID}/a/{ID}",
        f"{BY_EXTERNAL_ID}/{ANY_ID}/{ID}",
        f"{BY_EXTERNAL_ID}/{ID}/{ANY_ID}",
        f"{BY_EXTERNAL_ID}/a b",
        f"{ROOT}/api-keys/{ID}/rotate",
        f"{ROOT}/organizations/{ID}",
        f"{ROOT}/openapi.json",
        f"{ROOT}/nowhere/{ID}",
        f"{ROOT}/",
        ROOT,
    ],
)
def test_a_path_has_the_route_that_django_finds(path: str) -> None:
    for _ in range(2):
        match, kwargs = route(path, settings.ROOT_URLCONF)
        found = resolve(path)
        assert (match.func, match.args, match.view_name, kwargs) == (
            found.func,
            found.args,
            found.view_name,
            found.kwargs,
        )


@pytest.mark.parametrize("path", ["/api", f"/api/{ID}", "/api/public/v2/customers"])
def test_a_path_without_a_route_has_none(path: str) -> None:
    with pytest.raises(Resolver404):
        route(path, settings.ROOT_URLCONF)


def test_each_id_is_looked_for_as_its_own(owner: Caller) -> None:
    made = owner.post({"account_type": "business", "email": "a@example.com", "phone": "404-555-0128"}).json()["data"]
    statuses = [owner.get(f"{CUSTOMERS}/{id_}").status_code for id_ in (uuid4(), made["id"], ANY_ID, made["id"])]
    assert statuses == [404, 200, 404, 200]
