"""The OpenAPI document: made from the code, true to the contract and to the reference page, served to everybody."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from apikeys.scopes import Scope
from asteri.api.document import FILE, contract
from asteri.api.schema import describe
from tests.callers import CUSTOMERS, ROOT, Caller
from tests.factories import make_customer
from tests.processes import run

URL = f"{ROOT}/openapi.json"
CUSTOMER = {
    "id": "8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3",
    "organization_id": "dce3853d-4f94-4bc8-a816-4d0d74c11a9d",
    "account_type": "business",
    "display_name": "North Harbor Facilities",
    "email": "ops@northerborfacilities.com",
    "phone": "+1-404-555-0128",
    "created_at": "2026-03-18T15:40:12.000Z",
}
PAGE = {"data": [CUSTOMER], "pagination": {"count": 2, "limit": 25, "next_cursor": None}}
BAD_REQUEST = {
    "error": "Missing organization context. Provide x-organization-id.",
    "issues": [{"path": "email", "message": "Invalid email address"}],
}
ERRORS = {
    "400": BAD_REQUEST,
    "401": {"error": "Invalid API key"},
    "403": {"error": "API key missing required scopes", "missingScopes": ["write:customers"]},
    "404": {"error": "Customer not found"},
    "409": {"error": "Customer email already exists in this organization", "field": "email"},
    "429": {"error": "API key minute rate limit exceeded", "limit": 60, "window": "minute"},
    "500": {"error": "Failed to fetch customers"},
}
COMMON = {status: ERRORS[status] for status in ("400", "401", "403", "429", "500")}
# The reference page's own examples, by operation and status.
ON_THE_PAGE = {
    "customers-list": {"200": PAGE, **COMMON},
    "customers-create": {"201": {"data": CUSTOMER}, "409": ERRORS["409"], **COMMON},
    "customers-retrieve": {"200": {"data": CUSTOMER}, "404": ERRORS["404"], **COMMON},
}
STATUSES = {
    "customers-list": "200 400 401 403 429 500 503",
    "customers-create": "201 400 401 403 409 411 415 422 429 500 503",
    "customers-retrieve": "200 304 400 401 403 404 429 500 503",
    "customers-update": "200 400 401 403 404 409 411 412 415 429 500 503",
    "customers-delete": "204 400 401 403 404 412 429 500 503",
    "customers-bulk": "200 400 401 403 409 411 415 422 429 500 503",
    "customers-upsert": "200 201 400 401 403 409 411 415 429 500 503",
    "customers-changes": "200 400 401 403 429 500 503",
    "organizations-list": "200 400 401 403 429 500 503",
    "organizations-retrieve": "200 400 401 403 404 429 500 503",
    "api-keys-list": "200 400 401 403 429 500 503",
    "api-keys-create": "201 400 401 403 411 415 429 500 503",
    "api-keys-current": "200 400 401 403 429 500 503",
    "api-keys-retrieve": "200 400 401 403 404 429 500 503",
    "api-keys-delete": "204 400 401 403 404 429 500 503",
    "api-keys-rotate": "201 400 401 403 404 409 411 415 429 500 503",
}
QUERIES = {
    "customers-list": "limit order cursor account_type email phone external_id search created_after created_before "
    "expand",
    "customers-retrieve": "expand",
    "customers-changes": "limit cursor",
    "organizations-list": "limit order cursor",
    "api-keys-list": "limit order cursor",
}


def operations() -> dict[str, Any]:
    """Answer the document's operations by their ids."""
    return {about["operationId"]: about for methods in contract()["paths"].values() for about in methods.values()}


def resolve(node: Any) -> Any:
    """Answer a node, or the component that it refers to."""
    while "$ref" in node:
        _, _, section, name = node["$ref"].split("/")
        node = contract()["components"][section][name]
    return node


def media(node: Any) -> Iterator[Any]:
    """Yield every media type object below a node."""
    if isinstance(node, dict):
        yield from node.get("content", {}).values()
        for child in node.values():
            yield from media(child)


def test_the_committed_document_is_what_the_code_says() -> None:
    assert json.loads(FILE.read_text()) == describe(), "run manage.py openapi"


def test_the_library_finds_nothing_that_it_could_not_describe() -> None:
    GENERATOR_STATS.reset()
    describe()
    assert not GENERATOR_STATS


def test_the_command_writes_the_committed_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("openapi", file=tmp_path / "openapi.json", json=True)
    assert (tmp_path / "openapi.json").read_bytes() == FILE.read_bytes()
    assert json.loads(capsys.readouterr().out) == {"file": str(tmp_path / "openapi.json"), "operations": len(STATUSES)}


def test_the_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(contract()).iter_errors()) == []


def test_the_document_bears_the_contracts_version() -> None:
    assert contract()["openapi"].startswith("3.1.")
    assert contract()["info"]["version"] == "2026-03-23.preview"


@pytest.mark.parametrize("operation", STATUSES)
def test_an_operation_has_each_status_that_it_can_answer(operation: str) -> None:
    assert list(operations()[operation]["responses"]) == STATUSES[operation].split()


def test_every_operation_is_listed() -> None:
    assert set(operations()) == set(STATUSES)


@pytest.mark.parametrize("operation", STATUSES)
def test_an_operation_has_the_query_parameters_of_the_contract(operation: str) -> None:
    parameters = [resolve(parameter) for parameter in operations()[operation]["parameters"]]
    names = [parameter["name"] for parameter in parameters if parameter["in"] == "query"]
    assert names == QUERIES.get(operation, "").split()


