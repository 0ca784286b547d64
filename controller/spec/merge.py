"""A mailbox's document merged over its profile, with where each value of the outcome was written.

Scalars of the profile are defaults, mappings merge key by key, lists are concatenated, the profile's first.
Text that stands in both lists is kept once. As in `Text`, no tree is kept until somebody asks for a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from controller.model import Origin
from controller.spec.written import Text

Path = tuple[str, ...]

# Texts that people read: {file}, {html} and {text} are ways to say one thing, not parts of it.
_WAYS: Final = frozenset({"text", "html", "file"})
_MODES: Final = {"exclusive": "additive", "additive": "exclusive"}


@dataclass(frozen=True, slots=True)
class Branch:
    """A value of the outcome. `parts` is None where one text has all of it; else what it is merged from,
    by name in a mapping, by index in a list."""

    value: Any
    text: Text
    path: Path
    parts: Mapping[str, Branch] | None = None

    @property
    def listed(self) -> bool:
        return isinstance(self.value, list)


def merge(over: Text, own: Any, under: Text, profile: Any) -> Branch:
    """What `own` says on top of `profile`: two documents' contents, and the texts they stand in."""
    below = {name: value for name, value in profile.items() if name not in ("kind", "name")}
    for name, opposite in _MODES.items():  # the mailbox's word on a collection counts
        said = own.get(opposite)
        if isinstance(below.get(name), list) and isinstance(said, list):
            below[name] = [each for each in below[name] if each not in said]
    return _both(Branch(own, over, ()), Branch(below, under, ()))


def _both(own: Branch, under: Branch) -> Branch:
    mine, theirs = _longhand(own, under), _longhand(under, own)
    if isinstance(mine.value, dict) and isinstance(theirs.value, dict):
        return _mappings(mine, theirs)
    if isinstance(mine.value, list) and isinstance(theirs.value, list):
        return _lists(mine, theirs)
    if own.value is None and own.path[:1] == ("folders",) and len(own.path) > 1:
        return under  # the folder, and nothing more said of it here
    return own


def _longhand(one: Branch, other: Branch) -> Branch:
    """A list of rights as the mapping that it is short for, where the other says more."""
    short = len(one.path) == 2 and one.path[0] == "access" and isinstance(one.value, list)
    if not short or not isinstance(other.value, dict):
        return one
    return Branch({"rights": one.value}, one.text, one.path)


def _mappings(own: Branch, under: Branch) -> Branch:
    if own.value and under.value and own.value.keys() | under.value.keys() <= _WAYS:
        return own
    names = {name.casefold() if "@" in name else name: name for name in own.value}
    parts: dict[str, Branch] = {}
    for name in under.value:
        same = names.pop(name.casefold() if "@" in name else name, None)
        below = _part(under, name)
        parts[name if same is None else same] = below if same is None else _both(_part(own, same), below)
    if not own.path:  # what the mailbox is comes first
        parts = {**{name: _part(own, name) for name in names.values()}, **parts}
    else:
        parts |= {name: _part(own, name) for name in names.values()}
    return Branch({name: part.value for name, part in parts.items()}, own.text, own.path, parts)


def _lists(own: Branch, under: Branch) -> Branch:
    said = {_plain(value) for value in under.value if isinstance(value, str)}
    elements = [_part(under, str(index)) for index in range(len(under.value))]
    elements += [
        _part(own, str(index))
        for index, value in enumerate(own.value)
        if not (isinstance(value, str) and _plain(value) in said)
    ]
    parts = {str(index): element for index, element in enumerate(elements)}
    return Branch([element.value for element in elements], own.text, own.path, parts)


def _part(branch: Branch, name: str) -> Branch:
    value = branch.value[int(name)] if isinstance(branch.value, list) else branch.value[name]
    return Branch(value, branch.text, (*branch.path, name))


def _plain(text: str) -> str:
    return text.casefold() if "@" in text else text


@dataclass(eq=False, slots=True)
class Merged:
    """The two texts as one document."""

    own: Text
    profile: Text
    _root: Branch | None = field(default=None, repr=False)

    def at(self, path: Sequence[str]) -> Origin:
        text, inside = self._find(path)
        return text.at(inside)

    def value_at(self, path: Sequence[str]) -> Origin:
        """Like `at`, but where the value itself starts."""
        text, inside = self._find(path)
        return text.value_at(inside)

    def contents(self) -> Any:
        return self._tree().value

    def _tree(self) -> Branch:
        if self._root is None:
            self._root = merge(self.own, self.own.contents(), self.profile, self.profile.contents())
        return self._root

    def _find(self, path: Sequence[str]) -> tuple[Text, Path]:
        branch = self._tree()
        for position, part in enumerate(path):
            if branch.parts is None:
                return branch.text, (*branch.path, *path[position:])
            found = _inside(branch, part)
            if found is not None:
                branch = found
            elif not branch.listed:
                break
        return branch.text, branch.path


def _inside(branch: Branch, part: str) -> Branch | None:
    parts = branch.parts or {}
    if part in parts:
        return parts[part]
    wanted = part.casefold()
    for name, child in parts.items():
        said = child.value if branch.listed else name
        if isinstance(said, str) and said.casefold() == wanted:
            return child
    rights = parts.get("rights")  # asked for by the right alone: `access/alice@…/send-as`
    if rights is None or part not in rights.value:
        return None
    return _inside(rights, part) or Branch(part, rights.text, (*rights.path, part))
