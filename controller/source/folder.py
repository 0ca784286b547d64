"""A folder as a source: read where it is; where it is a work tree, git tells which commit it is at."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from controller.errors import SourceError
from controller.source.git import Git
from controller.source.past import estate_at
from controller.source.revision import Revision
from controller.source.trust import vouch
from controller.spec import Estate, load

_PATIENCE = 30  # seconds for a local git command; a network file system may be slow, never this slow
DIRTY = "-dirty"
_CAREFUL = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


def commit_of(folder: Path) -> str | None:
    """The commit checked out there, with `-dirty` behind it where the folder differs from it; None
    outside git, or where there is no git."""
    head = ask_git(folder, "rev-parse", "HEAD")
    if head is None:
        return None
    changed = ask_git(folder, "status", "--porcelain", "--", ".")
    return f"{head}{DIRTY}" if changed else head


def fetched_from(folder: Path) -> str | None:
    """Where git fetches this work tree from; None where it does not, or outside git."""
    return ask_git(folder, "remote", "get-url", "origin")


def ask_git(folder: Path, *arguments: str) -> str | None:
    """What git says there; None where it refuses, is not there, or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed program, and no shell
            ["git", *_CAREFUL, "-C", str(folder), *arguments],  # noqa: S607 -- found on the PATH, as everywhere
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


class FolderSource:
    """Somebody else keeps it up to date; it is read anew each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: tuple[str, Estate] | None = None  # the earlier commit that trust was taken from last
        self.shown = str(folder)

    async def newest(self) -> Revision:
        """Raises SourceError where the folder moved on to another commit while it was being read."""
        before = await asyncio.to_thread(commit_of, self._folder)
        estate = await asyncio.to_thread(load, self._folder)
        after = await asyncio.to_thread(commit_of, self._folder)
        if before != after:
            raise SourceError("source-unreachable", f"{self.shown} changed while it was being read")
        return Revision(after, estate)

    async def vouch(self, revision: Revision, tenant_id: str, last: str | None) -> None:
        """A work tree is held to the same rules as a repository; outside git only nothing can be asked."""
        git = Git(self._folder, bare=False)
        await vouch(git, self._past, revision, tenant_id, last)

    async def _past(self, commit: str) -> Estate:
        """The specs as they were at an earlier commit of the work tree."""
        if self._read is None or self._read[0] != commit:
            git = Git(self._folder, bare=False)
            inside = (await git("rev-parse", "--show-prefix")).decode().strip().rstrip("/")
            self._read = commit, await estate_at(git, commit, inside)
        return self._read[1]

    def close(self) -> None:
        """Holds nothing."""
