import json
from typing import Any

import pytest

from asteri.api.document import contract
from asteri.developers import markdown
from asteri.developers.document import JSON, Operation, operations, resolved
from asteri.developers.snippets import CALLS, as_python
from tests.developers.reading import Element, page

pytestmark = pytest.mark.once
OPERATIONS = list(operations())
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])

CUSTOMER = """
id | uuid | Yes | Stable customer identifier.
organization_id | uuid | Yes | Organization that owns the record.
account_type | "individual" | "business" | Yes | High-level account classification.
display_name | string | Yes | Primary display name shown across the platform.
email | string | null | Yes | Primary contact email.
phone | string | null | Yes | Primary contact phone number.
created_at | datetime | Yes | ISO-8601 timestamp for record creation."""

CREATE_CUSTOMER_REQUEST = """
account_type | "individual" | "business" | Yes | Account classification used when creating the customer.
display_name | string | No | Customer display name or company name. Useful when you do not want to
company_name | string | No | Explicit company name for business accounts.
first_name | string | No | Primary contact first name.
last_name | string | No | Primary contact last name.
email | string | Yes | Primary contact email.
phone | string | Yes | Primary contact phone number."""

CUSTOMER_LIST_RESPONSE = """
data | Customer[] | Yes | Collection of customers matching the current filter set.
pagination | Pagination | Yes | List metadata for page traversal."""

CURL = """\
curl -X GET \\
  http://localhost/api/public/v1/customers \\
  -H "x-api-key: ast_live_your_key" \\
  -H "x-organization-id: ${ORG_ID}\""""

TYPESCRIPT = """\
import { AsteriPublicApiClient } from '@asteri/public-api-sdk';

const client = new AsteriPublicApiClient({
  baseUrl: 'http://localhost',
  organizationId: process.env.ASTERI_ORG_ID!,
  apiKey: process.env.ASTERI_API_KEY!,
});

"""


def path_of(operation: Operation) -> str:
    return f"/developers/{markdown.slug(operation.tag)}"


def part(operation: Operation) -> Element:
    return page(path_of(operation)).one("section", **{"aria-labelledby": operation.id})


def codes(element: Element) -> list[str]:
    return [code.text for block in element.all("pre") for code in block.all("code")]


def snippet(name: str, lexer: str) -> str:
    operation = next(operation for operation in OPERATIONS if operation.id == name)
    return part(operation).one("div", id=f"{name}-{lexer}").one("code").text


def fields(table: str) -> list[list[str]]:
    section = page("/developers/customers").one("section", **{"aria-labelledby": f"schema-{table}"})
    rows = section.one("tbody").all("tr")
    return [[cell.text.strip() for cell in row if cell.tag in {"th", "td"}] for row in rows]


def test_every_resource_is_a_private_preview() -> None:
    for tag in contract()["tags"]:
        heading = page(f"/developers/{markdown.slug(tag['name'])}").one("h1")
        assert heading.text.split() == [*tag["name"].split(), "Private", "preview"]


@every_operation
def test_an_operation_is_on_the_page_of_its_resource(operation: Operation) -> None:
    text = part(operation).text
    assert operation.node["summary"] in text
    assert part(operation).one("p", **{"class": "route"}).text.split()[:2] == [operation.method, operation.path]
    for scope in operation.node["x-required-scopes"]:
        assert scope in text
    for parameter in operation.parameters:
        assert parameter["name"] in text


@every_operation
def test_every_status_of_an_operation_is_there(operation: Operation) -> None:
    shown = {status.text for status in part(operation).all("summary") for status in status.all("span")}
    assert {str(status) for status in operation.responses} <= shown


@every_operation
def test_every_example_of_an_operation_is_the_documents(operation: Operation) -> None:
    shown = codes(part(operation))
    first = min(operation.responses)
    contents = {status: response.get("content", {}) for status, response in operation.responses.items()}
    examples = [
        example["value"]
        for status, content in contents.items()
        if status == first or status >= 400
        for example in content.get(JSON, {}).get("examples", {}).values()
    ]
    for value in examples:
        assert json.dumps(value, indent=2, ensure_ascii=False) in shown


