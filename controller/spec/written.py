"""Where each value of a document was written.

A large estate has few questions about places and many values, so no tree is kept: a document keeps its
own text, and the first question about it parses that once more into a small index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from controller.model import Origin
from controller.spec.yaml12 import Converter, MappingNode, MisreadError, Node, ScalarNode, compose


class Written(Protocol):
    """A document's text, or several merged into one."""

    def at(self, path: Sequence[str]) -> Origin:
        """Where the value at `path` was written, or the nearest thing around it that was."""

    def contents(self) -> Any:
        """What was written, as plain mappings, lists and scalars."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One value: where its name stands (of an element of a list: itself), where the value starts, and
    what is inside: by name in a mapping, by index in a list."""

    line: int
    column: int
    value_line: int
    value_column: int
    inside: Mapping[str, Spot] = field(default_factory=dict)
    listed: bool = False


@dataclass(eq=False, slots=True)
class Text:
    """One document's text inside its file. `first_line` counts from 0."""

    path: str
    text: str
    first_line: int
    _root: Spot | None = field(default=None, repr=False)

    def at(self, path: Sequence[str]) -> Origin:
        spot = self._find(path)
        return Origin(self.path, self.first_line + spot.line + 1, spot.column + 1)

    def value_at(self, path: Sequence[str]) -> Origin:
        """Like `at`, but where the value itself starts."""
        spot = self._find(path)
        return Origin(self.path, self.first_line + spot.value_line + 1, spot.value_column + 1)

    def inside(self, path: Sequence[str], value: str, offset: int) -> Origin:
        """Where a character of a text stands that is written at `path`, whatever quotes or block it is
        written in: what is not blank is found again in the same order."""
        spot = self._find(path)
        lines = self.text.split("\n")
        at = sum(len(line) + 1 for line in lines[: spot.value_line]) + spot.value_column
        if self.text[at : at + 1] in ("|", ">"):
            at = self.text.index("\n", at)
        for character in value[: offset + 1]:
            if not character.isspace():
                at = self.text.find(character, at) + 1
                if not at:  # written as an escape
                    return self.value_at(path)
        before = self.text[: max(at - 1, 0)]
        line = before.count("\n")
        return Origin(self.path, self.first_line + line + 1, len(before) - before.rfind("\n"))

    def contents(self) -> Any:
        return Converter().document(next(compose(self.text)), anchored=True)

    def _find(self, path: Sequence[str]) -> Spot:
        if self._root is None:
            try:
                self._root = _index(next(compose(self.text)), None, frozenset())
            except (MisreadError, StopIteration):  # only a text that was refused already
                self._root = Spot(0, 0, 0, 0)
        spot = self._root
        for part in path:
            inside = spot.inside
            found = inside.get(part) or _loosely(spot, part)
            if found is not None:
                spot = found
            elif not spot.listed:  # a short form leaves a level out: `alice: [send-as]` has no `rights`
                break
        return spot


def _loosely(spot: Spot, part: str) -> Spot | None:
    wanted = part.casefold()
    return next((child for name, child in spot.inside.items() if name.casefold() == wanted), None)


def _index(node: Node, key: Node | None, around: frozenset[int]) -> Spot:
    mark, value_mark = (key or node).start_mark, node.start_mark
    inside: dict[str, Spot] = {}
    if id(node) not in around and not isinstance(node, ScalarNode):
        around |= {id(node)}
        if isinstance(node, MappingNode):
            inside = {str(name.value): _index(child, name, around) for name, child in node.value}
        else:
            inside = {str(position): _index(child, None, around) for position, child in enumerate(node.value)}
            for position, child in enumerate(node.value):
                if isinstance(child, ScalarNode):  # an element is found by what it says, too
                    inside.setdefault(child.value, inside[str(position)])
    listed = not isinstance(node, ScalarNode | MappingNode)
    return Spot(mark.line, mark.column, value_mark.line, value_mark.column, inside, listed)
