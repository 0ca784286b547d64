"""Three texts into one, line by line: what was rewritten goes in, what was only respelt stays as it was.

A YAML library that writes a file back respells parts that nobody touched. Held against its own respelling of
the untouched file, what was really changed is known, and only that is taken over.
"""

from __future__ import annotations

from difflib import SequenceMatcher


def changed_lines(original: str, respelt: str, rewritten: str) -> str:
    """`original` with what differs between `respelt` and `rewritten`."""
    lines, before, after = (text.splitlines(keepends=True) for text in (original, respelt, rewritten))
    places = _places(lines, before)
    made: list[str] = []
    at = 0
    for tag, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        made += lines[at : places[start]]
        made += [_indented(line, start, places, lines, before) for line in after[first:last]]
        at = places[end]
    return "".join([*made, *lines[at:]])


def _indented(line: str, at: int, places: list[int], lines: list[str], before: list[str]) -> str:
    """A new line, indented as the nearest one above is that stood as deep when it was respelt."""
    depth = _depth(line)
    for index in range(min(at, len(before) - 1), -1, -1):
        if before[index].strip() and _depth(before[index]) == depth and places[index] < len(lines):
            return " " * _depth(lines[places[index]]) + line.lstrip(" ")
    return line


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _places(lines: list[str], before: list[str]) -> list[int]:
    """For each line of `before`, and for its end, where it stands in `lines`. Of what was respelt as a block
    of lines, the beginning stands for all but its end."""
    places = [0] * (len(before) + 1)
    for _, start, end, first, last in SequenceMatcher(None, lines, before, autojunk=False).get_opcodes():
        for index in range(first, last):
            same = end - start == last - first
            places[index] = start + (index - first) if same else start
    places[len(before)] = len(lines)
    return places
