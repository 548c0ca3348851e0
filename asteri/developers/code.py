"""Code to show, with its colours and a button that copies it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString
from pygments import lex
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType

COLOURS = {
    "c": Comment,
    "k": Keyword,
    "n": Number,
    "s": String,
    "t": Name.Tag,
    "v": Name.Variable,
}


@dataclass(frozen=True)
class Code:
    """Some code: under which label it's shown, and in which language it's written."""

    label: str
    lexer: str
    text: str

    @property
    def html(self) -> SafeString:
        """The code with its colours; only what has one is marked."""
        pieces = lex(self.text, get_lexer_by_name(self.lexer, stripnl=False, ensurenl=False))
        return SafeString("".join(coloured(kind, piece) for kind, piece in pieces))  # each is escaped


def coloured(kind: _TokenType, text: str) -> str:
    """Answer one piece of code, escaped, and marked where it has a colour."""
    colour = next((name for name, group in COLOURS.items() if group in kind.split()), "")
    return f'<span class="{colour}">{escape(text)}</span>' if colour else escape(text)


def panel(codes: Sequence[Code], id: str) -> SafeString:  # noqa: A002 - it's what HTML calls it.
    """Answer code in a frame of its own; several pieces share tabs, which `id` tells from the page's others."""
    return render_to_string("developers/code.html", {"codes": codes, "id": id})


def as_json(value: Any) -> str:
    """Write a value as the reference page does."""
    return json.dumps(value, indent=2, ensure_ascii=False)
