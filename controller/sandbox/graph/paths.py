"""From a raw URL path to segments.

The fact a reader would not guess: `/users('a@b')` and `/users/a@b` are the same resource, a quote inside a
key is doubled, and percent-decoding happens once, after the split: an encoded slash stays inside its key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from controller.sandbox.graph.errors import malformed

_KEYED = re.compile(r"^(?P<name>[^()]+)\((?P<args>.*)\)$", re.DOTALL)
_NAMED = re.compile(r"^\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a path. `key` tells whether it stood in parentheses, `name` the alternate key's name
    (`appId` in `servicePrincipals(appId='…')`)."""

    text: str
    key: bool = False
    name: str = ""


def _literal(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text


def split(raw_path: str) -> list[Segment]:
    """Segments of a path relative to the version, percent-decoded.

    Raises:
        GraphError: an empty segment in the middle.
    """
    found: list[Segment] = []
    for piece in raw_path.strip("/").split("/"):
        if not piece:
            raise malformed("Invalid URI: The Uri string contains an empty segment.")
        found.extend(_segment(unquote(piece)))
    return found


def _segment(text: str) -> list[Segment]:
    keyed = _KEYED.match(text)
    if keyed is None:
        return [Segment(text)]
    head, args = Segment(keyed["name"]), keyed["args"].strip()
    if not args:
        return [head]
    named = _NAMED.match(args)
    if named:
        return [head, Segment(_literal(named["value"]), key=True, name=named["name"])]
    return [head, Segment(_literal(args), key=True)]
