"""YAML 1.2 text to node trees, and node trees to plain Python.

libyaml scans and composes; which scalars are numbers, booleans or null is decided here, by the YAML 1.2
core schema (PyYAML's own rules are those of 1.1, where `no` is false and 1:30 is ninety). What libyaml
lets pass and a document must not have is refused here too: double keys, anchors that expand without
bound, endless nesting, tags of Python's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from sys import intern
from typing import Any, Final

from yaml import CSafeLoader, MappingNode, Node, ScalarNode, SequenceNode, YAMLError
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

MAX_DEPTH: Final = 50  # libyaml's binding recurses in C: far deeper trees would end the interpreter
MAX_EXPANDED: Final = 100_000  # nodes of one document, each counted as often as anchors repeat it

_PLAIN: Final = ""  # neither tagged nor quoted: its text decides
_SCALAR: Final = re.compile(
    r"(?P<null>null|Null|NULL|~|)|(?P<true>true|True|TRUE)|(?P<false>false|False|FALSE)"
    r"|(?P<int>[-+]?[0-9]+)|0o(?P<octal>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<sign>[-+]?)\.(?P<inf>inf|Inf|INF)|\.(?P<nan>nan|NaN|NAN)"
)
_LONGEST: Final = 300  # digits of a number; Python refuses to read endless ones
_MAY_BE_OTHER: Final = frozenset("nN~tTfF-+.0123456789")  # first letters of what is not text
# Problems that libyaml notices lines after the place where they are.
_SEEN_LATE: Final = frozenset({"could not find expected ':'", "found unexpected end of stream"})
_CORE_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ["str", "null", "bool", "int", "float", "map", "seq"]
)
_STR: Final = "tag:yaml.org,2002:str"


class MisreadError(Exception):
    """What is wrong with the text, and where (line and column count from 0)."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class _Composer(CSafeLoader):
    depth = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return _PLAIN

    def descend_resolver(self, parent: Any, index: Any) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MarkedYAMLError(
                problem=f"nested more than {MAX_DEPTH} deep", problem_mark=parent.start_mark
            )

    def ascend_resolver(self) -> None:
        self.depth -= 1


