"""Entity tags: `ETag`, and `If-None-Match` on GET (RFC 9110, sections 8.8.3 and 13.1.2)."""

import re
from typing import Any

import pytest

from tests.callers import CUSTOMERS, Caller, encoded
from tests.factories import make_customer

STRONG = re.compile(r'"[\x21\x23-\x7e]+"')


@pytest.fixture
def path(owner: Caller) -> str:
    return f"{CUSTOMERS}/{make_customer(owner.organization).pk}"


def change(caller: Caller, path: str, **fields: Any) -> Any:
    return caller.send("PATCH", path, data=encoded(fields), content_type="application/json")


def known(caller: Caller, path: str, tags: str, method: str = "GET") -> Any:
    return caller.send(method, path, headers={"If-None-Match": tags})


def test_retrieve_answers_with_a_strong_etag(owner: Caller, path: str) -> None:
    assert STRONG.fullmatch(owner.get(path)["ETag"])


def test_a_read_leaves_the_etag_as_it_is(owner: Caller, path: str) -> None:
    assert owner.get(path)["ETag"] == owner.get(path)["ETag"]


def test_change_answers_with_the_etag_of_what_it_made(owner: Caller, path: str) -> None:
    response = change(owner, path, first_name="Nora")
    assert response["ETag"] == owner.get(path)["ETag"]


def test_each_change_makes_another_etag(owner: Caller, path: str) -> None:
    tags = [
        owner.get(path)["ETag"],
        *(change(owner, path, first_name=name)["ETag"] for name in ("Nora", "Ann", "Nora")),
    ]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("company_name", "South"), ("first_name", "Nora"), ("last_name", "Harbor"), ("external_id", "crm-1")),
        *(("display_name", "Shown"), ("email", None), ("phone", None), ("account_type", "individual")),
    ],
)
def test_every_field_counts(owner: Caller, path: str, name: str, value: str | None) -> None:
    before = owner.get(path)["ETag"]
    change(owner, path, **{name: value})
    assert owner.get(path)["ETag"] != before


def test_a_create_answers_the_etag_that_retrieve_answers(owner: Caller) -> None:
    made = owner.post({"account_type": "business", "email": "ops@harbor.example", "phone": "404-555-0128"})
    assert made["ETag"] == owner.get(made["Location"])["ETag"]


def test_the_version_that_the_caller_has_is_304_without_a_body(owner: Caller, path: str) -> None:
    etag = owner.get(path)["ETag"]
    response = known(owner, path, etag)
    assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    assert not {"Content-Length", "Content-Type"} & set(response.headers)


def test_304_says_where_the_key_stands(owner: Caller, path: str) -> None:
    response = known(owner, path, owner.get(path)["ETag"])
    assert response["RateLimit"].startswith('"minute";r=')
    assert response["RateLimit-Policy"].startswith('"minute";q=')
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("form", ["W/{}", '"x", {}', '{}, "x"', 'W/"x",W/{}', "*"])
def test_if_none_match_compares_weakly_and_takes_lists(owner: Caller, path: str, form: str) -> None:
    etag = owner.get(path)["ETag"]
    assert known(owner, path, form.format(etag)).status_code == 304


@pytest.mark.parametrize("tags", ['"x"', 'W/"x"', "x", '""', '"*"', ""])
def test_another_version_is_answered_in_full(owner: Caller, path: str, tags: str) -> None:
    response = known(owner, path, tags)
    assert (response.status_code, response.content) == (200, owner.get(path).content)


def test_an_old_version_is_answered_in_full(owner: Caller, path: str) -> None:
    etag = owner.get(path)["ETag"]
    change(owner, path, first_name="Nora")
    assert known(owner, path, etag).status_code == 200


def test_head_answers_the_etag_and_the_length_of_get(owner: Caller, path: str) -> None:
    get, head = owner.get(path), owner.send("HEAD", path)
    names = ("ETag", "Content-Length", "Content-Type")
    assert [head[name] for name in names] == [get[name] for name in names]
    assert (head.status_code, head.content) == (200, b"")


def test_head_is_304_as_get_is(owner: Caller, path: str) -> None:
    response = known(owner, path, owner.get(path)["ETag"], "HEAD")
    assert (response.status_code, response.content) == (304, b"")
    assert "Content-Length" not in response


def test_the_profile_has_the_etag_of_its_customer(owner: Caller, path: str) -> None:
    etag = owner.get(path)["ETag"]
    expanded = {"query_params": {"expand": "profile"}}
    assert owner.send("GET", path, **expanded)["ETag"] == etag
    assert owner.send("GET", path, headers={"If-None-Match": etag}, **expanded).status_code == 304


@pytest.mark.parametrize("tags", ["*", '"1"'])
def test_no_such_customer_is_404_whatever_the_caller_has(owner: Caller, outsider: Caller, path: str, tags: str) -> None:
    response = known(outsider, path, tags)
    assert (response.status_code, response.json()) == (404, {"error": "Customer not found"})


def test_a_fault_of_the_query_comes_before_304(owner: Caller, path: str) -> None:
    response = owner.send("GET", path, headers={"If-None-Match": "*"}, query_params={"expand": "all"})
    assert response.status_code == 400
