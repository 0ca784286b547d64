"""HTML as it is compared, and plain text as it is sent.

A service stores an automatic reply or a signature as an HTML document of its own making: wrapped in `<html>
<body>`, with a head, other line breaks, entities for characters and the like [reference: Exchange admin API,
15.8; Graph API, section 7]. Two texts are the same here if a reader would see the same. The normal form
decides and is shown; it is never sent.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Final

_SPACE: Final = re.compile(r"[ \t\n\r\f]+")
_TAG_NAME: Final = re.compile(r"[a-z][a-z0-9:._-]*")
_ATTRIBUTE: Final = re.compile(r"[a-z_][a-z0-9:._-]*")
_VOID: Final = frozenset(("area", "br", "col", "embed", "hr", "img", "input", "source", "wbr"))
_UNSEEN: Final = frozenset(("script", "style", "title", "template", "noscript"))  # with all that is in them
_WRAPPING: Final = frozenset(("html", "body", "head", "meta", "link", "base"))  # the tags alone
_BLOCKS: Final = frozenset(
    ("address", "article", "aside", "blockquote", "caption", "center", "col", "colgroup", "dd", "div", "dl",
     "dt", "fieldset", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
     "nav", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "br")
)  # fmt: skip
_INLINE: Final = frozenset(
    ("a", "abbr", "b", "big", "cite", "code", "em", "font", "i", "img", "ins", "kbd", "q", "s", "small",
     "span", "strike", "strong", "sub", "sup", "tt", "u", "html", "body", "head", "meta", "style", "title")
)  # fmt: skip
# What an opening tag closes by itself, and inside what (HTML's optional end tags).
_CLOSES: Final = {
    "li": (("li",), ("ul", "ol")),
    "dt": (("dt", "dd"), ("dl",)),
    "dd": (("dt", "dd"), ("dl",)),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "tr": (("tr",), ("table",)),
}
_NO_PARAGRAPH: Final = _BLOCKS - {"br", "td", "th", "tr", "li", "dt", "dd", "caption", "col", "colgroup",
                                  "tbody", "thead", "tfoot"}  # fmt: skip
_MARKUP: Final = re.compile(
    rf"<(/?({'|'.join(sorted(_BLOCKS | _INLINE))})(\s[^<>]*)?/?|!doctype\b[^>]*|!--.*?--)>", re.I | re.S
)


def is_markup(text: str) -> bool:
    """Whether a text has a tag of HTML in it. An address in angle brackets is none."""
    return _MARKUP.search(text) is not None


def from_text(text: str) -> str:
    """Plain text as an HTML document that reads the same: line breaks are kept."""
    lines = html.escape(text.strip(), quote=False).splitlines()
    return f"<html><body>{'<br>'.join(line.rstrip() for line in lines)}</body></html>"


def canonical(text: str | None) -> str:
    """The normal form of an HTML document or fragment; empty where nothing is to be seen.

    Gone are the wrapping, the head, comments, scripts, styles of the document, and white space that a
    browser does not show. Entities are characters, tags and attributes in lower case, attributes sorted and
    in double quotes, end tags where they may be left out. A no-break space stays one."""
    reader = _Reader()
    reader.feed((text or "").replace("\r\n", "\n").replace("\r", "\n"))
    reader.close()
    return reader.result()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._unseen: list[str] = []
        self._in_head = False
        self._text = ""  # read, and not written yet: the parser may cut a text into pieces
        self._space = False  # white space was read that counts if something follows on this line
        self._edge = True  # nothing stands on this line yet
        self._gap = (0, 0)  # where white space would go that comes now: place and depth of nesting

    def result(self) -> str:
        self._flush()
        while self._open:
            self._end(self._open[-1])
        return "".join(self._out)

    # --- what the parser calls ----------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _WRAPPING:
            self._in_head = tag == "head" or (self._in_head and tag != "body")
            return
        if tag in _UNSEEN:
            self._unseen.append(tag)
        if self._unseen or self._in_head or not _TAG_NAME.fullmatch(tag):
            return
        self._flush()
        self._imply_ends(tag)
        self._tag(f"<{tag}{_attributes(attrs)}>", block=tag in _BLOCKS, content=tag in _VOID)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNSEEN:  # `<div/>` opens a div
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "head":
            self._in_head = False
        if self._unseen:
            if tag == self._unseen[-1]:
                self._unseen.pop()
            return
        if tag == "br":  # browsers take `</br>` for a line break
            self.handle_starttag(tag, [])
        elif tag in self._open:
            self._flush()
            while self._open[-1] != tag:
                self._end(self._open[-1])
            self._end(tag)

    def handle_data(self, data: str) -> None:
        if not (self._unseen or self._in_head):
            self._text += data

    # --- writing ------------------------------------------------------------------------------------

    def _imply_ends(self, tag: str) -> None:
        if tag in _NO_PARAGRAPH and "p" in self._open:
            inside = self._open[len(self._open) - self._open[::-1].index("p") :]
            if not any(each in ("td", "th", "li", "div", "blockquote") for each in inside):
                self._end_to(len(self._open) - len(inside) - 1)
        closing, bounds = _CLOSES.get(tag, ((), ()))
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at] in bounds:
                return
            if self._open[at] in closing:
                self._end_to(at)
                return

    def _end_to(self, depth: int) -> None:
        while len(self._open) > depth:
            self._end(self._open[-1])

    def _end(self, tag: str) -> None:
        self._open.pop()
        self._tag(f"</{tag}>", block=tag in _BLOCKS, content=False)

    def _tag(self, written: str, *, block: bool, content: bool) -> None:
        if block:  # white space at the end of a line is not seen
            self._space = False
        elif content:
            self._spaced()
        self._out.append(written)
        if block or content:
            self._edge = block
            self._gap = (len(self._out), len(self._open))
        elif len(self._open) < self._gap[1]:
            self._gap = (len(self._out), len(self._open))

    def _spaced(self) -> None:
        """Writes the white space that was read, outside of as many inline tags around it as can be."""
        if self._space and not self._edge:
            self._out.insert(self._gap[0], " ")
        self._space = False

    def _flush(self) -> None:
        text, self._text = self._text, ""
        if not text:
            return
        if "pre" in self._open or "textarea" in self._open:
            kept = text.lstrip("\n") if self._out[-1].startswith(("<pre", "<textarea")) else text
            self._out.append(html.escape(kept, quote=False))
            self._space = self._edge = False
            self._gap = (len(self._out), len(self._open))
            return
        words = _SPACE.sub(" ", text)
        if words.startswith(" "):
            self._space = True
        if inner := words.strip(" "):
            self._spaced()
            self._out.append(html.escape(inner, quote=False))
            self._edge, self._space = False, words.endswith(" ")
            self._gap = (len(self._out), len(self._open))


def _attributes(attrs: list[tuple[str, str | None]]) -> str:
    kept: dict[str, str] = {}
    for name, value in attrs:
        if _ATTRIBUTE.fullmatch(name) and not name.startswith("on"):
            kept.setdefault(name, _attribute(name, value or ""))
    return "".join(f' {name}="{html.escape(value)}"' for name, value in sorted(kept.items()))


def _attribute(name: str, value: str) -> str:
    text = _SPACE.sub(" ", value).strip()
    if name != "style":
        return text
    pairs = (part.partition(":") for part in text.split(";"))
    return ";".join(f"{key.strip().lower()}:{rest.strip()}" for key, _, rest in pairs if key.strip())
