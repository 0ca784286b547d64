"""$search over directory objects: `"displayName:sales" AND "mail:con"`.

The fact a reader would not guess: each clause stands in double quotes with its property inside, names are
searched by the words in them (spaces, digits, casing and symbols part words), and the rest of the searchable
properties by their beginning [doc: search-query-parameter].
"""

from __future__ import annotations

import re

from controller.sandbox.graph.errors import malformed
from controller.sandbox.graph.filters import Getter

_CLAUSE = re.compile(r'\s*(?P<not>NOT\s+)?"(?P<property>\w+):(?P<value>[^"]*)"\s*(?P<glue>AND|OR)?\s*')
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_TOKENIZED = ("displayname", "description")


def matches(text: str, get: Getter) -> bool:
    """Whether an object answers to a $search.

    Raises:
        GraphError: 400 where the text has no clause of the form "property:value".
    """
    either: list[bool] = []
    both = True
    at = 0
    glue = "AND"
    while at < len(text):
        clause = _CLAUSE.match(text, at)
        if clause is None or clause.end() == at:
            raise malformed(
                f"Invalid $search clause: Syntax error: character is not valid at position {at} in '{text}'."
            )
        found = _clause(get(clause["property"]), clause["property"], clause["value"])
        found = found is not bool(clause["not"])
        if glue == "OR":
            either.append(both)
            both = found
        else:
            both = both and found
        glue = clause["glue"] or "AND"
        at = clause.end()
    return any([*either, both])


def _clause(value: object, name: str, wanted: str) -> bool:
    values = value if isinstance(value, list) else [value]
    for item in values:
        if not isinstance(item, str):
            continue
        text, sought = item.casefold(), wanted.casefold().strip()
        if text.startswith(sought):
            return True
        if name.lower() in _TOKENIZED and _words_match(text, sought):
            return True
    return False


def _words_match(text: str, sought: str) -> bool:
    words = _WORDS.findall(text)
    return all(any(word.startswith(part) for word in words) for part in _WORDS.findall(sought))
