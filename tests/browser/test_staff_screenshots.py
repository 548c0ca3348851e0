"""The screenshots that the README shows, made anew where SCREENSHOTS is 1: of demonstration data alone."""

import os
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState

from tests.browser.staff import Clerk, Office
from tests.processes import ROOT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("SCREENSHOTS") != "1", reason="SCREENSHOTS=1 makes them anew"),
]
FOLDER = ROOT / "asteri" / "staff" / "screenshots"
PICTURES = {"dashboard": ("dashboard", "h1"), "key": ("a key", ".key-charts"), "hygiene": ("hygiene", "h1")}
MOST_BYTES = 150_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pictures_are_made(browser: Browser, office: Office, session: StorageState, scheme: Any) -> None:
    screen: Any = {"viewport": {"width": 1180, "height": 900}, "color_scheme": scheme}
    with browser.new_context(base_url=office.origin, storage_state=session, **screen) as context:
        clerk = Clerk(context)
        for name, (page, part) in PICTURES.items():
            clerk.go(office.pages[page])
            clerk.page.locator(part).first.scroll_into_view_if_needed()
            picture = clerk.page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
            assert len(picture) < MOST_BYTES, name
        assert clerk.troubles == []
