"""Staff in a browser: how they sign in, what they visit, and how they get about by keyboard."""

import json
from dataclasses import dataclass
from typing import Self

from playwright.sync_api import APIResponse, Browser, Locator, StorageState

from tests.browser.visits import Visitor
from tests.callers import CUSTOMERS
from tests.processes import Installation, run

ADMIN = "/admin/"
NAME, PASSWORD = "nora", "a-password-of-the-tests-alone"  # somebody on the staff
MOST_TABS = 120  # from one end of a page to the other


@dataclass(frozen=True)
class Office:
    """A served installation as staff know it: who they are, and the ids of what is there."""

    origin: str
    installation: Installation
    ids: dict[str, str]

    @classmethod
    def prepared(cls, origin: str, installation: Installation) -> Self:
        """Answer the office, once it looks as if it has been in use."""
        key = installation.printed["api_key"]
        result = run("-m", "tests.browser.preparation", key, NAME, PASSWORD, **installation.surroundings)
        assert result.returncode == 0, result.stderr
        return cls(origin, installation, json.loads(result.stdout))

    @property
    def pages(self) -> dict[str, str]:
        """The main pages, by name."""
        key = f"apikeys/apikey/{self.ids['key']}"
        return {
            "dashboard": "",
            "customers": "customers/customer/",
            "customers found": "customers/customer/?q=harbor",
            "no customers": "customers/customer/?q=zzyzx",
            "a customer": f"customers/customer/{self.ids['customer']}/change/",
            "a new customer": f"customers/customer/add/?organization={self.ids['organization']}",
            "an import": "customers/customer/import/",
            "organizations": "organizations/organization/",
            "an organization": f"organizations/organization/{self.ids['organization']}/change/",
            "a new organization": "organizations/organization/add/",
            "keys": "apikeys/apikey/",
            "a key": f"{key}/change/",
            "a new key": "apikeys/apikey/add/",
            "rotate a key": f"{key}/rotate/",
            "revoke a key": f"{key}/revoke/",
            "hygiene": "apikeys/apikey/hygiene/",
            "refusals": "usage/refusal/",
            "a refusal": f"usage/refusal/{self.ids['refusal']}/change/",
            "explain": "usage/refusal/explain/",
            "audit records": "audit/record/",
            "an audit record": f"audit/record/{self.ids['record']}/change/",
            "second factor": "second-factor/",
            "users": "auth/user/",
            "a new user": "auth/user/add/",
        }


class Clerk(Visitor):
    """Somebody of the staff with a page open."""

    home = ADMIN

    def sign_in(self, name: str, password: str, code: str = "") -> None:
        """Sign in by the form."""
        self.go()
        self.fill_in(name, password, code)
        self.page.get_by_role("button", name="Log out").wait_for()

    def fill_in(self, name: str, password: str, code: str = "") -> None:
        """Fill in the form that signs in, and send it."""
        for label, text in (("Username", name), ("Password", password), ("Code", code)):
            self.page.get_by_label(label).fill(text)
        self.page.get_by_role("button", name="Log in").click()

    def button(self, name: str) -> Locator:
        """Answer a button by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        """Answer a link of the page's own part by its whole name."""
        return self.page.locator("#content").get_by_role("link", name=name, exact=True)

    def tab_to(self, place: Locator) -> None:
        """Press Tab until that place has the focus."""
        for _ in range(MOST_TABS):
            if place.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{place} can't be reached by keyboard")

    def shown_key(self) -> str:
        """Answer the key that the page shows this once."""
        self.page.get_by_role("heading", name="API key created").wait_for()
        return self.page.locator("#plain-key").inner_text()

    def ask(self, key: str, organization: str) -> APIResponse:
        """Call the API with a key."""
        headers = {"x-api-key": key, "x-organization-id": organization}
        return self.page.request.get(f"{CUSTOMERS}?limit=1", headers=headers)


def signed_in(browser: Browser, office: Office) -> StorageState:
    """Answer what a browser keeps once somebody has signed in."""
    with browser.new_context(base_url=office.origin) as context:
        clerk = Clerk(context)
        clerk.sign_in(NAME, PASSWORD)
        assert clerk.troubles == []
        return context.storage_state()
