from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState

from tests.browser.staff import Clerk, Office

pytestmark = pytest.mark.browser
SCREENS: list[tuple[str, int]] = [("light", 1280), ("dark", 360)]


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
def test_every_page_is_sound(browser: Browser, office: Office, session: StorageState, scheme: Any, width: int) -> None:
    screen: Any = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with browser.new_context(base_url=office.origin, storage_state=session, **screen) as context:
        clerk, faults = Clerk(context), list[str]()
        for name, path in office.pages.items():
            clerk.go(path)
            assert clerk.page.evaluate("document.documentElement.scrollWidth") <= width, name
            faults += [f"{name}: {barrier}" for barrier in clerk.barriers()]
        assert faults + clerk.troubles == []
