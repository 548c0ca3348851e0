from typing import Literal

import pytest
from playwright.sync_api import Browser

from asteri.developers.pages import pages
from tests.browser.visits import HOME, Visitor
from tests.processes import Installation

pytestmark = pytest.mark.browser
SLUGS = sorted(pages())
UNFOLD = "[...document.querySelectorAll('details')].slice(0, 6).forEach((one) => { one.open = true; })"  # some of each
COPIED = "navigator.clipboard.readText()"
CHOSEN = "#customers-create-{}-tab"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_sound(browser: Browser, origin: str, width: int, scheme: Literal["light", "dark"]) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, base_url=origin) as context:
        visitor = Visitor(context)
        for slug in SLUGS:
            visitor.go(f"/{slug}".rstrip("/"))
            visitor.page.evaluate(UNFOLD)
            assert visitor.barriers() == [], slug
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width, slug
        assert visitor.troubles == []


def test_every_link_leads_somewhere(visitor: Visitor) -> None:
    found: set[str] = set()
    for slug in SLUGS:
        visitor.go(f"/{slug}".rstrip("/"))
        found |= set(visitor.page.evaluate("[...document.links].map((link) => link.href.split('#')[0])"))
    for address in sorted(found):
        assert visitor.page.request.get(address).status == 200, address


def test_an_inline_script_does_not_run(browser: Browser, origin: str) -> None:
    with browser.new_context(base_url=origin) as context:
        visitor = Visitor(context)
        visitor.go()
        visitor.page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))"
        )
        assert visitor.page.evaluate("window.ran") is None
        assert "Content Security Policy" in visitor.troubles[0]


def test_the_copy_button_copies_what_is_shown(visitor: Visitor) -> None:
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.go("/customers#customers-list")
    frame = visitor.page.locator("section[aria-labelledby='customers-list'] .sample .code").first
    for language in ("bash", "python"):
        frame.locator(f"[role=tab][data-language={language}]").click()
        frame.get_by_role("button", name="Copy").or_(frame.get_by_role("button", name="Copied")).click()
        frame.get_by_role("button", name="Copied").wait_for()
        assert visitor.page.evaluate(COPIED) == frame.locator(f"#customers-list-{language} code").text_content()


def test_tabs_turn_by_keyboard_everywhere_and_are_remembered(visitor: Visitor) -> None:
    visitor.go("/customers")
    visitor.page.locator(CHOSEN.format("bash")).focus()
    visitor.page.keyboard.press("ArrowRight")
    assert visitor.page.evaluate("document.activeElement.id") == "customers-create-typescript-tab"
    visitor.page.keyboard.press("End")
    visitor.page.reload()
    assert visitor.page.locator(CHOSEN.format("python")).get_attribute("aria-selected") == "true"
    assert visitor.page.locator("#customers-list-python").is_visible()
    assert not visitor.page.locator("#customers-list-bash").is_visible()


def test_the_search_is_used_by_keyboard(visitor: Visitor) -> None:
    visitor.go()
    visitor.page.keyboard.press("/")
    visitor.page.keyboard.type("Idempotency-Key")
    visitor.page.get_by_role("option", name="Creating: Idempotency-Key").wait_for()
    visitor.page.keyboard.press("ArrowDown")
    visitor.page.keyboard.press("ArrowUp")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url(f"**{HOME}/safe-retries#creating-idempotency-key")


def test_the_search_says_when_there_is_nothing(visitor: Visitor) -> None:
    visitor.go()
    visitor.page.get_by_role("combobox").fill("zebra")
    visitor.page.get_by_text("No results").wait_for(state="attached")
    visitor.page.keyboard.press("Escape")
    assert visitor.page.get_by_role("combobox").input_value() == ""


def test_the_colours_are_remembered(visitor: Visitor) -> None:
    visitor.go()
    paper = "getComputedStyle(document.body).backgroundColor"
    light = visitor.page.evaluate(paper)
    visitor.page.get_by_role("button", name="Dark colours").click()
    dark = visitor.page.evaluate(paper)
    visitor.go("/errors")
    assert visitor.page.evaluate(paper) == dark != light


def test_the_menu_of_a_phone_opens_and_closes(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 390, "height": 800})
    visitor.go("/customers#customers-list")
    link = visitor.page.get_by_role("navigation").get_by_role("link", name="Pagination")
    assert not link.is_visible()
    visitor.page.get_by_role("button", name="Menu").click()
    assert link.is_visible()
    visitor.page.keyboard.press("Escape")
    assert not link.is_visible()
    assert visitor.page.evaluate("document.activeElement.className").startswith("menu")


def test_every_page_can_be_read_without_scripts(browser: Browser, origin: str) -> None:
    with browser.new_context(java_script_enabled=False, base_url=origin) as context:
        visitor = Visitor(context)
        visitor.go("/customers")
        for language in ("bash", "typescript", "python"):
            assert visitor.page.locator(f"#customers-list-{language}").is_visible()
        assert visitor.page.locator("button:visible").count() == 0


def test_the_console_sends_a_request_and_keeps_nothing(visitor: Visitor, installation: Installation) -> None:
    key = installation.printed["api_key"]
    visitor.go("/console#customers-retrieve")
    visitor.page.get_by_label("API key", exact=True).fill(key)
    visitor.page.get_by_label("Organization", exact=True).fill(installation.printed["organization_id"])
    visitor.page.get_by_role("button", name="Send").click()
    visitor.page.locator("#console-status", has_text="200").wait_for()
    assert '"display_name": "North Harbor Facilities"' in (visitor.page.locator("#console-body").text_content() or "")
    assert key not in visitor.stored() + (visitor.page.locator("#console-curl").text_content() or "")
    visitor.go()
    visitor.page.go_back()
    assert visitor.page.get_by_label("API key", exact=True).input_value() == ""


def test_the_console_shows_a_refusal(browser: Browser, origin: str) -> None:
    with browser.new_context(base_url=origin) as context:
        visitor = Visitor(context)
        visitor.go("/console#customers-list")
        visitor.page.get_by_role("button", name="Send").click()
        visitor.page.locator("#console-status", has_text="401").wait_for()
        assert "Invalid API key" in (visitor.page.locator("#console-body").text_content() or "")
