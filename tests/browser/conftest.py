"""What every test in a browser stands on: a served quickstart, Chromium, and a page that tells what goes wrong."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

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
    """Answer where the quickstart is served."""
    port = free_port()
    command, log = ("-m", "gunicorn", "asteri.wsgi", "--bind", f"127.0.0.1:{port}"), installation.folder / "log"
    with serving(*command, port=port, log=log, **installation.surroundings):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def visitor(browser: Browser, origin: str) -> Iterator[Visitor]:
    """Answer a page on a wide screen; whatever goes wrong in it fails the test."""
    with browser.new_context(viewport={"width": 1280, "height": 900}, base_url=origin) as context:
        visitor = Visitor(context)
        yield visitor
        assert visitor.troubles == []
