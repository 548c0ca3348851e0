"""Markdown to HTML: headings get anchors, code its colours; HTML in the text is shown, not obeyed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from asteri.developers.code import Code, panel

LABELS = {"bash": "Shell", "typescript": "TypeScript", "python": "Python", "json": "JSON", "http": "HTTP"}


@dataclass(frozen=True)
class Heading:
    """A heading that can be linked to, and the plain text from it to the next."""

    level: int
    anchor: str
    title: str
    text: str


def slug(title: str) -> str:
    """Answer a title's anchor: its words in lower case, joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def plain(token: Token) -> str:
    """Answer what a token says, without its marks."""
    if token.type == "inline":
        return "".join(plain(child) for child in token.children or [])
    return " " if token.type == "softbreak" else token.content


def label(token: Token) -> str:
    """Answer what a block of code is called."""
    return "curl" if token.content.startswith("curl ") else LABELS[token.info]


class Renderer(RendererHTML):
    """Writes headings, code and tables as the site's other parts have them."""

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Open a heading with its anchor."""
        return f'<{tokens[idx].tag} id="{slug(plain(tokens[idx + 1]))}">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Close a heading with the link to itself."""
        title = plain(tokens[idx - 1])
        link = render_to_string("developers/anchor.html", {"anchor": slug(title), "title": title})
        return f"{link}</{tokens[idx].tag}>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Show a block of code; blocks that follow each other are one request in several languages, and share tabs."""
        if idx and tokens[idx - 1].type == "fence":
            return ""
        run = takewhile(lambda token: token.type == "fence", tokens[idx:])
        return panel([Code(label(token), token.info, token.content.rstrip("\n")) for token in run], f"code-{idx}")

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Open a table in a frame that scrolls by itself, by the keyboard too."""
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Close a table and its frame."""
        return "</table></div>\n"


MARKDOWN = MarkdownIt("commonmark", {"html": False}, renderer_cls=Renderer).enable("table")


def inline(text: str) -> SafeString:
    """Answer a sentence or two, without a paragraph around them."""
    return SafeString(MARKDOWN.renderInline(text))  # the renderer escapes whatever HTML there is


def block(text: str) -> SafeString:
    """Answer a whole text."""
    return SafeString(MARKDOWN.render(text))


def headings(text: str) -> Iterator[Heading]:
    """Answer the headings of a text, each with what stands below it."""
    tokens = MARKDOWN.parse(text)
    starts = [place for place, token in enumerate(tokens) if token.type == "heading_open"]
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        title = plain(tokens[start + 1])
        below = " ".join(plain(token) for token in tokens[start + 3 : end] if token.content)
        yield Heading(int(tokens[start].tag[1:]), slug(title), title, below)
