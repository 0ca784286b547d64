"""Where the specs come from: which commit a folder is at. Git itself is asked; nothing else reads git."""

from __future__ import annotations

import subprocess
from pathlib import Path

_PATIENCE = 30  # seconds for a local git command; a network file system may be slow, never this slow


def commit_of(folder: Path) -> str | None:
    """The commit checked out there, with `-dirty` behind it where the folder differs from it; None
    outside git, or where there is no git."""
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return None
    changed = _git(folder, "status", "--porcelain", "--", ".")
    return f"{head}-dirty" if changed else head


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed program, and no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607 -- found on the PATH, as everywhere
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
