"""Visits: a page in a browser, and what must not happen in it."""

from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Request, Response

HOME = "/developers"
GRAVE = ("serious", "critical")


class Visitor:
    """Somebody with a page open; `troubles` are the errors, the failures and the requests that leave this host."""

    home = HOME

    def __init__(self, context: BrowserContext) -> None:
        self.troubles: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda message: self.note(message.type == "error", message.text))
        self.page.on("pageerror", lambda error: self.note(True, str(error)))
        self.page.on("request", self.watch)
        self.page.on("response", self.judge)

    def note(self, is_trouble: bool, text: str) -> None:
        if is_trouble:
            self.troubles.append(f"{self.page.url}: {text}")

    def watch(self, request: Request) -> None:
        self.note(urlsplit(request.url).hostname != "127.0.0.1", f"{request.url} is another host's")

    def judge(self, response: Response) -> None:
        self.note(response.status >= 400, f"{response.url} answered {response.status}")

    def go(self, path: str = "") -> None:
        self.page.goto(f"{self.home}{path}")

    def stored(self) -> str:
        """Answer everything that the browser keeps for this host."""
        kept = self.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        return str(kept)

    def barriers(self) -> list[str]:
        """Answer what axe-core finds that keeps people out, with where it is."""
        found: dict[str, Any] = Axe().run(self.page, options={"preload": False}).response  # it would lay styles inline
        return [
            f"{violation['id']}: {node['html']}"
            for violation in found["violations"]
            if violation["impact"] in GRAVE
            for node in violation["nodes"]
        ]
