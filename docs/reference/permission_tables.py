"""Writes the table of permissions.md from the aspects, so that it says what the program calls for.

Run `python docs/reference/permission_tables.py` after a change to an aspect; a test tells when that was
forgotten. What an aspect manages is the first sentence of its module.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from controller.aspect import Aspect, all_aspects

PAGE: Final = Path(__file__).with_name("permissions.md")
_BLOCK: Final = re.compile(r"<!-- aspects -->\n(.*?)<!-- end -->", re.DOTALL)
_SENTENCE: Final = re.compile(r"(.+?)[.:](?:\s|$)", re.DOTALL)


def page(text: str) -> str:
    """The page with its table as the aspects have it now."""
    rows = ["| aspect | what it manages | to read | to write |", "|---|---|---|---|"]
    rows += [_row(aspect) for aspect in all_aspects()]
    table = "\n".join(rows)
    return _BLOCK.sub(lambda _: f"<!-- aspects -->\n{table}\n<!-- end -->", text)


def _row(aspect: Aspect) -> str:
    said = sys.modules[type(aspect).__module__].__doc__ or ""
    sentence = _SENTENCE.match(said)
    manages = " ".join((sentence[1] if sentence else said).split()).replace("|", "\\|")
    needs = aspect.permissions
    return f"| `{aspect.name}` | {manages} | {_listed(needs.read)} | {_listed(needs.write)} |"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"{_where(name)}`{name}`" for name in names)


def _where(name: str) -> str:
    """Cmdlets are Exchange's; permissions have a dot in them, privileges of Dataverse begin with prv."""
    return "Dataverse " if name.startswith("prv") else "Graph " if "." in name else ""


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), encoding="utf-8")
