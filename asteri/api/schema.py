"""The OpenAPI document, made from the code: routes, scopes, filters, pages and bodies are what the view sets declare.

What the code doesn't say (sentences, examples, what answers look like) stands in each app's `schema.py`. Nothing that
serves requests imports this module: what is served is the file that `manage.py openapi` writes.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, cast

from drf_spectacular.generators import EndpointEnumerator as BaseEnumerator
from drf_spectacular.generators import SchemaGenerator as BaseGenerator
from drf_spectacular.openapi import AutoSchema as BaseSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.settings import patched_settings

from asteri.api import CONTRACT_VERSION, components, refusals
from asteri.api.describe import Answer, Json, Resource, examples, ref
from asteri.api.renderers import MEDIA_TYPE
from asteri.api.serializers import StrictSerializer
from asteri.api.viewsets import PublicViewSet

SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Asteri public API",
    "VERSION": CONTRACT_VERSION,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": [],
}
VERBS = {"partial_update": "update", "destroy": "delete"}
ORDER = {"get": 0, "post": 1, "put": 2, "patch": 3, "delete": 4}
DESCRIPTION = """\
Asteri's public API keeps the customers of field-service businesses.

**Authentication.** Send a key as `x-api-key: ast_live_…`, or as `Authorization: Bearer ast_live_…`, and the
organization it belongs to as `x-organization-id`. A key carries scopes; none implies another.

**Answers** are JSON, with `data`, and lists with `pagination` beside it. Errors are `{"error": "<message>"}`, with
`issues` that name every fault of the request at once where it is the request's. Unknown fields and parameters are
errors.

**Texts** of bodies are trimmed before they are judged: blanks around one do not count towards its length.

**Order of checks.** Key (401), rate limit (429), organization header (400), organization access (403), scopes (403),
route, query and body (404, 405, 400, 415), state (409, 412, 422). A path that does not exist is 404, a method that a
path does not have is 405 with `Allow`; neither says anything to a caller without a valid key.

**Limits.** Every answer to a valid key says where it stands in `RateLimit`; a 429 says in `Retry-After` when to come
back.

**Every answer** carries `X-Request-Id` and `Asteri-Version`. New optional fields of answers may appear in any
version: ignore what you do not know."""


def describe() -> Json:
    """Answer the whole document."""
    with patched_settings(SETTINGS):
        return SchemaGenerator().get_schema(public=True)


class EndpointEnumerator(BaseEnumerator):
    """Finds the routes of the public view sets; what else is served is no part of the contract."""

    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        """Whether a route belongs to a public view set."""
        return issubclass(getattr(callback, "cls", object), PublicViewSet)


class SchemaGenerator(BaseGenerator):
    """Describes each operation by `AutoSchema`, and the whole by what its resources say."""

    endpoint_inspector_cls = EndpointEnumerator

    def create_view(self, callback: Any, method: str, request: Any = None) -> Any:
        """Answer the view of a route, described by `AutoSchema`."""
        view = super().create_view(callback, method, request)
        self._set_schema_to_view(view, AutoSchema())
        return view

    def coerce_path(self, path: str, method: str, view: Any) -> str:
        """Answer the path with the contract's names for its variables."""
        return re.sub(r"{(\w+)}", lambda variable: f"{{{resource_of(view).path[variable[1]]}}}", path)

    def get_schema(self, request: Any = None, public: bool = False) -> Json:
        """Answer the document."""
        made = super().get_schema(request, public)
        resources = [
            resource_of(view) for view in {type(view): view for *_, view in self._get_paths_and_endpoints()}.values()
        ]
        return {
            "openapi": made["openapi"],
            "info": {**made["info"], "description": DESCRIPTION, "x-stage": "Private preview"},
            "servers": [{"url": "/"}],
            "tags": [{"name": resource.tag, "description": resource.description} for resource in resources],
            "paths": {path: by_method(operations) for path, operations in made["paths"].items()},
            "components": shared_components(made["components"].get("schemas", {}), resources),
        }


def by_method(operations: Json) -> Json:
    """Answer a path's operations in the order in which people look for them."""
    return dict(sorted(operations.items(), key=lambda pair: ORDER[pair[0]]))


def shared_components(bodies: Json, resources: list[Resource]) -> Json:
    """Answer the components: the bodies that were met, what the resources declare, and what all of them share."""
    declared = {name: schema for resource in resources for name, schema in resource.schemas.items()}
    return {
        "schemas": {**declared, **bodies, **components.SCHEMAS},
        "responses": refusals.RESPONSES,
        "parameters": components.PARAMETERS,
        "headers": {name: components.header(name) for name in components.HEADERS},
        "securitySchemes": components.SECURITY,
    }


def resource_of(view: Any) -> Resource:
    """Answer what the view set's app says of it."""
    package = type(view).__module__.rpartition(".")[0]
    return cast(Resource, import_module(f"{package}.schema").RESOURCE)