def compose(text: str) -> Iterator[Node]:
    """The trees of a stream's documents, empty ones left out. Raises MisreadError where it ends in error."""
    loader = _Composer(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            assert node is not None
            if not (isinstance(node, ScalarNode) and node.value == "" and node.style == ""):
                yield node
    except MarkedYAMLError as error:
        mark = error.problem_mark
        if mark is None or str(error.problem) in _SEEN_LATE:
            mark = error.context_mark
        assert mark is not None
        raise MisreadError(_explain(error, text), mark.line, mark.column) from None
    except ReaderError as error:
        before = text.encode()[: error.position].decode(errors="replace")
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        raise MisreadError(
            f"control character U+{error.character:04X} is not allowed in YAML", line, column
        ) from None
    except YAMLError as error:  # libyaml gives no place for what it cannot name
        raise MisreadError(str(error), 0, 0) from None
    finally:
        loader.dispose()


def _explain(error: MarkedYAMLError, text: str) -> str:
    """libyaml's words, in words that tell what to do."""
    problem = str(error.problem)
    mark = error.problem_mark
    character = text[mark.index : mark.index + 1] if mark is not None else ""
    if "tab character" in problem or ("cannot start any token" in problem and character == "\t"):
        return "tab character: YAML is indented with spaces"
    if "cannot start any token" in problem:
        return f"a value cannot start with {character!r}: put it in quotes"
    if "mapping values are not allowed" in problem:
        return "unexpected ':': put a value that contains ': ' in quotes, and check the indentation"
    if "undefined alias" in problem:
        return "this alias (*) has no anchor (&) before it"
    if "'-' indicator" in problem:
        return "expected another element ('- …') of the list here: check the indentation"
    if "expected key" in problem:
        return "expected 'name: value' here: check the indentation, and the quotes before it"
    if problem == "found unexpected end of stream":
        return "the text that starts here in quotes has no closing quote"
    if problem == "could not find expected ':'":
        return "expected 'name: value': a ':' (and a space after it) is missing"
    context = (
        f" ({error.context} that starts at line {error.context_mark.line + 1})" if error.context_mark else ""
    )
    return f"not valid YAML: {problem}{context}"


class Converter:
    """Turns trees into plain Python. `faults` collects what is wrong on the way, with the node it is at."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, Node]] = []

    def document(self, root: Node, *, anchored: bool) -> Any:
        """The document as mappings, lists and scalars. `anchored`: the text has aliases, which are
        measured before they are expanded."""
        if anchored and (fault := _unbounded(root)):
            self.faults.append((fault, root))
            return None
        return self._value(root)

    def _value(self, node: Any) -> Any:
        kind = node.__class__
        if kind is ScalarNode:
            if node.tag != _PLAIN:
                return self._tagged(node)
            text = node.value
            if node.style or (text and text[0] not in _MAY_BE_OTHER):
                return text
            return scalar(text)
        if node.tag != _PLAIN and node.tag not in _CORE_TAGS:
            self.faults.append((f"tag {node.tag} has no meaning here", node))
        if kind is MappingNode:
            value = self._value
            try:
                # The names of people and fields are written in document after document: kept once.
                mapping = {intern(key.value): value(child) for key, child in node.value}
            except TypeError:
                mapping = {}
            if len(mapping) != len(node.value):
                self._keys(node)
            return mapping
        return [self._value(child) for child in node.value]

    def _keys(self, node: MappingNode) -> None:
        seen: dict[str, Node] = {}
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                self.faults.append(("expected a name here, got a list or a mapping", key))
            elif key.value in seen:
                first = seen[key.value].start_mark.line + 1
                self.faults.append((f"{key.value!r} is written twice (first on line {first})", key))
            else:
                seen[key.value] = key

    def _tagged(self, node: ScalarNode) -> Any:
        if node.tag == _STR:
            return node.value
        if node.tag not in _CORE_TAGS:
            self.faults.append((f"tag {node.tag} has no meaning here", node))
        return scalar(node.value)


def scalar(text: str) -> Any:
    """What a plain scalar means in YAML 1.2's core schema."""
    match = _SCALAR.fullmatch(text) if len(text) <= _LONGEST else None
    kind = match.lastgroup if match else None
    if kind is None:
        return text
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    if kind in ("octal", "hex"):
        return int(text[2:], 8 if kind == "octal" else 16)
    if kind in ("inf", "nan"):
        return float(text.replace(".", ""))
    return {"null": None, "true": True, "false": False}[kind]


def _unbounded(root: Node) -> str | None:
    """Why the tree cannot be expanded: an anchor that contains itself, or repeats beyond all measure."""
    sizes: dict[int, int] = {}
    inside: set[int] = set()

    def size(node: Node) -> int:
        """Of the expanded node, or more than MAX_EXPANDED."""
        if isinstance(node, ScalarNode):
            return 1
        mark = id(node)
        if mark in sizes:
            return sizes[mark]
        if mark in inside:
            raise RecursionError
        inside.add(mark)
        children = (
            (child for pair in node.value for child in pair) if isinstance(node, MappingNode) else node.value
        )
        total = 1 + sum(size(child) for child in children)
        inside.discard(mark)
        sizes[mark] = min(total, MAX_EXPANDED + 1)
        return sizes[mark]

    try:
        if size(root) > MAX_EXPANDED:
            return f"its anchors expand to more than {MAX_EXPANDED} values"
    except RecursionError:
        return "an anchor (&) contains an alias (*) of itself"
    return None


__all__ = [
    "Converter",
    "MappingNode",
    "MisreadError",
    "Node",
    "ScalarNode",
    "SequenceNode",
    "compose",
    "scalar",
]
