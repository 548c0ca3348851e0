"""Requests to copy: `curl`, TypeScript and Python, as the reference page writes them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from asteri.developers.code import Code, as_json
from asteri.developers.document import Node, Operation, examples

ORIGIN = "http://localhost:3000"  # as the reference page has it; each answer names the origin that was asked instead

TYPESCRIPT = """\
import {{ AsteriPublicApiClient }} from '@asteri/public-api-sdk';

const client = new AsteriPublicApiClient({{
  baseUrl: '{origin}',
  organizationId: process.env.ASTERI_ORG_ID!,
  apiKey: process.env.ASTERI_API_KEY!,
}});

{assigned}await client.{call}({arguments});"""

PYTHON = """\
import os

from asteri_public_api import AsteriPublicApiClient

client = AsteriPublicApiClient(
    base_url="{origin}",
    organization_id=os.environ["ASTERI_ORG_ID"],
    api_key=os.environ["ASTERI_API_KEY"],
)

{assigned}client.{call}({arguments})"""


@dataclass(frozen=True)
class Call:
    """An operation as both SDKs have it: its name, and the id in its path, as TypeScript writes them."""

    name: str
    id: str = ""

    @property
    def in_python(self) -> str:
        """Its name, as Python writes it."""
        return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", self.name)


CALLS = {
    "customers-list": Call("customers.list"),
    "customers-create": Call("customers.create"),
    "customers-retrieve": Call("customers.get", "customerId"),
    "customers-update": Call("customers.update", "customerId"),
    "customers-delete": Call("customers.delete", "customerId"),
    "customers-upsert": Call("customers.upsert", "externalId"),
    "customers-bulk": Call("customers.bulk"),
    "customers-changes": Call("customers.changes"),
    "organizations-list": Call("organizations.list"),
    "organizations-retrieve": Call("organizations.get", "organizationId"),
    "api-keys-list": Call("apiKeys.list"),
    "api-keys-create": Call("apiKeys.create"),
    "api-keys-current": Call("apiKeys.current"),
    "api-keys-retrieve": Call("apiKeys.get", "apiKeyId"),
    "api-keys-delete": Call("apiKeys.revoke", "apiKeyId"),
    "api-keys-rotate": Call("apiKeys.rotate", "apiKeyId"),
}


def snippets(operation: Operation) -> list[Code]:
    """Answer an operation's request in every language that can make it."""
    return [Code("curl", "bash", curl(operation)), *(through_sdks(operation) if operation.id in CALLS else [])]


def through_sdks(operation: Operation) -> list[Code]:
    """Answer an operation's request as programs, which keep the answer unless it's empty."""
    facts = {"origin": ORIGIN, "assigned": "" if HTTPStatus.NO_CONTENT in operation.responses else "response = "}
    return [
        Code("TypeScript", "typescript", typescript(operation, facts)),
        Code("Python", "python", python(operation, facts)),
    ]


def curl(operation: Operation) -> str:
    """Answer the request for a shell, in which `ORG_ID` names the organization."""
    lines = [f"curl -X {operation.method}", f"{ORIGIN}{target(operation)}", '-H "x-api-key: ast_live_your_key"']
    if any(one["name"] == "x-organization-id" and one.get("required") for one in operation.parameters):
        lines.append('-H "x-organization-id: ${ORG_ID}"')
    if operation.body:
        lines += ['-H "Content-Type: application/json"', f"-d '{as_json(body_of(operation))}'"]
    return " \\\n  ".join(lines)


def typescript(operation: Operation, facts: dict[str, str]) -> str:
    """Answer a program that makes the request through the SDK for TypeScript: one object, the path's id in it."""
    call, body = CALLS[operation.id], body_of(operation)
    given = {call.id: identifier(operation)} if call.id else {}
    short = ", ".join(f"{name}: '{value}'" for name, value in given.items())
    arguments = as_json({**given, **body}) if body else f"{{ {short} }}" if short else ""
    assigned = f"const {facts['assigned']}" if facts["assigned"] else ""
    return TYPESCRIPT.format(**{**facts, "assigned": assigned}, call=call.name, arguments=arguments)


def python(operation: Operation, facts: dict[str, str]) -> str:
    """Answer a program that makes the request through the SDK for Python: the path's id, then the body's fields."""
    call, body = CALLS[operation.id], body_of(operation) or {}
    first = [as_python(identifier(operation))] if call.id else []
    named = [f"{name}={as_python(value, '    ')}" for name, value in body.items()]
    lines = "".join(f"    {argument},\n" for argument in [*first, *named])
    return PYTHON.format(**facts, call=call.in_python, arguments=f"\n{lines}" if named else "".join(first))


def body_of(operation: Operation) -> Any:
    """Answer the first example of what an operation takes; None where it takes nothing."""
    return next(iter(examples(operation.body or {}).values()), None)


def target(operation: Operation) -> str:
    """Answer the operation's path, its variables filled with their examples."""
    path = operation.path
    for parameter in variables(operation):
        path = path.replace(f"{{{parameter['name']}}}", quote(example(parameter), safe=""))
    return path


def variables(operation: Operation) -> Iterator[Node]:
    """Answer the parameters in the operation's path."""
    return (parameter for parameter in operation.parameters if parameter["in"] == "path")


def identifier(operation: Operation) -> str:
    """Answer the example of what the path names."""
    return example(next(variables(operation)))


def example(parameter: Node) -> str:
    """Answer a parameter's example, which stands beside its schema or in it."""
    return str([*examples(parameter).values(), *parameter["schema"].get("examples", [])][0])


def as_python(value: Any, indent: str = "") -> str:
    """Write a value as Python does."""
    inner = f"{indent}    "
    match value:
        case dict():
            lines = [f"{inner}{as_python(name)}: {as_python(item, inner)},\n" for name, item in value.items()]
            return f"{{\n{''.join(lines)}{indent}}}"
        case list() if value:
            return f"[\n{''.join(f'{inner}{as_python(item, inner)},{chr(10)}' for item in value)}{indent}]"
        case str():
            return json.dumps(value, ensure_ascii=False)
    return repr(value)
