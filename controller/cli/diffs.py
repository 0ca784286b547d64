"""What a command writes into spec files, shown as a reviewer will see it."""

from __future__ import annotations

import difflib
from pathlib import Path

import click


def show_diff(path: Path, text: str, root: Path) -> None:
    """A unified diff of a file against its new text; places are told relative to `root`."""
    name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), text.splitlines(keepends=True), f"a/{name}", f"b/{name}", n=1
    )
    click.echo("".join(lines), nl=False)