@pytest.mark.parametrize("operation", STATUSES)
def test_an_operation_takes_a_key_in_either_header(operation: str) -> None:
    about = operations()[operation]
    assert [list(way) for way in about["security"]] == [["ApiKey"], ["Bearer"]]
    assert {scope for way in about["security"] for scopes in way.values() for scope in scopes} == set(
        about["x-required-scopes"]
    )
    assert set(about["x-required-scopes"]) <= set(Scope)


@pytest.mark.parametrize(
    ("operation", "status"), [(name, status) for name in ON_THE_PAGE for status in ON_THE_PAGE[name]]
)
def test_the_examples_of_the_reference_page_stand_first(operation: str, status: str) -> None:
    answer = resolve(operations()[operation]["responses"][status])
    examples = [entry["value"] for entry in answer["content"]["application/json"]["examples"].values()]
    assert json.dumps(examples[0]) == json.dumps(ON_THE_PAGE[operation][status])


def test_every_example_is_what_its_schema_says() -> None:
    root = {"components": contract()["components"]}
    for about in media(contract()):
        validator = Draft202012Validator({**root, **about["schema"]}, format_checker=FormatChecker())
        for entry in about["examples"].values():
            assert list(validator.iter_errors(entry["value"])) == []


def test_every_success_and_every_error_has_an_example() -> None:
    assert all(about["examples"] for about in media(contract()))


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object's schema."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield node
        for child in node.values():
            yield from objects(child)


@pytest.mark.parametrize("name", [n for n in contract()["components"]["schemas"] if n.endswith("Request")])
def test_a_body_is_closed(name: str) -> None:
    assert contract()["components"]["schemas"][name]["additionalProperties"] is False


def test_every_field_is_described() -> None:
    for schema in objects(contract()["components"]["schemas"]):
        for name, field in schema["properties"].items():
            assert "$ref" in field or field["description"], name


SHAPES = {
    "Customer": CUSTOMERS,
    "Organization": f"{ROOT}/organizations",
    "ApiKey": f"{ROOT}/api-keys",
    "CustomerChange": f"{CUSTOMERS}/changes",
    "CustomerWithProfile": f"{CUSTOMERS}?expand=profile",
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_answer_has_exactly_the_fields_of_its_schema_all_of_them_required(owner: Caller, name: str) -> None:
    make_customer(owner.organization)
    (answered,) = owner.get(SHAPES[name]).json()["data"]
    schema = contract()["components"]["schemas"][name]
    assert list(answered) == list(schema["properties"]) == schema["required"]


def test_the_callers_own_key_has_exactly_the_fields_of_its_schema(owner: Caller) -> None:
    answered = owner.get(f"{ROOT}/api-keys/current").json()["data"]
    assert list(answered) == list(contract()["components"]["schemas"]["CurrentApiKey"]["properties"])


def test_the_document_is_served_without_a_key() -> None:
    response = Client().get(URL)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response.json() == contract()


def test_the_served_document_may_be_kept_and_says_which_it_is() -> None:
    response = Client().get(URL, headers={"x-request-id": "mine"})
    assert response["Cache-Control"] == "public, max-age=3600"
    assert (response["Asteri-Version"], response["X-Request-Id"]) == ("2026-03-23.preview", "mine")
    assert response["ETag"] == Client().get(URL)["ETag"]


def test_a_reader_who_has_the_document_is_told_so() -> None:
    etag = Client().get(URL)["ETag"]
    response = Client().get(URL, headers={"if-none-match": f'"other", W/{etag}'})
    assert (response.status_code, response.content) == (304, b"")
    assert (response["ETag"], response["Cache-Control"]) == (etag, "public, max-age=3600")
    assert "Content-Length" not in response


def test_a_reader_who_has_another_document_gets_this_one() -> None:
    assert Client().get(URL, headers={"if-none-match": '"other"'}).status_code == 200


def test_head_tells_about_the_document() -> None:
    got, headed = Client().get(URL), Client().head(URL)
    assert (headed.status_code, headed.content) == (200, b"")
    assert {**headed.headers, "X-Request-Id": ""} == {**got.headers, "X-Request-Id": ""}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_the_document_can_only_be_read(method: str) -> None:
    response = Client().generic(method, URL)
    assert (response.status_code, response.json()) == (405, {"error": "Method not allowed"})
    assert response["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", [f"{URL}/", f"{URL}x", f"{ROOT}/openapi", f"{ROOT}/openapi.yaml"])
@pytest.mark.django_db
def test_what_is_called_nearly_so_asks_for_a_key_as_all_else_does(path: str) -> None:
    assert Client().get(path).status_code == 401


SERVE = f"""
import sys
from django.test import Client
from asteri.wsgi import application
assert Client().get("{URL}").status_code == 200
assert Client().get("{CUSTOMERS}").status_code == 401
print(*[name for name in sys.modules if name.startswith(("drf_spectacular", "jsonschema"))])
"""


def test_no_request_loads_what_makes_the_document() -> None:
    result = run("-c", SERVE, DATABASE_URL=None, CACHE_URL=None, ALLOWED_HOSTS="testserver")
    assert (result.returncode, result.stdout) == (0, "\n"), result.stderr
