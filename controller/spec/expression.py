"""What a Policy asserts, in CEL: compiled, looked over before anything is judged, evaluated within bounds.

The library compiles what parses; that a name or a function does not exist it only tells when an evaluation
gets there. So the text is looked over here, too. An evaluation cannot be interrupted: what it may cost is
bounded before it starts. [The language: https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from controller.spec.messages import meant

if TYPE_CHECKING:
    import cel

LONGEST: Final = 4000  # characters
DEEPEST: Final = 3  # all, exists, filter, map inside one another
_STEPS: Final = 2_000_000  # about a second: a step takes 0.3 µs
_GROWTH: Final = 1000  # times that `+` and `map` may lengthen a value
VARIABLES: Final = ("object", "changes")

_TOKEN: Final = re.compile(
    r"(?P<comment>//[^\n]*)"
    r"|(?P<text>[bB]?[rR]?(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\""
    r"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"))"
    r"|(?P<number>\d[\w.]*)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[^\s\w])",
    re.DOTALL,
)
_MACROS: Final = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})
_FUNCTIONS: Final = _MACROS | {
    "has", "size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string",
    "bytes", "duration", "timestamp", "type", "dyn", "getFullYear", "getMonth", "getDate", "getDayOfMonth",
    "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds",
}  # fmt: skip
_WORDS: Final = frozenset(
    {"true", "false", "null", "in", "int", "uint", "double", "string", "bytes", "bool", "list", "map", "type"}
)
_COMPLAINT: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?(.*)")


class RejectedError(Exception):
    """Why a text cannot be an assert, and where in it (a character, from 0)."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message, self.offset = message, offset


class UndecidedError(Exception):
    """Why an evaluation came to no answer."""


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


class Given:
    """What expressions are held against. Handing it to the library takes longer than evaluating: it is done
    once for all of them."""

    def __init__(self, document: Mapping[str, Any], changes: list[dict[str, Any]]) -> None:
        self._values = {"object": document, "changes": changes}

    @cached_property
    def context(self) -> cel.Context:
        import cel  # noqa: PLC0415 - as in `parse`

        return cel.Context(variables=self._values)

    @cached_property
    def largest(self) -> int:
        return _largest(self._values)


@dataclass(frozen=True, slots=True)
class Expression:
    """`fields` are the paths that it reads of the document, and where in the text each starts; `whole` tells
    whether it reads the document in another way. `depth` is how deep its macros are nested, `growth` how many
    times longer than its source a value may get, `elements` how many it lists itself."""

    program: cel.Program
    fields: tuple[tuple[tuple[str, ...], int], ...]
    whole: bool
    reads_changes: bool
    depth: int
    growth: int
    elements: int

    def holds(self, given: Given) -> bool:
        """Whether the assertion is true. Raises UndecidedError."""
        if self.depth > 1:
            steps = (max(given.largest, self.elements) * self.growth) ** self.depth
            if steps > _STEPS:
                raise UndecidedError(f"it would take up to {steps:,} steps, and {_STEPS:,} are allowed")
        try:
            answer = self.program.execute(given.context)
        except Exception as error:
            raise UndecidedError(_explained(error)) from None
        if not isinstance(answer, bool):
            raise UndecidedError(f"its assert gives {answer!r:.60}, neither true nor false")
        return answer


@lru_cache(maxsize=1024)
def parse(source: str) -> Expression:
    """Raises RejectedError."""
    if len(source) > LONGEST:
        raise RejectedError(f"an assert has at most {LONGEST} characters; this one has {len(source)}")
    import cel  # noqa: PLC0415 - it brings a command line of its own with it, for estates without a policy too

    try:
        program = cel.compile(source)
    except ValueError as error:
        raise _misread(source, str(error)) from None
    tokens = [
        Token(str(found.lastgroup), found[0], found.start())
        for found in _TOKEN.finditer(source)
        if found.lastgroup != "comment"
    ]
    bound = set(_bound(tokens))
    for index, token in enumerate(tokens):
        if token.kind == "name":
            _known(tokens, index, bound)
    _patterns(tokens)
    depth = _depth(tokens)
    pluses = sum(1 for token in tokens if token.text == "+")
    maps = sum(1 for token in tokens if token.text == "map")
    growth = (pluses + 1) ** (maps + 1)
    if growth > _GROWTH:
        raise RejectedError("too many + and map: a value could grow without measure")
    free = [token.text for index, token in enumerate(tokens) if _is_free(tokens, index)]
    fields = tuple(_fields(tokens))
    return Expression(
        program,
        fields,
        free.count("object") > len(fields),
        "changes" in free,
        depth,
        growth,
        1 + sum(1 for token in tokens if token.text == ","),
    )


