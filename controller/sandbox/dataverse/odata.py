"""Query options of the Web API, as far as these tables need them: $select, $filter, $orderby, $top, $count.

The fact a reader would not guess: `$skip` is not supported, and the page's size is a preference
(`odata.maxpagesize`) [doc: Query data using the Web API].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from controller.sandbox.dataverse.errors import bad_query

Test = Callable[[Mapping[str, Any]], bool]
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[(),]|[\w.:-]+)")
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, text: text in value,
    "startswith": lambda value, text: value.startswith(text),
    "endswith": lambda value, text: value.endswith(text),
}
_KNOWN = frozenset({"select", "filter", "orderby", "top", "count", "skiptoken"})


@dataclass(frozen=True, slots=True)
class Query:
    select: tuple[str, ...]
    test: Test
    order: tuple[str, bool] | None  # column, descending
    top: int | None
    count: bool
    after: int  # rows of earlier pages


def parse(query: str, check: Callable[[str], str]) -> Query:
    """`check` takes a column's name and refuses one that the table does not have."""
    options = dict(_options(query))
    select = tuple(check(name.strip()) for name in options.get("select", "").split(",") if name.strip())
    column, _, way = options.get("orderby", "").strip().partition(" ")
    top = options.get("top")
    if top is not None and not top.isdigit():
        raise bad_query(f"Invalid value '{top}' for $top query option found.")
    return Query(
        select,
        _Filter(options["filter"], check).test() if options.get("filter") else lambda _: True,
        (check(column), way.strip().lower() == "desc") if column else None,
        int(top) if top else None,
        options.get("count") == "true",
        int(options.get("skiptoken", "0") or 0),
    )


def _options(query: str) -> Iterator[tuple[str, str]]:
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if not name.startswith("$"):
            continue  # others are nobody's business
        if name[1:] not in _KNOWN:
            raise bad_query(f"The query parameter {name} is not supported.")
        yield name[1:], unquote_plus(value)


class _Filter:
    """eq, ne, gt, ge, lt, le, three functions of text; and, or, not, parentheses. Text is compared without
    case, as the database does [doc: Filter rows]."""

    def __init__(self, text: str, check: Callable[[str], str]) -> None:
        self._tokens = self._split(text)
        self._text, self._check = text, check

    def _split(self, text: str) -> list[str]:
        tokens, at = [], 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if found is None:
                raise bad_query(f"Syntax error at position {at} in '{text}'.")
            tokens.append(found[1])
            at = found.end()
        return tokens

    def test(self) -> Test:
        made = self._either()
        if self._tokens:
            raise self._wrong()
        return made

    def _wrong(self) -> Exception:
        return bad_query(f"Syntax error in '{self._text}'.")

    def _next(self) -> str:
        if not self._tokens:
            raise self._wrong()
        return self._tokens.pop(0)

    def _either(self) -> Test:
        tests = [self._both()]
        while self._tokens[:1] == ["or"]:
            self._next()
            tests.append(self._both())
        return lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._tokens[:1] == ["and"]:
            self._next()
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        word = self._next()
        if word == "not":
            inner = self._one()
            return lambda row: not inner(row)
        if word == "(":
            inner = self._either()
            self._expect(")")
            return inner
        if word in _FUNCTIONS and self._tokens[:1] == ["("]:
            return self._function(word)
        column, sign, value = self._check(word), self._next(), _value(self._next())
        if sign not in ("eq", "ne", "gt", "ge", "lt", "le"):
            raise self._wrong()
        return lambda row: _compared(_plain(row.get(column)), sign, _plain(value))

    def _function(self, name: str) -> Test:
        self._expect("(")
        column = self._check(self._next())
        self._expect(",")
        text = str(_plain(_value(self._next())))
        self._expect(")")
        return lambda row: _FUNCTIONS[name](str(_plain(row.get(column)) or ""), text)

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise self._wrong()


def _compared(value: Any, sign: str, other: Any) -> bool:
    if sign in ("eq", "ne"):
        return (value == other) is (sign == "eq")
    if value is None or other is None or isinstance(value, str) is not isinstance(other, str):
        return False
    found = {"gt": value > other, "ge": value >= other, "lt": value < other, "le": value <= other}
    return bool(found[sign])


def _value(token: str) -> Any:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    known = {"true": True, "false": False, "null": None}
    if token in known:
        return known[token]
    return int(token) if re.fullmatch(r"-?\d+", token) else token  # a GUID or a moment stands bare


def _plain(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
