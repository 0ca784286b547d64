"""Texts that people read: short ones stand in the document, others in a file beside it."""

from __future__ import annotations

import html
from typing import Final

from controller import markup
from controller.intake.draft import Draft

_SHORT: Final = 200  # characters, on one line
_TEXTS: Final = (("automaticReplies", "internal"), ("automaticReplies", "external"), ("signature",))


def put_beside(draft: Draft, stem: str) -> dict[str, str]:
    """Replaces what is too long to stand in the document by a reference; returns the files, by their path
    from the top of the specs folder. `stem` is what the document's own file is called."""
    files: dict[str, str] = {}
    for path in _TEXTS:
        tree = draft.values
        for part in path[:-1]:
            tree = tree.get(part, {})
        written = tree.get(path[-1])
        if not isinstance(written, str):
            continue
        if (short := _short(written)) is not None:
            tree[path[-1]] = short
            continue
        folder, suffix = ("signatures", "") if path[0] == "signature" else ("replies", f"-{path[-1]}")
        place = f"{folder}/{stem}{suffix}.html"
        files[place] = written if written.endswith("\n") else written + "\n"
        tree[path[-1]] = {"file": place}
    return files


def _short(document: str) -> str | None:
    """The text of an HTML document that is nothing but a short line."""
    canonical = markup.canonical(document)
    text = html.unescape(canonical)
    if len(text) > _SHORT or "\n" in text or "<" in canonical or markup.is_markup(text):
        return None
    return text if text and markup.canonical(markup.from_text(text)) == canonical else None