@every_operation
def test_the_request_to_copy_is_the_operations(operation: Operation) -> None:
    (curl,) = [code for code in codes(part(operation)) if code.startswith("curl")]
    assert curl.startswith(f"curl -X {operation.method} \\\n  http://localhost/api/public/v1/")
    assert "{" not in curl.splitlines()[1]
    assert ('"Content-Type: application/json"' in curl) == bool(operation.body)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("Customer", CUSTOMER),
        ("CreateCustomerRequest", CREATE_CUSTOMER_REQUEST),
        ("CustomerListResponse", CUSTOMER_LIST_RESPONSE),
    ],
)
def test_a_table_is_the_reference_pages(name: str, rows: str) -> None:
    shown = [" | ".join(row) for row in fields(name)]
    for wanted in rows.strip().splitlines():
        assert [row for row in shown if row.startswith(wanted)], wanted


def test_the_page_shows_its_schemas_with_their_examples() -> None:
    section = page("/developers/customers").one("section", **{"aria-labelledby": "schema-Customer"})
    assert json.loads(codes(section)[0]) == contract()["components"]["schemas"]["Customer"]["examples"][0]


def test_curl_is_the_reference_pages() -> None:
    assert snippet("customers-list", "bash") == CURL


def test_typescript_is_the_reference_pages() -> None:
    call = "client.customers.get({ customerId: '8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3' });"
    assert snippet("customers-list", "typescript") == f"{TYPESCRIPT}const response = await client.customers.list();"
    assert snippet("customers-retrieve", "typescript") == f"{TYPESCRIPT}const response = await {call}"
    assert snippet("customers-create", "typescript").startswith(
        f'{TYPESCRIPT}const response = await client.customers.create({{\n  "account_type": "business",\n'
    )
    assert snippet("customers-delete", "typescript").startswith(
        f"{TYPESCRIPT}await client.customers.delete({{ customerId"
    )


@pytest.mark.parametrize("name", sorted(CALLS))
def test_python_is_python(name: str) -> None:
    code = snippet(name, "python")
    compile(code, name, "exec")
    assert f"client.{CALLS[name].in_python}(" in code


def test_the_sdks_have_every_operation() -> None:
    assert set(CALLS) == {operation.id for operation in OPERATIONS}


@pytest.mark.parametrize("value", [{"a": [1, None, {"b": "é\n"}], "c": [], "d": True}, "x", None])
def test_a_value_in_python_is_that_value(value: Any) -> None:
    assert eval(as_python(value)) == value


def test_the_errors_page_has_every_error_of_the_document() -> None:
    shown = {tuple(one.text for one in summary.all("span")) for summary in page("/developers/errors").all("summary")}
    for operation in OPERATIONS:
        for status, response in operation.responses.items():
            for example in (
                response.get("content", {}).get(JSON, {}).get("examples", {}).values() if status >= 400 else ()
            ):
                assert (str(status), example["value"]["error"]) in shown


def test_descriptions_are_markdown_and_links_within_types_lead_to_schemas() -> None:
    section = page("/developers/customers").one("section", **{"aria-labelledby": "schema-CustomerListResponse"})
    assert [link.attributes["href"] for link in section.one("tbody").all("a")] == [
        "#schema-Customer",
        "#schema-Pagination",
    ]
    assert "`" not in part(OPERATIONS[1]).one("table").text


def test_a_wrapper_is_shown_as_what_it_wraps() -> None:
    retrieve = next(operation for operation in OPERATIONS if operation.id == "customers-retrieve")
    assert '{"data": Customer}' in part(retrieve).text
    assert resolved({"$ref": "#/components/schemas/CustomerResponse"})["required"] == ["data"]
