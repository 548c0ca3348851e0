"""The Python SDK's package: it says what the OpenAPI document says, for both kinds of clients, and comes as a wheel."""

import inspect
import json
import sys
import zipfile
from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, Literal, get_type_hints

import pytest

import asteri_public_api as sdk
from asteri_public_api import api_keys, customers, organizations
from tests.processes import ROOT, run
from tests.sdk.typescript import execute

DOCUMENT = json.loads((ROOT / "asteri" / "api" / "openapi.json").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
ERRORS = ("Error", "RequestError", "PermissionError", "ConflictError", "RateLimitError")
BULK = ("BulkCreated", "BulkInvalid", "BulkConflict")
MODELS = ["ApiKey", "CreatedApiKey", "CurrentApiKey", "CustomerChange", "CustomerProfile", "Organization", "Pagination"]
REQUESTS = [
    "ChangeCustomerRequest",
    "CreateApiKeyRequest",
    "CreateCustomerRequest",
    "ReplaceCustomerRequest",
    "RotateApiKeyRequest",
]
QUERIES = {
    "customers-list": sdk.ListCustomersQuery,
    "customers-changes": sdk.ListChangesQuery,
    "organizations-list": sdk.ListQuery,
    "api-keys-list": sdk.ListQuery,
}
CALLS = {
    "customers": {"list", "create", "bulk", "changes", "upsert", "get", "update", "delete"},
    "organizations": {"list", "get"},
    "api-keys": {"list", "create", "current", "get", "revoke", "rotate"},
}
OTHER_NAMES = {"retrieve": "get", "api-keys-delete": "api-keys-revoke"}
PLAIN = {"string": str, "integer": int, "boolean": bool, "null": type(None)}


def annotation(schema: dict[str, Any], moment: Any) -> Any:
    """Answer the type that a schema stands for; `moment` is what a date-time is."""
    if "$ref" in schema:
        return getattr(sdk, schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return reduce(or_, [annotation(each, moment) for each in schema["anyOf"]])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    found = of_kind(kinds[0], schema, moment)
    return found | None if "null" in kinds[1:] else found


def of_kind(kind: str, schema: dict[str, Any], moment: Any) -> Any:
    if "enum" in schema:
        return Literal[tuple(schema["enum"])]
    if kind == "array":
        return Sequence[annotation(schema["items"], moment)]  # type: ignore[misc]  # a type made at run time
    return moment if schema.get("format") in ("date", "date-time") else PLAIN[kind]


def annotations(schema: dict[str, Any], moment: Any) -> dict[str, Any]:
    return {name: annotation(each, moment) for name, each in schema["properties"].items()}


def parameters(operation_id: str) -> dict[str, Any]:
    operations = (operation for path in DOCUMENT["paths"].values() for operation in path.values())
    (found,) = [each for each in operations if isinstance(each, dict) and each.get("operationId") == operation_id]
    return {each["name"]: each["schema"] for each in found["parameters"] if each.get("in") == "query"}


@pytest.mark.parametrize("name", MODELS)
def test_an_answer_is_as_the_document_has_it(name: str) -> None:
    assert get_type_hints(getattr(sdk, name)) == annotations(SCHEMAS[name], datetime)


def test_a_customer_is_as_the_document_has_it_with_its_profile_or_without() -> None:
    hints = get_type_hints(sdk.Customer)
    assert hints.pop("profile") == sdk.CustomerProfile | None
    assert hints == annotations(SCHEMAS["Customer"], datetime)
    assert set(SCHEMAS["CustomerWithProfile"]["properties"]) == {*hints, "profile"}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_as_the_document_has_it(name: str) -> None:
    request = getattr(sdk, name)
    in_path = {"external_id"} if request is sdk.ReplaceCustomerRequest else set()
    wanted = annotations(SCHEMAS[name], datetime | str)
    assert get_type_hints(request) == {field: each for field, each in wanted.items() if field not in in_path}
    assert request.__required_keys__ == set(SCHEMAS[name].get("required", []))


@pytest.mark.parametrize("operation", sorted(QUERIES))
def test_a_query_is_as_the_document_has_it(operation: str) -> None:
    found = {name: annotation(schema, datetime | str) for name, schema in parameters(operation).items()}
    assert get_type_hints(QUERIES[operation]) == found


def test_errors_and_bulk_results_have_every_key_of_the_document() -> None:
    assert set(get_type_hints(sdk.ErrorPayload)) == {key for name in ERRORS for key in SCHEMAS[name]["properties"]}
    assert set(get_type_hints(sdk.BulkResult)) == {key for name in BULK for key in SCHEMAS[name]["properties"]}


def test_every_operation_has_its_call() -> None:
    operations = [each for path in DOCUMENT["paths"].values() for each in path.values()]
    ids = {each["operationId"] for each in operations}
    calls = {f"{resource}-{call}" for resource, names in CALLS.items() for call in names}
    renamed = {OTHER_NAMES.get(each, each.replace("-retrieve", "-get")) for each in ids}
    assert {each for each in renamed if each.startswith(tuple(CALLS))} == calls


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (customers.Customers, customers.AsyncCustomers),
        (organizations.Organizations, organizations.AsyncOrganizations),
        (api_keys.ApiKeys, api_keys.AsyncApiKeys),
    ],
)
def test_both_clients_have_the_same_calls(one: type, other: type) -> None:
    assert surface(one) == surface(other)
    resource = one.__name__.replace("ApiKeys", "api-keys").lower()
    assert set(surface(one)) - {"list_all"} == CALLS[resource]


def surface(resource: type) -> dict[str, list[str]]:
    methods = inspect.getmembers(resource, inspect.isfunction)
    return {name: [*map(str, inspect.signature(each).parameters.values())] for name, each in methods if name[0] != "_"}


def test_it_comes_as_a_wheel_with_its_types(tmp_path: Path) -> None:
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path))
    built = execute(*build, folder=ROOT / "sdk" / "python")
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert "asteri_public_api/py.typed" in zipfile.ZipFile(wheel).namelist()
    used = run("-c", "import asteri_public_api; print(asteri_public_api.__file__)", PYTHONPATH=str(wheel))
    assert used.stdout.startswith(str(wheel))
