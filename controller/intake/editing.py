"""One document inside its file, changed value by value: comments, order and spelling of the rest stay."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from controller.intake.merge import changed_lines
from controller.intake.page import node
from controller.model import Path

_INSIDE_MAPPING: Final = re.compile(r"^[^\s#-][^#\n]*:(?:[ ]+#.*)?\n([ ]+)[^\s#-]", re.MULTILINE)
_INSIDE_LIST: Final = re.compile(r"^[^\s#-][^#\n]*:(?:[ ]+#.*)?\n([ ]*)-[ ]", re.MULTILINE)

Same = Callable[[str, str], bool]


class Page:
    """The file that a document stands in. `same` tells whether two names mean the same (addresses of one
    person, say)."""

    def __init__(self, text: str, line: int, same: Same) -> None:
        """`line` (from 1) is where the document begins."""
        self._text = text
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = 100_000
        self._yaml.indent(**_indentation(text))
        self._trees = [tree for tree in self._yaml.load_all(text) if tree is not None]
        self._respelt = self._dump()
        beginning = [tree for tree in self._trees if tree.lc.line < line]
        self._tree: CommentedMap = beginning[-1]
        self._same = same

    def text(self) -> str:
        """The file with what was changed in it."""
        return changed_lines(self._text, self._respelt, self._dump())

    def get(self, path: Path) -> Any:
        """What the document itself says; None where it says nothing."""
        found: Any = self._tree
        for part in path:
            if not isinstance(found, Mapping):
                return None
            key = self._key(found, part)
            found = None if key is None else found[key]
        return found

    def put(self, path: Path, value: Any) -> None:
        """Says it, in the style of what is there."""
        tree = self._tree
        for part in path[:-1]:
            key = self._key(tree, part)
            if key is None or not isinstance(tree[key], CommentedMap):
                tree[key or part] = CommentedMap()
            tree = tree[key or part]
        key = self._key(tree, path[-1]) or path[-1]
        before = tree.get(key)
        if isinstance(before, CommentedSeq) and isinstance(value, list):
            _assign(before, [node(each) for each in value])
        else:
            tree[key] = node(value)

    def drop(self, path: Path) -> None:
        """Says it no more. What is left empty around it goes as well, but for the field itself."""
        tree: Any = self.get(path[:-1])
        if not isinstance(tree, CommentedMap):
            return
        key = self._key(tree, path[-1])
        if key is not None:
            del tree[key]

    def add(self, path: Path, member: str) -> None:
        """A member of a list of names."""
        listed = self.get(path)
        if listed is None:
            self.put(path, [member])
        elif all(not self._same(_called(one), member) for one in listed):
            listed.append(member)

    def remove(self, path: Path, member: str) -> None:
        listed = self.get(path)
        for at in range(len(listed or ()) - 1, -1, -1):
            if self._same(_called(listed[at]), member):
                del listed[at]

    def _key(self, tree: Mapping[str, Any], part: str) -> str | None:
        """As the document spells it."""
        if part in tree:
            return part
        return next((key for key in tree if isinstance(key, str) and self._same(key, part)), None)

    def _dump(self) -> str:
        out = io.StringIO()
        self._yaml.dump_all(self._trees, out)
        return out.getvalue()


def _indentation(text: str) -> dict[str, int]:
    """How the file indents mappings and lists: as the first of each does."""
    inside, listed = _INSIDE_MAPPING.search(text), _INSIDE_LIST.search(text)
    mapping = len(inside[1]) if inside else 2
    offset = len(listed[1]) if listed else mapping
    return {"mapping": mapping, "sequence": offset + 2, "offset": offset}


def _assign(listed: CommentedSeq, values: list[Any]) -> None:
    """Keeps the members that stay, with their comments, and puts the others in their places."""
    if [one for one in listed if one in values] == values[: len(listed)] and len(values) >= len(listed):
        listed.extend(values[len(listed) :])
        return
    for at in range(len(listed) - 1, -1, -1):
        if listed[at] not in values:
            del listed[at]
    for at, value in enumerate(values):
        if at >= len(listed) or listed[at] != value:
            if value in listed:
                listed.remove(value)
            listed.insert(at, value)


def _called(one: Any) -> str:
    return str(one.get("who", one.get("name", ""))) if isinstance(one, Mapping) else str(one)
