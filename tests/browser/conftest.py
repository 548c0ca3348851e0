"""What every test in a browser stands on: a served quickstart, Chromium, and a page that tells what goes wrong."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState, sync_playwright

from tests.browser.staff import Clerk, Office, signed_in
from tests.browser.visits import Visitor
from tests.processes import Installation, free_port, install, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # root, as which containers run, has no sandbox
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in a browser as one of a served site."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.served)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Answer the machine's Chromium; where there is none, skip, or fail if BROWSER_REQUIRED is set."""
    if not CHROMIUM:
        (pytest.fail if os.environ.get("BROWSER_REQUIRED") else pytest.skip)("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(tmp_path_factory.mktemp("quickstart"))


@pytest.fixture(scope="session")
def origin(installation: Installation) -> Iterator[str]:
    """Answer where the quickstart is served; what it counts of requests shows within a second or two."""
    port = free_port()
    command, log = ("-m", "gunicorn", "asteri.wsgi", "--bind", f"127.0.0.1:{port}"), installation.folder / "log"
    with serving(*command, port=port, log=log, USAGE_FLUSH_SECONDS="1", **installation.surroundings):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def visitor(browser: Browser, origin: str) -> Iterator[Visitor]:
    """Answer a page on a wide screen; whatever goes wrong in it fails the test."""
    with browser.new_context(viewport={"width": 1280, "height": 900}, base_url=origin) as context:
        visitor = Visitor(context)
        yield visitor
        assert visitor.troubles == []


@pytest.fixture(scope="session")
def office(origin: str, installation: Installation) -> Office:
    """Answer the served quickstart as if staff had worked with it for a while."""
    return Office.prepared(origin, installation)


@pytest.fixture(scope="session")
def session(browser: Browser, office: Office) -> StorageState:
    """Answer what a browser keeps of somebody who has signed in."""
    return signed_in(browser, office)


@pytest.fixture
def newcomer(browser: Browser, office: Office) -> Iterator[Clerk]:
    """Answer somebody of the staff who has not signed in; whatever goes wrong in the page fails the test."""
    with browser.new_context(viewport={"width": 1280, "height": 900}, base_url=office.origin) as context:
        clerk = Clerk(context)
        yield clerk
        assert clerk.troubles == []


@pytest.fixture
def clerk(browser: Browser, office: Office, session: StorageState) -> Iterator[Clerk]:
    """Answer somebody of the staff who has signed in; whatever goes wrong in the page fails the test."""
    screen: Any = {"viewport": {"width": 1280, "height": 900}}
    with browser.new_context(base_url=office.origin, storage_state=session, **screen) as context:
        clerk = Clerk(context)
        yield clerk
        assert clerk.troubles == []
