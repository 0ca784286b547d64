"""The specs as a commit has them, whatever is checked out."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from controller.errors import SourceError, UsageError
from controller.source.git import Git
from controller.source.tree import write_out
from controller.spec import Estate, load


async def estate_at(git: Git, commit: str, path: str, scratch: Path | None = None) -> Estate:
    """`path` is the specs folder inside the repository (empty: its top). Raises SpecError, UsageError,
    SourceError, and GitError where the repository's objects cannot be read."""
    folder = Path(tempfile.mkdtemp(prefix="tree-", dir=scratch))
    try:
        await write_out(git, commit, path, folder)
        return await asyncio.to_thread(_load, folder, path, commit)
    except OSError as error:
        raise SourceError("source-unreachable", f"{folder}: {error.strerror}") from error
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _load(folder: Path, path: str, commit: str) -> Estate:
    specs = folder / path
    if not specs.is_dir() or not specs.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"there is no folder {path or '/'} at commit {commit[:12]}: nothing is changed")
    return load(specs, root=folder)
