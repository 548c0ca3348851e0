"""Clerks: staff's pages asked for over HTTP as a browser does, with cookies and forms; all that isn't shown is kept."""

import re
import urllib.request
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SHOWN = re.compile(r'<pre id="plain-key" tabindex="0">(ast_[^<]+)</pre>')


class Clerk(urllib.request.HTTPRedirectHandler):
    """Somebody of the staff; `said` is every header and every address that the server has answered with."""

    def __init__(self, port: int) -> None:
        self.address, self.cookies, self.said = f"http://127.0.0.1:{port}", CookieJar(), [""]
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), self)

    def redirect_request(self, *answer: Any) -> Any:
        """Follow a redirect, and keep where it led, which its headers say."""
        *_, headers, address = answer
        self.said += [address, str(headers)]
        return super().redirect_request(*answer)

    def get(self, path: str) -> str:
        """Answer a page."""
        return self.ask(urllib.request.Request(self.address + path))

    def post(self, path: str, **fields: Any) -> str:
        """Send the form that a page shows, and answer the page that comes of it."""
        token = TOKEN.search(self.get(path))
        assert token, path
        data = urlencode({"csrfmiddlewaretoken": token[1], **fields}, doseq=True).encode()
        return self.ask(urllib.request.Request(self.address + path, data))

    def ask(self, request: urllib.request.Request) -> str:
        """Send a request; keep all of the answer but its body."""
        with self.opener.open(request) as answer:
            self.said += [answer.url, str(answer.headers)]
            text: str = answer.read().decode()
        return text

    def sign_in(self, name: str, password: str) -> None:
        """Sign in."""
        assert "Log out" in self.post("/admin/login/?next=/admin/", username=name, password=password)

    def key(self, path: str, **fields: Any) -> str:
        """Send a form that makes a key; answer the key."""
        shown = SHOWN.search(self.post(path, **fields))
        assert shown, path
        return shown[1]

    @property
    def kept(self) -> dict[str, str]:
        """What the server has told and had the browser keep, apart from the pages themselves."""
        return {"headers": "\n".join(self.said), "cookies": str([(each.name, each.value) for each in self.cookies])}
