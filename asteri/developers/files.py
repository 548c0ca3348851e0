"""What the site answers, as bytes: made once in a process from the document and the prose, then kept."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from django.template.loader import render_to_string

from asteri.api import CONTRACT_VERSION
from asteri.developers.pages import Page, groups, pages
from asteri.developers.snippets import ORIGIN

INDEX = "search.json"
MOST = 256  # files in memory: some twenty for each origin that is asked for


@dataclass(frozen=True)
class File:
    """An answer: its bytes, the same in gzip, and what tells it from its other versions."""

    content: bytes
    packed: bytes
    etag: str


@lru_cache(maxsize=MOST)
def file(name: str, origin: str) -> File:
    """Answer a page by its slug, or a file by its name, with its examples for an origin."""
    content = text(name).replace(ORIGIN, origin).encode()
    return File(content, gzip.compress(content, mtime=0), f'W/"{hashlib.sha256(content).hexdigest()[:32]}"')


@cache
def text(name: str) -> str:
    """Answer what a file says, with the examples for the reference page's origin."""
    if name == INDEX:
        return json.dumps([entry for page in pages().values() for entry in entries(page)], ensure_ascii=False)
    page = pages()[name]
    shared = {"page": page, "groups": groups(), "version": CONTRACT_VERSION}
    return render_to_string(page.template, {**shared, **page.context})


def entries(page: Page) -> Iterator[dict[str, str]]:
    """Answer what the search finds of a page: the page itself, then its parts."""
    yield {"url": page.url, "page": page.group, "title": page.title, "text": page.lead}
    for section in page.sections:
        url = f"{page.url}#{section.anchor}"
        yield {"url": url, "page": page.title, "title": section.title, "text": section.text, "method": section.method}
