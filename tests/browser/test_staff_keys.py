import re

import pytest

from tests.browser.staff import Clerk, Office

pytestmark = pytest.mark.browser
COPIED = "navigator.clipboard.readText()"
SELECTED = "getSelection().toString()"
KEY_FORM = re.compile(r"ast_(live|test)_[0-9A-Za-z]{50}")


def test_a_key_from_its_making_to_its_end(clerk: Clerk, office: Office) -> None:
    """Create an organization with a key, copy it, call the API, see the usage, rotate, revoke, see the 401."""
    clerk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    key, organization = make_organization(clerk)
    clerk.button("Copy the key").click()
    clerk.page.get_by_text("The key is copied.").wait_for()
    assert clerk.page.evaluate(COPIED) == key
    assert key in (clerk.page.locator("#curl").text_content() or "")
    assert [clerk.ask(key, organization).status for _ in range(3)] == [200, 200, 200]
    clerk.link("Go to the key").click()
    watch_the_usage(clerk, requests=3)
    successor = rotate(clerk)
    assert [clerk.ask(each, organization).status for each in (key, successor)] == [401, 200]
    clerk.link("Go to the key").click()
    clerk.link("Revoke").click()
    clerk.button("Revoke the key for good").click()
    clerk.page.get_by_text("The very next request is refused.").wait_for()
    assert clerk.ask(successor, organization).status == 401


def make_organization(clerk: Clerk) -> tuple[str, str]:
    """Make an organization and its first key; answer the key and the organization's id."""
    clerk.go("organizations/organization/add/")
    names = clerk.page.get_by_label("Name:", exact=True)
    names.nth(0).fill("Cedar Roofing")
    names.nth(1).fill("Its first")
    clerk.page.get_by_label("read:customers").check()
    clerk.button("Create").click()
    key = clerk.shown_key()
    organization = re.search("x-organization-id: ([0-9a-f-]{36})", clerk.page.locator("#curl").inner_text())
    assert organization
    return key, organization[1]


def watch_the_usage(clerk: Clerk, requests: int) -> None:
    """Reload a key's page until its chart shows that many requests."""
    for _ in range(60):
        if clerk.page.locator(".usage-sum").first.inner_text() == f"{requests} requests":
            return
        clerk.page.wait_for_timeout(500)
        clerk.page.reload()
    raise AssertionError(clerk.page.locator(".usage-sum").all_inner_texts())


def rotate(clerk: Clerk) -> str:
    """Rotate the key whose page is shown, which ends now; answer the new one."""
    clerk.link("Rotate").click()
    clerk.page.get_by_label("now", exact=True).check()
    clerk.button("Rotate the key").click()
    return clerk.shown_key()


def test_a_refused_clipboard_leaves_the_key_selected(clerk: Clerk, office: Office) -> None:
    clerk.page.context.grant_permissions(["geolocation"])  # which refuses everything else
    make_key(clerk, office)
    key = clerk.shown_key()
    clerk.button("Copy the key").press("Enter")
    clerk.page.get_by_text("The key is selected").wait_for()
    assert clerk.page.evaluate(SELECTED) == key


def make_key(clerk: Clerk, office: Office) -> None:
    """Make a key of the demonstration's organization."""
    clerk.go(f"apikeys/apikey/add/?organization={office.ids['organization']}")
    clerk.page.get_by_label("Name:", exact=True).fill("A test")
    clerk.page.get_by_label("read:customers").check()
    clerk.button("Create the key").click()


def test_a_shown_key_is_gone_on_reload_and_back(clerk: Clerk, office: Office) -> None:
    make_key(clerk, office)
    key = clerk.shown_key()
    clerk.page.reload()
    assert key not in clerk.page.content()
    assert KEY_FORM.search(clerk.page.content()) is None
    clerk.page.go_back()
    assert key not in clerk.page.content()
    assert key not in clerk.stored()


def test_a_key_is_made_by_keyboard_alone(clerk: Clerk) -> None:
    clerk.go("apikeys/apikey/add/")
    keyboard = clerk.page.keyboard
    clerk.tab_to(clerk.page.get_by_role("combobox").first)
    keyboard.press("Enter")
    keyboard.type("North Harbor")
    clerk.page.get_by_role("option", name="North Harbor Demonstration").wait_for()
    keyboard.press("Enter")
    clerk.tab_to(clerk.page.get_by_label("Name:", exact=True))
    keyboard.type("By keyboard")
    clerk.tab_to(clerk.page.get_by_label("read:customers"))
    keyboard.press("Space")
    clerk.tab_to(clerk.button("Create the key"))
    keyboard.press("Enter")
    key = clerk.shown_key()
    assert KEY_FORM.fullmatch(key)
    clerk.tab_to(clerk.button("Copy the key"))


def test_a_whole_key_never_leaves_the_search(clerk: Clerk, office: Office) -> None:
    key = office.installation.printed["api_key"]
    clerk.go("apikeys/apikey/")
    clerk.page.locator("#searchbar").fill(key)
    clerk.page.locator("#searchbar").press("Enter")
    clerk.page.wait_for_url("**/apikeys/apikey/?q=ast_*")
    assert key not in clerk.page.url
    assert clerk.page.locator("#result_list tbody tr").count() == 1
