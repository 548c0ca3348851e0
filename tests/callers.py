"""Callers: how the tests talk to the API, over HTTP with real keys."""

import json
import threading
from dataclasses import dataclass
from typing import Any, Self

import django.test.client
from django.http import HttpResponse
from django.test import Client

from apikeys.models import ApiKey
from apikeys.scopes import Scope
from asteri.wsgi import PlainRequest
from organizations.models import Organization

django.test.client.WSGIRequest = PlainRequest  # type: ignore[attr-defined]  # as the served application makes its requests

ROOT = "/api/public/v1"
CUSTOMERS = f"{ROOT}/customers"
MANY = 1_000_000  # a limit that no test reaches unless it means to


@dataclass(frozen=True)
class Caller:
    """Somebody with a key, who names the organization that the key belongs to unless a test says otherwise."""

    organization: Organization
    key: ApiKey
    text: str

    @classmethod
    def of(cls, organization: Organization, **fields: Any) -> Self:
        """Give somebody a new key of an organization: every scope, no limit worth the name, unless `fields` say so."""
        key, plain = ApiKey.objects.issue(
            organization, **{"name": "Test", "scopes": list(Scope), "per_minute": MANY, **fields}
        )
        return cls(organization, key, plain.text)

    @property
    def headers(self) -> dict[str, str]:
        return {"x-api-key": self.text, "x-organization-id": str(self.organization.id)}

    def send(self, method: str, path: str = CUSTOMERS, *, headers: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        """Send a request; a header given as None is left out. Answers Django's test response."""
        merged = {name: value for name, value in {**self.headers, **(headers or {})}.items() if value is not None}
        return client().generic(method, path, headers=merged, **kwargs)

    def get(self, path: str = CUSTOMERS, query: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        """GET with query parameters."""
        return self.send("GET", path, query_params=query or {}, **kwargs)

    def post(self, body: Any, path: str = CUSTOMERS, **kwargs: Any) -> Any:
        """POST a body as JSON."""
        return self.send("POST", path, **{"data": encoded(body), "content_type": "application/json", **kwargs})


LOCAL = threading.local()


def client() -> Client:
    """Answer this thread's client, made once: each new one loads the middleware anew."""
    if not hasattr(LOCAL, "client"):
        LOCAL.client = Client(raise_request_exception=False)
    made: Client = LOCAL.client
    return made


def encoded(body: Any) -> bytes:
    """Write a body as JSON; bytes and text are sent as they are."""
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def issues(response: HttpResponse) -> dict[str, str]:
    """Answer the issues of a 400, its messages by path."""
    return {issue["path"]: issue["message"] for issue in json.loads(response.content)["issues"]}
