"""Writes what findings.md says of each code into the package, so that a page can say it beside the finding.

Run `python docs/reference/finding_words.py` after a change to findings.md; a test tells when that was
forgotten. Of a link and of what is emphasised the words are kept; "the same" is what stands above it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).with_name("findings.md")
WRITTEN: Final = PAGE.parents[2] / "controller" / "report" / "explained.json"
_COLUMNS: Final = ("means", "holds", "what to do", "rests on")
_CELL: Final = re.compile(r"(?<!\\)\|")
_LINK: Final = re.compile(r"\[([^]]*)\]\([^)]*\)")
_CODE: Final = re.compile(r"`([^`]*)`")


def words(text: str) -> str:
    """What the page says, by code, as JSON. A code in two tables keeps the first."""
    found: dict[str, dict[str, str]] = {}
    for header, row in _rows(text):
        told = {name: cell for name, cell in zip(header, row, strict=True) if name in _COLUMNS and cell}
        for code in _CODE.findall(row[0]):
            found.setdefault(code, told)
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _rows(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Every row of a table of codes, beside the table's header."""
    header: list[str] = []
    above: list[str] = []
    for line in text.splitlines():
        cells = [_LINK.sub(r"\1", cell.strip()).replace("*", "") for cell in _CELL.split(line)[1:-1]]
        if not cells:
            header = []
        elif not header:
            header = cells
        elif header[0] == "code" and cells[0].strip("-"):
            above = [above[at] if cell == "the same" else cell for at, cell in enumerate(cells)]
            yield header, above


if __name__ == "__main__":
    WRITTEN.write_text(words(PAGE.read_text("utf-8")), encoding="utf-8")
