"""HTML as it is compared, and plain text as it is sent.

A service stores an automatic reply or a signature as an HTML document of its own making: wrapped in `<html>
<body>`, with a head, other line breaks, entities for characters and the like [reference: Exchange admin API,
15.8; Graph API, section 7]. Two texts are the same here if a reader would see the same. The normal form
decides and is shown; it is never sent.

The reading is our own and takes time in proportion to the text: whoever may edit a mailbox's reply decides
what is read here, and the standard library's parser can be kept busy for minutes by 100 KB.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

_SPACE: Final = re.compile(r"[ \t\n\r\f]+")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_SIMPLE: Final = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)([^<>]*)>")
_OPENING: Final = re.compile(r"</?[a-zA-Z]")
_WRITTEN: Final = re.compile(r"([^\s/=\"'>]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>][^\s>]*))?")
_NAME: Final = re.compile(r"[a-z][a-z0-9:._-]*")
_DEEPEST: Final = 100  # tags inside each other; what is deeper is read as if it were not tagged
_VOID: Final = frozenset(("area", "br", "col", "embed", "hr", "img", "input", "source", "wbr"))
_UNSEEN: Final = frozenset(("script", "style", "title"))  # with all that is in them
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
    rf"<(/?({'|'.join(sorted(_BLOCKS | _INLINE))})(\s[^<>]*)?/?>|!doctype\b|!--)", re.IGNORECASE
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
    writer = _Writer()
    for closing, tag, written in _tokens((text or "").replace("\r\n", "\n").replace("\r", "\n")):
        if not tag:
            writer.text(html.unescape(written))
        elif closing:
            writer.end(tag)
        else:
            writer.start(tag, written)
    return writer.result()


def _tokens(text: str) -> Iterator[tuple[str, str, str]]:
    """Tags as (slash, name, attributes) and texts as ("", "", text), without comments, declarations and
    what is not seen. From the first tag on that does not end (a quote in it has no other), quotes say
    nothing: looking for their other half each time would take for ever."""
    at, form = 0, _TAG
    while (start := text.find("<", at)) >= 0:
        yield "", "", text[at:start]
        following = text[start + 1 : start + 2]
        if following in ("!", "?"):
            closing = "-->" if text.startswith("<!--", start) else ">"
            end = text.find(closing, start + 2)
            if end < 0:
                return
            at = end + len(closing)
        elif found := form.match(text, start):
            tag, at = found[2].lower(), found.end()
            if tag in _UNSEEN and not found[1]:
                ending = re.compile(f"</{tag}[^>]*>", re.IGNORECASE).search(text, at)
                if ending is None:
                    return
                at = ending.end()
            elif tag not in _UNSEEN and _NAME.fullmatch(tag):
                yield found[1], tag, found[3]
        elif form is _TAG and _OPENING.match(text, start):
            at, form = start, _SIMPLE
        else:
            yield "", "", "<"
            at = start + 1
    yield "", "", text[at:]


class _Writer:
    """Writes the normal form of what it is told."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[str] = []
        self._in_head = False
        self._text = ""  # read, and not written yet: comments may cut a text into pieces
        self._space = False  # white space was read that counts if something follows on this line
        self._edge = True  # nothing stands on this line yet
        self._gap = (0, 0)  # where white space would go that comes now: place and depth of nesting

    def result(self) -> str:
        self._flush()
        self._end_to(0)
        return "".join(self._out)

    def text(self, text: str) -> None:
        if not self._in_head:
            self._text += text

    def start(self, tag: str, written: str) -> None:
        if tag in _WRAPPING:
            self._in_head = tag == "head" or (self._in_head and tag != "body")
        if tag in _WRAPPING or self._in_head:
            return
        self._flush()
        self._imply_ends(tag)
        if tag not in _VOID and len(self._open) >= _DEEPEST:
            return
        self._tag(f"<{tag}{_attributes(written)}>", block=tag in _BLOCKS, content=tag in _VOID)
        if tag not in _VOID:
            self._open.append(tag)

    def end(self, tag: str) -> None:
        if tag == "head":
            self._in_head = False
        elif tag == "br":  # browsers take `</br>` for a line break
            self.start(tag, "")
        elif tag in self._open:
            self._flush()
            self._end_to(len(self._open) - 1 - self._open[::-1].index(tag))

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
        if "pre" in self._open:  # the first line break in it is not seen
            kept = text.lstrip("\n") if self._out[-1].startswith("<pre") else text
            if not kept:
                return
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


def _attributes(written: str) -> str:
    """Sorted, without what runs scripts; the first of two equal names holds."""
    kept: dict[str, str] = {}
    for found in _WRITTEN.finditer(written):
        name, value = found[1].lower(), found[2] or ""
        if _NAME.fullmatch(name) and not name.startswith("on"):
            bare = value[1:-1] if value[:1] in ("'", '"') else value
            kept.setdefault(name, _attribute(name, html.unescape(bare)))
    return "".join(f' {name}="{html.escape(value)}"' for name, value in sorted(kept.items()))


def _attribute(name: str, value: str) -> str:
    text = _SPACE.sub(" ", value).strip()
    if name != "style":
        return text
    pairs = (part.partition(":") for part in text.split(";"))
    return ";".join(f"{key.strip().lower()}:{rest.strip()}" for key, _, rest in pairs if key.strip())
