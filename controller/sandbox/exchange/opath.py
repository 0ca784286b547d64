"""Filters: OPATH as `-Filter` takes it, and the small OData dialect of the REST entity sets.

One grammar serves both: `-eq` or `eq`, quotes doubled inside quotes, `$true`/`$false`/`$null` or bare
[doc: Filter parameter]. Texts compare without case; on a list, one element that fits is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from controller.sandbox.exchange.refusals import CmdletError
from controller.sandbox.exchange.values import parse_date, parse_size

Getter = Callable[[str], Any]
Test = Callable[[Getter], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<paren>[()])|(?P<string>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|(?P<word>[^\s()'\"]+))"
)
_COMPARISONS = frozenset({"eq", "ne", "like", "notlike", "gt", "lt", "ge", "le"})
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}


class FilterSyntaxError(Exception):
    """What is wrong with a filter's text."""


def refusal(text: str, reason: str) -> CmdletError:
    """The service's own words for a filter that it does not take [inf: over this wire]."""
    message = (
        f'Cannot bind parameter \'Filter\' to the target. Exception setting "Filter": "Invalid filter '
        f'syntax. For a description of the filter parameter syntax see the command help. {reason}. "{text}""'
    )
    kind = "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException"
    return CmdletError(400, kind, message, client=True)


@dataclass(frozen=True, slots=True)
class Filter:
    """`test` decides on one object. `keys` are texts of which a fitting object must have one as an
    identity: None where nothing can be said and every object has to be looked at."""

    test: Test
    keys: frozenset[str] | None


@dataclass(slots=True)
class _Parser:
    names: dict[str, str]  # lower case -> the property
    identities: Collection[str]  # properties whose value is one of the object's identities
    tokens: list[tuple[str, str]] = field(default_factory=list)
    at: int = 0

    def read(self, text: str) -> Filter:
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            if found is None or found.end() == position:
                raise FilterSyntaxError(f"unexpected text at {position}")
            self.tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            position = found.end()
        parsed = self._either()
        if self.at < len(self.tokens):
            raise FilterSyntaxError(f"unexpected '{self.tokens[self.at][1]}'")
        return parsed

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        if token[0] == "end":
            raise FilterSyntaxError("the filter ends too early")
        self.at += 1
        return token

    def _operator(self) -> str:
        kind, text = self._peek()
        return text.lstrip("-").lower() if kind == "word" else ""

    def _either(self) -> Filter:
        left = self._both()
        while self._operator() == "or":
            self._next()
            left = _or(left, self._both())
        return left

    def _both(self) -> Filter:
        left = self._one()
        while self._operator() == "and":
            self._next()
            left = _and(left, self._one())
        return left

    def _one(self) -> Filter:
        if self._operator() == "not":
            self._next()
            inner = self._one().test
            return Filter(lambda get: not inner(get), None)
        if self._peek() == ("paren", "("):
            self._next()
            inside = self._either()
            if self._next() != ("paren", ")"):
                raise FilterSyntaxError("a parenthesis is not closed")
            return inside
        return self._comparison()

    def _comparison(self) -> Filter:
        kind, word = self._next()
        name = self.names.get(word.lower())
        if kind != "word" or name is None:
            raise FilterSyntaxError(f"'{word}' is not a recognized filterable property")
        operator = self._operator()
        if operator not in _COMPARISONS:
            raise FilterSyntaxError(f"'{self._peek()[1]}' is not an operator")
        self._next()
        value = self._value()
        keys = None
        if operator == "eq" and name in self.identities and isinstance(value, str):
            keys = frozenset({value.lower().removeprefix("smtp:")})
        return Filter(lambda get: _holds(operator, get(name), value), keys)

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "string":
            return text[1:-1].replace(text[0] * 2, text[0])
        if kind != "word":
            raise FilterSyntaxError(f"unexpected '{text}'")
        bare = text.lstrip("$").lower()
        return _CONSTANTS.get(bare, text)


def _and(left: Filter, right: Filter) -> Filter:
    keys = left.keys if left.keys is not None else right.keys
    return Filter(lambda get: left.test(get) and right.test(get), keys)


def _or(left: Filter, right: Filter) -> Filter:
    keys = left.keys | right.keys if left.keys is not None and right.keys is not None else None
    return Filter(lambda get: left.test(get) or right.test(get), keys)


def parse(text: str, names: dict[str, str], identities: Collection[str] = ()) -> Filter:
    """A filter over these properties. CmdletError (400) for what is no filter."""
    bare = text.strip()
    if bare.startswith("{") and bare.endswith("}"):
        bare = bare[1:-1]
    try:
        return _Parser(names, identities).read(bare)
    except FilterSyntaxError as error:
        raise refusal(text, str(error)) from error


# --- comparing ------------------------------------------------------------------------------------------


def _holds(operator: str, held: Any, value: Any) -> bool:
    if operator in ("ne", "notlike"):
        return not _holds("eq" if operator == "ne" else "like", held, value)
    items = list(held) if isinstance(held, list | tuple) else [held]
    if value is None:
        return operator == "eq" and all(item in (None, "") for item in items)
    if operator == "eq":
        return any(_same(item, value) for item in items)
    if operator == "like":
        return any(_like(item, str(value)) for item in items)
    return any(_ordered(operator, item, value) for item in items)


def _same(item: Any, value: Any) -> bool:
    if isinstance(item, bool) or isinstance(value, bool):
        return str(item).lower() == str(value).lower()
    held, wanted = _plain(item), _plain(value)
    return held in (wanted, f"smtp:{wanted}")


def _plain(item: Any) -> str:
    return "" if item is None else str(item).lower()


def _like(item: Any, pattern: str) -> bool:
    wanted = pattern.lower().replace("[", "[[]").replace("?", "[?]")  # only * is a wildcard
    return fnmatchcase(_plain(item), wanted)


def _ordered(operator: str, item: Any, value: Any) -> bool:
    left, right = _comparable(item), _comparable(value)
    if left is None or right is None or type(left) is not type(right):
        return False
    compared = {"gt": left > right, "lt": left < right, "ge": left >= right, "le": left <= right}
    return bool(compared[operator])


def _comparable(item: Any) -> Any:
    if isinstance(item, datetime):
        return item
    text = str(item)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}.*|\d{1,2}/\d{1,2}/\d{4}.*", text):
        return parse_date(text)
    if text.isdigit():
        return float(text)
    size = parse_size(text)
    return float(size) if size is not None else text.lower()