class AutoSchema(BaseSchema):
    """Describes one operation: what its view set declares, and what its app says of it."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Json:
        """Answer the operation."""
        self.registry, self.path, self.method = registry, path, method
        self.declared = cast(Any, self.view)
        self.resource = resource_of(self.view)
        self.about = self.resource.operations[self.declared.action]
        return {
            "operationId": f"{self.declared.basename}-{VERBS.get(self.declared.action, self.declared.action)}",
            "tags": [self.resource.tag],
            "summary": self.about.summary,
            "description": self.about.description,
            "parameters": [*self.path_parameters(), *self.query_parameters(), *self.header_parameters()],
            **self.request_body(),
            "responses": dict(sorted(self.responses())),
            "security": [{name: self.scopes} for name in components.SECURITY],
            "x-required-scopes": self.scopes,
        }

    @property
    def scopes(self) -> list[str]:
        """The scopes that the action needs."""
        return [str(scope) for scope in self.declared.scopes[self.declared.action]]

    @property
    def needs_organization(self) -> bool:
        """Whether the action asks for `x-organization-id`."""
        return self.declared.action not in self.declared.without_organization

    def path_parameters(self) -> Iterator[Json]:
        """Yield the variables of the path."""
        for name in re.findall(r"{(\w+)}", self.path):
            yield parameter(name, "path", self.resource.parameters[name], required=True)

    def query_parameters(self) -> Iterator[Json]:
        """Yield the parameters that the action knows, by what the code itself asks: filters, pages, its own."""
        names = [*self.declared.parameters.get(self.declared.action, ())]
        if self.declared.action == "list":
            names = [*components.PAGES, *self.declared.filterset_class.base_filters, *names]
        known = {**components.PAGES, **self.resource.parameters}
        yield from (parameter(name, "query", known[name]) for name in names)

    def header_parameters(self) -> Iterator[Json]:
        """Yield the headers that count."""
        organization = components.PARAMETERS["OrganizationId"]
        yield ref("OrganizationId", "parameters") if self.needs_organization else {**organization, "required": False}
        yield from (ref(name, "parameters") for name in (*self.about.headers, "RequestId"))

    def request_body(self) -> Json:
        """Answer the body, as a part of the operation; nothing for an action without one."""
        if self.about.body is None:
            return {}
        content = {"schema": self.body_schema(), "examples": examples(self.about.examples)}
        body = {"required": self.about.body_is_required, "content": {MEDIA_TYPE: content}}
        return {"requestBody": body}

    def body_schema(self) -> Json:
        """Answer a reference to the body's schema, made from its serializer where it has one."""
        if isinstance(self.about.body, str):
            return ref(self.about.body)
        reference: Json = self.resolve_serializer(self.about.body, "request").ref
        return reference

    def responses(self) -> Iterator[tuple[str, Json]]:
        """Yield each status that the operation may answer."""
        for status, answer in self.about.answers.items():
            yield str(status), self.success(answer)
        yield from refusals.refusals(
            has_organization=self.needs_organization, has_body=self.about.body is not None, headers=self.about.headers
        )
        yield from refusals.failures(self.declared.failed)
        if self.declared.detail:
            yield (
                "404",
                refusals.refusal(self.resource.missing, "Error", {"reference": {"error": self.declared.not_found}}),
            )
        if self.about.conflicts:
            yield "409", refusals.conflict(self.resource.conflict, self.about.conflicts)

    def success(self, answer: Answer) -> Json:
        """Answer the response of a success."""
        always = (*components.EVERYWHERE, *components.WITH_A_KEY, *answer.headers)
        replayed = ("Idempotent-Replayed",) if "IdempotencyKey" in self.about.headers else ()
        described: Json = {
            "description": answer.description,
            "headers": components.headers(always, (*answer.may_have, *replayed)),
        }
        if answer.schema is not None:
            content = {"schema": answer.schema, "examples": examples(answer.examples)}
            described["content"] = {MEDIA_TYPE: content}
        return described

    def _get_serializer_name(self, serializer: Any, direction: str, bypass_extensions: bool = False) -> str:
        """Answer the name of a body's component: CreateCustomerSerializer is CreateCustomerRequest."""
        return f"{type(serializer).__name__.removesuffix('Serializer')}Request"

    def _postprocess_serializer_schema(self, schema: Json, serializer: Any, direction: str) -> Json:
        """Complete a body's schema: sentences, order, and that it takes no other field."""
        properties = {
            name: {**field, "description": self.resource.fields[name]} for name, field in schema["properties"].items()
        }
        required = [name for name in properties if name in schema.get("required", ())]
        closed = {"additionalProperties": False} if isinstance(serializer, StrictSerializer) else {}
        more = self.resource.bodies[self._get_serializer_name(serializer, direction)]
        return {
            "type": "object",
            **more,
            "properties": properties,
            **({"required": required} if required else {}),
            **closed,
        }


def parameter(name: str, place: str, schema: Json, **more: Any) -> Json:
    """Answer a parameter, from a schema with its description in it."""
    rest = {keyword: value for keyword, value in schema.items() if keyword != "description"}
    return {"name": name, "in": place, **more, "description": schema["description"], "schema": rest}
