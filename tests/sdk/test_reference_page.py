"""The reference page's requests, copied without a change, against what `quickstart` serves.

Two things are given by the environment: the organization, and the key, whose place `ast_live_your_key` holds in the
`curl` lines. Where port 3000 is taken another one is put in its place; in CI that is a failure.
"""

import fcntl
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Installation, free_port, install, run, serving
from tests.sdk.reference_page import CONFLICT, CUSTOMER, EXAMPLES, KEY, Example
from tests.sdk.typescript import Project, execute

PORT = 3000
SCOPES = "read:customers,write:customers"
SHOW = "\nconsole.log(JSON.stringify(response));\n"


@dataclass(frozen=True)
class Quickstart:
    """What quickstart has set up and serves."""

    installation: Installation
    port: int

    @property
    def examples(self) -> list[Example]:
        return [example.at(f"http://localhost:{self.port}") for example in EXAMPLES]

    def own(self) -> tuple[str, str]:
        """Answer the organization and the key that it prints."""
        return self.installation.printed["organization_id"], self.installation.printed["api_key"]

    def fresh(self) -> tuple[str, str]:
        """Make an organization without customers; answer it and a key of it."""
        organization = self.manage("create_organization", "Fresh")["id"]
        key = self.manage("create_api_key", "--organization", organization, "--name", "Fresh", "--scopes", SCOPES)
        return organization, key["key"]

    def manage(self, *arguments: str) -> Any:
        result = run("manage.py", *arguments, "--json", **self.installation.surroundings)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)


@contextmanager
def port_of_the_page() -> Iterator[int]:
    """Hold the page's port, for one test at a time; answer another one where somebody else has it."""
    with (Path(tempfile.gettempdir()) / "asteri-reference-page.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            is_free = probe.connect_ex(("127.0.0.1", PORT)) != 0
        if not is_free and os.environ.get("SDK_REQUIRED"):
            pytest.fail(f"Port {PORT} is taken, so that the page's requests cannot be sent as they are.")
        yield PORT if is_free else free_port()


@pytest.fixture
def quickstart(tmp_path: Path) -> Iterator[Quickstart]:
    with port_of_the_page() as port:
        installation = install(tmp_path)
        where = {**installation.surroundings, "PORT": None if port == PORT else str(port)}
        with serving("manage.py", "quickstart", port=port, log=tmp_path / "log", **where):
            yield Quickstart(installation, port)


def curl(example: Example, caller: tuple[str, str], folder: Path) -> tuple[int, Any]:
    """Have a shell run the page's lines; answer status and body. How curl shows them is said in its own file."""
    (folder / ".curlrc").write_text('silent\nshow-error\nwrite-out = "\\n%{http_code}"\n')
    organization, key = caller
    lines = example.curl.replace(KEY, "${API_KEY}")
    result = execute("bash", "-c", lines, folder=folder, CURL_HOME=str(folder), ORG_ID=organization, API_KEY=key)
    assert result.returncode == 0, result.stderr
    body, _, status = result.stdout.rpartition("\n")
    return int(status), json.loads(body)


def test_the_page_has_a_request_for_each_operation() -> None:
    assert [example.name for example in EXAMPLES] == ["list", "create", "get"]


def test_the_curl_lines_run_as_they_are(quickstart: Quickstart, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    own, fresh = quickstart.own(), quickstart.fresh()
    listing, create, get = quickstart.examples

    status, page = curl(listing, own, tmp_path)
    assert (status, page["data"][0], page["pagination"]["limit"]) == (200, CUSTOMER, 25)
    assert curl(get, own, tmp_path) == (200, {"data": CUSTOMER})
    assert curl(create, own, tmp_path) == (409, CONFLICT)  # quickstart has made the page's customer already

    status, created = curl(create, fresh, tmp_path)
    assert (status, created["data"]["email"], created["data"]["organization_id"]) == (201, CUSTOMER["email"], fresh[0])
    assert list(created["data"]) == list(CUSTOMER)


def test_the_typescript_snippets_run_as_they_are(typescript: None, quickstart: Quickstart, tmp_path: Path) -> None:
    project = Project.installed(tmp_path)
    project.compile({f"{example.name}.ts": example.typescript + SHOW for example in quickstart.examples})
    own, fresh = quickstart.own(), quickstart.fresh()

    page = snippet(project, "list", own)
    assert (page["data"][0], page["pagination"]["limit"]) == (CUSTOMER, 25)
    assert snippet(project, "get", own) == {"data": CUSTOMER}
    created = snippet(project, "create", fresh)["data"]
    assert (created["email"], created["organization_id"]) == (CUSTOMER["email"], fresh[0])

    taken = project.node("create.js", ASTERI_ORG_ID=own[0], ASTERI_API_KEY=own[1])
    assert taken.returncode != 0
    assert f"AsteriApiError: 409 {CONFLICT['error']}" in taken.stderr
    assert "field: 'email'" in taken.stderr


def snippet(project: Project, name: str, caller: tuple[str, str]) -> Any:
    """Run a snippet that has been compiled; answer its response."""
    result = project.node(f"{name}.js", ASTERI_ORG_ID=caller[0], ASTERI_API_KEY=caller[1])
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
