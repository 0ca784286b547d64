"""Strangers' words in Markdown: names, values and messages of the tenant and of the specs, which may hold
anything.

Names and values stand in code spans, in which Markdown, HTML and mentions mean nothing. In sentences each
character that could mean something is escaped; what a forge would make a mention, a reference or a link of
after rendering is parted by a word joiner, which shows nothing.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

from controller.report.text import plain

NAME: Final = 160  # characters of a name or value
_SENTENCE: Final = 1_200
_JOINER: Final = "\u2060"
_REFERENCE: Final = re.compile(r"(?<!\w)[@!~%$](?=[\w\"])|&(?=\w+(?![\w;]))|#(?=\w)")
_SYNTAX: Final = re.compile(r"[\\`*_\[\]|~$#]")
_LINK: Final = re.compile(r"(?:https?|ftp):(?=//)|\bwww(?=\.)|\bmailto(?=:)", re.IGNORECASE)


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def code(text: str, most: int = NAME) -> str:
    """A code span, fenced by more backticks than it has."""
    shown = cut(plain(text), most)
    if not shown.strip():
        return "(blank)"
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    """A sentence."""
    shown = escape(cut(plain(text), _SENTENCE), quote=False)
    shown = _REFERENCE.sub(lambda hit: hit[0] + _JOINER, shown)
    shown = _SYNTAX.sub(lambda hit: "\\" + hit[0], shown)
    return _LINK.sub(lambda hit: hit[0] + _JOINER, shown)
