from base64 import b32decode

import pytest
from django_otp.oath import totp

from tests.browser.staff import Clerk, Office

pytestmark = pytest.mark.browser


def test_the_second_factor_is_set_up_and_asked_for(newcomer: Clerk, office: Office) -> None:
    """Set it up as the quickstart's own user, sign in with a recovery code, and take it away again."""
    name, password = office.installation.printed["staff_username"], office.installation.printed["staff_password"]
    newcomer.sign_in(name, password)
    newcomer.go("second-factor/")
    assert newcomer.page.locator(".qr svg").is_visible()
    secret = b32decode(newcomer.page.locator("code.secret").inner_text().replace(" ", ""))
    newcomer.page.get_by_label("Code").fill(f"{totp(secret):06}")
    newcomer.button("Turn on").click()
    newcomer.page.get_by_role("heading", name="Recovery codes").wait_for()
    codes = newcomer.page.locator(".codes code").all_inner_texts()
    assert len(set(codes)) == 10
    newcomer.link("I have kept them").click()
    newcomer.button("Log out").click()
    newcomer.go()
    newcomer.fill_in(name, password)
    newcomer.page.get_by_text("a code from your authenticator app").first.wait_for()
    newcomer.fill_in(name, password, codes[0])
    newcomer.button("Log out").wait_for()
    newcomer.go("second-factor/")
    newcomer.page.get_by_text("9 recovery codes left").wait_for()
    newcomer.page.get_by_label("Code").fill(codes[1])
    newcomer.button("Remove the second factor").click()
    newcomer.page.get_by_text("Your second factor is gone").wait_for()


def test_a_wrong_password_is_told(newcomer: Clerk) -> None:
    newcomer.go()
    newcomer.fill_in("nora", "not the password")
    newcomer.page.get_by_text("Please enter the correct username and password").wait_for()


def test_the_colours_are_chosen_and_remembered(clerk: Clerk) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    clerk.page.emulate_media(color_scheme="light")
    clerk.go()
    light = clerk.page.evaluate(paper)
    clerk.page.get_by_role("button", name="Toggle theme").click()  # from the system's to the other one
    dark = clerk.page.evaluate(paper)
    clerk.go("customers/customer/")
    assert clerk.page.evaluate(paper) == dark != light
