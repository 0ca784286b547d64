"""$filter: text to a tree. What the tree means, and what the service refuses, is in `filters.py`.

The grammar is the part of OData 4 that directory queries use: comparisons, `in`, `and`, `or`, `not`,
`startsWith`, `endsWith`, `contains`, `any`/`all` over collections, `/$count`. The fact a reader would not
guess: operators and functions are matched without regard to case, GUIDs and enum names stand unquoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from controller.sandbox.graph.errors import malformed

FUNCTIONS = ("startswith", "endswith", "contains")
COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')"
    r"|(?P<word>[^\s'(),:/=]+)"
    r"|(?P<mark>[(),:/=]))"
)
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


@dataclass(frozen=True, slots=True)
class Literal:
    """`kind`: string, null, boolean, number, or word (a GUID, a time, an enum name)."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Compare:
    path: tuple[str, ...]
    operator: str
    literals: tuple[Literal, ...]  # one, or the members of `in`


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    path: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Lambda:
    """`path/any(v: inner)`; `inner` None is the bare `any()`. Paths inside start with `variable`."""

    path: tuple[str, ...]
    quantifier: str
    variable: str
    inner: Node | None


@dataclass(frozen=True, slots=True)
class Junction:
    operator: str  # "and" | "or"
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    inner: Node


Node = Compare | Function | Lambda | Junction | Negation


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise malformed(
                f"Invalid filter clause: There is an unterminated literal at position {len(text)} in "
                f"'{text}'."
            )
        found.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return found


class Parser:
    """One pass over the tokens of one filter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0

    def parse(self) -> Node:
        node = self._either()
        if self._at < len(self._tokens):
            self._fail()
        return node

    def _fail(self) -> NoReturn:
        at = self._tokens[self._at].at if self._at < len(self._tokens) else len(self._text)
        raise malformed(f"Invalid filter clause: Syntax error at position {at} in '{self._text}'.")

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            self._fail()
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, text: str) -> bool:
        if self._peek().lower() != text or self._tokens[self._at].kind == "string":
            return False
        self._at += 1
        return True

    def _need(self, text: str) -> None:
        if not self._take(text):
            self._fail()

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Junction("or", tuple(parts))

    def _both(self) -> Node:
        parts = [self._unary()]
        while self._take("and"):
            parts.append(self._unary())
        return parts[0] if len(parts) == 1 else Junction("and", tuple(parts))

    def _unary(self) -> Node:
        if self._take("not"):
            return Negation(self._unary())
        if self._take("("):
            node = self._either()
            self._need(")")
            return node
        if self._peek().lower() in FUNCTIONS:
            return self._function()
        return self._comparison()

    def _function(self) -> Node:
        name = self._next().text.lower()
        self._need("(")
        path = self._path()
        self._need(",")
        text = self._next()
        if text.kind != "string":
            self._fail()
        self._need(")")
        return Function(name, path, _unquote(text.text))

    def _path(self) -> tuple[str, ...]:
        steps = [self._word()]
        while self._take("/"):
            steps.append(self._word())
        return tuple(steps)

    def _word(self) -> str:
        token = self._next()
        if token.kind != "word":
            self._at -= 1
            self._fail()
        return token.text

    def _comparison(self) -> Node:
        path = self._path()
        if path[-1].lower() in ("any", "all") and self._peek() == "(":
            if len(path) == 1:
                self._fail()  # of nothing
            return self._lambda(path[:-1], path[-1].lower())
        operator = self._next().text.lower()
        if operator == "in":
            return Compare(path, operator, self._list())
        if operator not in COMPARISONS:
            self._at -= 1
            self._fail()
        return Compare(path, operator, (self._literal(),))

    def _lambda(self, path: tuple[str, ...], quantifier: str) -> Node:
        self._need("(")
        if self._take(")"):
            return Lambda(path, quantifier, "", None)
        variable = self._word()
        self._need(":")
        inner = self._either()
        self._need(")")
        return Lambda(path, quantifier, variable, inner)

    def _list(self) -> tuple[Literal, ...]:
        self._need("(")
        found = [self._literal()]
        while self._take(","):
            found.append(self._literal())
        self._need(")")
        return tuple(found)

    def _literal(self) -> Literal:
        token = self._next()
        if token.kind == "string":
            return Literal("string", _unquote(token.text))
        if token.kind != "word":
            self._at -= 1
            self._fail()
        text = token.text
        while self._peek() == ":" and text[:4].isdigit():  # a time: its colons are tokens of their own
            text += self._next().text + self._word()
        return _bare(text)


def _unquote(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _bare(text: str) -> Literal:
    lowered = text.lower()
    if lowered == "null":
        return Literal("null", None)
    if lowered in ("true", "false"):
        return Literal("boolean", lowered == "true")
    if _NUMBER.match(text):
        return Literal("number", float(text) if "." in text else int(text))
    return Literal("word", text)


def parse(text: str) -> Node:
    """The tree of one $filter.

    Raises:
        GraphError: 400 BadRequest where the text is not a filter.
    """
    return Parser(text).parse()