def _misread(source: str, complaint: str) -> RejectedError:
    """The parser's words in plain ones, with the place."""
    found = _COMPLAINT.search(complaint)
    if found is None:
        return RejectedError(f"not valid CEL: {complaint.splitlines()[0]}")
    line, column, words = int(found[1]), int(found[2]), found[3].partition(" expecting ")[0]
    lines = source.split("\n")
    offset = sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
    if "<EOF>" in words and "input '<EOF>'" in words:
        return RejectedError("not valid CEL: it ends too early", len(source.rstrip()) - 1)
    words = re.sub(r"^(mismatched|extraneous) input ", "unexpected ", words)
    words = re.sub(r"^token recognition error at: ", "unexpected ", words)
    return RejectedError(f"not valid CEL: {words}", min(offset, max(len(source) - 1, 0)))


def _at(tokens: list[Token], index: int) -> str:
    return tokens[index].text if 0 <= index < len(tokens) else ""


def _is_macro(tokens: list[Token], index: int) -> bool:
    return tokens[index].text in _MACROS and _at(tokens, index - 1) == "." and _at(tokens, index + 1) == "("


def _is_free(tokens: list[Token], index: int) -> bool:
    """Whether a name stands for a variable: it is no field, no function."""
    return tokens[index].kind == "name" and _at(tokens, index - 1) != "." and _at(tokens, index + 1) != "("


def _bound(tokens: list[Token]) -> Iterator[str]:
    """Names that macros give to elements: `all(who, …)`."""
    return (_at(tokens, index + 2) for index in range(len(tokens)) if _is_macro(tokens, index))


def _known(tokens: list[Token], index: int, bound: set[str]) -> None:
    token = tokens[index]
    if _at(tokens, index + 1) == "(":
        if token.text not in _FUNCTIONS:
            near = meant(token.text, _FUNCTIONS) or ": standard CEL has none"
            raise RejectedError(f"unknown function {token.text!r}{near}", token.at)
    elif _is_free(tokens, index) and token.text not in bound | _WORDS | set(VARIABLES):
        near = meant(token.text, [*VARIABLES, *bound]) or "; expected object or changes"
        raise RejectedError(f"unknown name {token.text!r}{near}", token.at)


def _patterns(tokens: list[Token]) -> None:
    """Regular expressions that are written out are tried now, not when something first meets them."""
    import cel  # noqa: PLC0415 - as above

    for index, token in enumerate(tokens):
        literal = _at(tokens, index + 2)
        if token.text != "matches" or _at(tokens, index + 3) != ")" or tokens[index + 2].kind != "text":
            continue
        try:
            cel.evaluate(f"''.matches({literal})")
        except RuntimeError as error:
            why = re.search(r"error: (?!.*not a valid regex)(.*?)(?:\. Check|$)", str(error), re.MULTILINE)
            message = f"no valid regular expression: {why[1] if why else literal}"
            raise RejectedError(message, tokens[index + 2].at) from None


def _depth(tokens: list[Token]) -> int:
    deepest, open_brackets = 0, [False]
    for index, token in enumerate(tokens):
        if token.text in ("(", "[", "{"):
            open_brackets.append(index > 0 and _is_macro(tokens, index - 1))
            deepest = max(deepest, sum(open_brackets))
            if deepest > DEEPEST:
                message = f"more than {DEEPEST} of {', '.join(sorted(_MACROS))} inside one another"
                raise RejectedError(message, tokens[index - 1].at)
        elif token.text in (")", "]", "}"):
            open_brackets.pop()
    return deepest


def _fields(tokens: list[Token]) -> Iterator[tuple[tuple[str, ...], int]]:
    """`object.limits.warnAt` as ("limits", "warnAt")."""
    for index, token in enumerate(tokens):
        if token.text != "object" or not _is_free(tokens, index):
            continue
        path: list[str] = []
        place = index
        while _at(tokens, place + 1) == "." and place + 2 < len(tokens) and tokens[place + 2].kind == "name":
            if _at(tokens, place + 3) == "(":
                break
            place += 2
            path.append(tokens[place].text)
        if path:
            yield tuple(path), tokens[index + 2].at


def _largest(value: Any) -> int:
    """The length of the longest collection in it."""
    if isinstance(value, Mapping):
        return max(len(value), max(map(_largest, value.values()), default=0))
    if isinstance(value, list | tuple):
        return max(len(value), max(map(_largest, value), default=0))
    return 0


def _explained(error: Exception) -> str:
    """The library's words, in words that tell what to do."""
    if isinstance(error, KeyError):
        name = error.args[0]
        return f"{name!r} is not there: ask first, with has(…) or {name!r} in …"
    if isinstance(error, TypeError):
        return "it compares or joins what does not go together, such as a text and a number"
    if isinstance(error, IndexError):
        return f"{error}: ask size(…) first"
    return str(error).splitlines()[0].partition(". Check ")[0]
