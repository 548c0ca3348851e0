"""A canary: keys are made and used in every way there is, and then searched for wherever they could have been left."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis
from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from apikeys.keys import PlainKey
from tests.callers import CUSTOMERS, ROOT
from tests.canary.clerks import Clerk
from tests.canary.places import cached, found, secret_of, tables
from tests.faults.neighbours import own_redis, wait_until
from tests.faults.servers import Database, manage, serving_gunicorn, throw_away_database
from tests.processes import Server, run

pytestmark = pytest.mark.faults
NAME, PASSWORD = "nora", "a-password-of-the-tests-alone"
KEYS, REFUSALS = "/admin/apikeys/apikey/", "/admin/usage/refusal/"
SCOPES = "read:customers,write:api_keys"
TERMS = {"scopes": ["read:customers"], "per_minute": "60", "lifetime": "365"}
TELLING = ("django_admin_log", "audit_record", "usage_hour", "usage_refusal", "django_session", "apikeys_apikey")


@dataclass(frozen=True)
class Scene:
    """Where things are done, and what is left of them."""

    server: Server
    clerk: Clerk
    database: Database
    cache: str

    @property
    def places(self) -> dict[str, str]:
        """Everywhere that a key could be."""
        log = {"log": self.server.log.read_text()}
        return {**tables(self.database), **cached(self.cache), **self.clerk.kept, **log}

    def execute(self, statement: str, *values: str) -> None:
        """Carry out a statement in the database, past the server."""
        if self.database.is_postgresql:
            with psycopg.connect(self.database.url) as connection:
                connection.execute(statement.replace("?", "%s").encode(), values)
        else:
            with closing(sqlite3.connect(self.database.url.removeprefix("sqlite:///"))) as file, file:
                file.execute(statement, values)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A served database with somebody on the staff, and on PostgreSQL a Redis."""
    with throw_away_database(tmp_path) as database, own_redis(tmp_path) as cache:
        shared = {"CACHE_URL": cache.url} if database.is_postgresql else {}
        manage(database, "migrate", "--verbosity", "0")
        arguments = ("createsuperuser", "--noinput", "--username", NAME, "--email", "")
        made = run("manage.py", *arguments, DATABASE_URL=database.url, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
        assert made.returncode == 0, made.stderr
        with serving_gunicorn(tmp_path / "log", database, USAGE_FLUSH_SECONDS="1", **shared) as server:
            yield Scene(server, Clerk(server.port), database, shared.get("CACHE_URL", ""))


def act(scene: Scene) -> dict[str, str]:
    """Make keys in every way, use them in every wrong one too; answer them by how they came about."""
    organization = json.loads(manage(scene.database, "create_organization", "North Harbor Facilities", "--json"))["id"]
    arguments = ("create_api_key", "--organization", organization, "--name", "A", "--scopes", SCOPES, "--json")
    keys = {"command": json.loads(manage(scene.database, *arguments))["key"], "unknown": PlainKey.generate("live").text}
    clerk = scene.clerk
    clerk.sign_in(NAME, PASSWORD)
    keys["admin"] = clerk.key(f"{KEYS}add/", **TERMS, organization=organization, name="B", key_id=uuid4())
    keys["rotated"] = clerk.key(f"{KEYS}{id_of(clerk, keys['admin'])}/rotate/", grace="0", lifetime="same")
    keys["API"] = made_by_api(scene, keys["command"], organization)
    for key in keys.values():
        use(scene, key, organization)
    clerk.post(f"{KEYS}{id_of(clerk, keys['rotated'])}/revoke/")
    scene.execute("ALTER TABLE customers_customerchange RENAME TO gone")
    for key in keys.values():
        ask(scene, "GET", f"{CUSTOMERS}/changes", key, organization)
    assert "customers_customerchange" in scene.server.wait_for_line("Traceback")
    return keys


def id_of(clerk: Clerk, key: str) -> str:
    """Answer the id of a key, as the list of keys links it."""
    listed = re.search("/apikey/([0-9a-f-]{36})/change/", clerk.get(f"{KEYS}?q={key[9:21]}"))
    assert listed
    return listed[1]


def ask(scene: Scene, method: str, path: str, key: str, organization: str, **more: Any) -> Any:
    """Call the API; answer its answer."""
    return scene.server.request(method, path, x_api_key=key, x_organization_id=organization, **more)


def made_by_api(scene: Scene, key: str, organization: str) -> str:
    """Make a key over the API, with another."""
    body = {"name": "C", "scopes": ["read:customers"], "per_minute": 10}
    answer = ask(scene, "POST", f"{ROOT}/api-keys", key, organization, body=body, Content_Type="application/json")
    assert answer.status == 201, answer.body
    return str(answer.body["data"]["key"])


def use(scene: Scene, key: str, organization: str) -> None:
    """Use a key as it's meant, and put it wherever somebody may put it by mistake."""
    ask(scene, "GET", CUSTOMERS, key, organization)
    scene.server.request("GET", CUSTOMERS, Authorization=f"Bearer {key}", x_organization_id=organization)
    ask(scene, "GET", CUSTOMERS, key[:-1] + "0", key)
    for path in (f"?api_key={key}", f"?{key}=1", f"?cursor={key}", f"/{key}"):
        ask(scene, "GET", f"{CUSTOMERS}{path}", key, organization)
    wrong = {"email": key, key: key, "phone": key}
    ask(scene, "POST", CUSTOMERS, key, organization, body=wrong, Content_Type="application/json")
    for path in (f"{KEYS}?q={key}", f"{REFUSALS}?q={key}", f"{REFUSALS}?key={key}"):
        scene.clerk.get(path)
    scene.clerk.post(f"{REFUSALS}explain/", subject=key, organization=organization, action="list")
    scene.clerk.post(f"{REFUSALS}explain/", subject=f"see {key}", organization=key)


def plant(scene: Scene, key: str) -> None:
    """Leave a key in one place of each kind, as a mistake would."""
    packed = SessionStore().encode({"key": key})
    scene.execute("UPDATE django_session SET session_data = ?", packed)
    scene.execute("UPDATE django_admin_log SET change_message = ?", f"Made {key}.")
    messages: Any = CookieStorage(HttpRequest())
    scene.clerk.said.append(f"messages={messages._encode([Message(25, f'{key} was made.')])}")
    with scene.server.log.open("a") as log:
        log.write(f"secret={secret_of(key)}\n")
    if scene.cache:
        with closing(redis.Redis.from_url(scene.cache)) as client:
            client.set(f"key:{key}", 1)


def test_a_key_is_left_nowhere(scene: Scene) -> None:
    keys = act(scene)
    wait_until(lambda: all(tables(scene.database)[name] != "[]" for name in TELLING))
    assert found(keys, scene.places) == set()
    plant(scene, keys["admin"])
    planted = {"django_session", "django_admin_log", "headers", "log", *(["redis"] if scene.cache else [])}
    assert {("admin", place) for place in planted} <= found(keys, scene.places)
