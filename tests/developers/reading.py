"""Reading the site's pages, as a careful reader of HTML would."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from asteri.developers.pages import pages

VOID = {"meta", "link", "img", "input", "br", "hr"}
PATHS = sorted(page.url for page in pages().values())


def fetch(path: str, **headers: str) -> Any:
    return Client(raise_request_exception=False).get(path, headers={"host": "localhost", **headers})


@dataclass
class Element:
    """An element, what stands in it, and what it stands in."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    children: "list[Element | str]" = field(default_factory=list)

    @cached_property
    def below(self) -> "list[Element]":
        """Every element below this one, in their order."""
        own = [child for child in self.children if isinstance(child, Element)]
        return [one for child in own for one in (child, *child.below)]

    def __iter__(self) -> Iterator["Element"]:
        return iter(self.below)

    def all(self, tag: str, **attributes: str) -> "list[Element]":
        """Answer the elements below that have this tag and these attributes."""
        return [one for one in self if one.tag == tag and attributes.items() <= one.attributes.items()]

    def one(self, tag: str, **attributes: str) -> "Element":
        (found,) = self.all(tag, **attributes)
        return found

    @property
    def text(self) -> str:
        """What there is to read."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def id(self) -> str | None:
        return self.attributes.get("id")


class Reader(HTMLParser):
    """Builds the tree; every element that is opened has to be closed, and in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        assert len(made.attributes) == len(attrs), self.get_starttag_text()
        self.here.children.append(made)
        self.here = self.here if tag in VOID else made

    def handle_endtag(self, tag: str) -> None:
        assert self.here.tag == tag, (tag, self.getpos())
        assert self.here.parent
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def read(text: str) -> Element:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.here is reader.root
    return reader.root


@cache
def page(path: str) -> Element:
    """Answer a page, read once: it's the same for whoever asks."""
    response = fetch(path)
    assert response.status_code == 200, path
    return read(response.content.decode())
