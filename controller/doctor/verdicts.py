"""What a look came to: lines with a mark, each that is bad with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Mark(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


_SIGNS: Final = {Mark.GOOD: "✓", Mark.WARNING: "!", Mark.BAD: "✗"}


@dataclass(frozen=True, slots=True)
class Line:
    """`group` is the heading it stands under, `todo` what a person does about it."""

    group: str
    mark: Mark
    text: str
    todo: str = ""


def good(group: str, text: str) -> Line:
    return Line(group, Mark.GOOD, text)


def warning(group: str, text: str, todo: str = "") -> Line:
    return Line(group, Mark.WARNING, text, todo)


def bad(group: str, text: str, todo: str) -> Line:
    return Line(group, Mark.BAD, text, todo)


def all_well(lines: Iterable[Line]) -> bool:
    return all(line.mark is not Mark.BAD for line in lines)


def as_text(lines: Iterable[Line]) -> Iterator[str]:
    group = None
    for line in lines:
        if line.group != group:
            yield from ([""] if group is not None else [])
            yield line.group
            group = line.group
        yield f"  {_SIGNS[line.mark]} {line.text}"
        if line.todo:
            yield f"      {line.todo}"


def as_json(lines: Iterable[Line]) -> list[dict[str, Any]]:
    return [
        {"group": line.group, "mark": line.mark.value, "text": line.text, "todo": line.todo} for line in lines
    ]
