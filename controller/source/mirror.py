"""A bare copy of one branch, kept in the state folder: fetched into, read from, made anew when it is broken.
Each process has one to itself: a second one beside it takes the next place.

Whole history, no blobs left out: whether a commit follows another, and who signed what lies between, is
asked of it without the network. A fetch that was killed leaves nothing that counts: what is read is a ref
that git moves at the end.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from controller.errors import SourceError, UsageError
from controller.source.git import Git, GitError, without_credentials

_PLACES: Final = 16  # replicas on one machine
_INCOMING: Final = "refs/mbx/incoming"
_GONE: Final = re.compile(r"couldn't find remote ref|remote branch .* not found", re.IGNORECASE)
_BRANCH: Final = re.compile(r"(?!-)[^\s~^:?*\[\\\x00-\x1f]+")


class Mirror:
    """`branch` None: the one that the repository names as its own."""

    def __init__(self, url: str, branch: str | None, state: Path, *, patience: timedelta) -> None:
        if url.startswith("-") or "::" in url.partition("/")[0]:
            raise UsageError(f"--repo {without_credentials(url)}: expected the address of a git repository")
        if branch is not None and (not _BRANCH.fullmatch(branch) or ".." in branch):
            raise UsageError(f"--branch {branch}: that is no name of a branch")
        self.url = url
        self.shown = without_credentials(url)
        self.branch = branch
        self._ref = f"refs/heads/{branch}" if branch else "HEAD"
        self._patience = patience
        name = hashlib.sha256(f"{url}\n{self._ref}".encode()).hexdigest()[:16]
        self._places = [state / "source" / f"{name}-{number}" for number in range(_PLACES)]
        self.home = self._places[0]
        self._lock: int | None = None

    async def fetch(self) -> str:
        """The branch's newest commit. After a SourceError, what was there before still is."""
        self._open()
        try:
            await self._init(self.git)
            await self._fetch_into(self.git)
            return await self._head(self.git)
        except GitError as error:
            if _GONE.search(error.said):
                raise self._branch_gone(error) from error
            if await self._is_sound():
                raise self._unreachable(error) from error
        return await self.renew()

    async def renew(self) -> str:
        """Copies the repository anew, and only then lets go of the copy that was there."""
        self._open()
        fresh = Git(Path(tempfile.mkdtemp(prefix="fresh-", dir=self.home)) / "mirror.git")
        try:
            await self._init(fresh)
            await self._fetch_into(fresh)
            commit = await self._head(fresh)
        except GitError as error:
            raise (self._branch_gone if _GONE.search(error.said) else self._unreachable)(error) from error
        else:
            await asyncio.to_thread(shutil.rmtree, self.git.folder, ignore_errors=True)
            fresh.folder.rename(self.git.folder)
            return commit
        finally:
            await asyncio.to_thread(shutil.rmtree, fresh.folder.parent, ignore_errors=True)

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # --- steps --------------------------------------------------------------------------------------

    @property
    def git(self) -> Git:
        return Git(self.home / "mirror.git")

    def _open(self) -> None:
        """Takes a copy for this process, and clears away what a killed one left in it."""
        if self._lock is not None:
            return
        try:
            self._lock = next(lock for place in self._places if (lock := self._taken(place)) is not None)
        except OSError as error:
            message = f"no copy of {self.shown} can be kept in {self.home.parent}: {error.strerror}"
            raise SourceError("source-unreachable", message) from error
        except StopIteration:
            message = f"{_PLACES} copies of {self.shown} are in use in {self.home.parent}: end some `mbx run`"
            raise SourceError("source-unreachable", message) from None
        for left in (*self.home.glob("fresh-*"), *self.home.glob("tree-*")):
            shutil.rmtree(left, ignore_errors=True)
        for left in self.git.folder.rglob("*.lock"):
            left.unlink(missing_ok=True)

    def _taken(self, place: Path) -> int | None:
        """The lock of a place, which goes with the process; None where another one has it."""
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        self.home = place
        return descriptor

    async def _init(self, git: Git) -> None:
        if not (git.folder / "HEAD").is_file():
            await asyncio.to_thread(shutil.rmtree, git.folder, ignore_errors=True)
            await git("init", "--quiet", "--bare", "--template=", str(git.folder))

    async def _fetch_into(self, git: Git) -> None:
        await git(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force",
            "--end-of-options", self.url, f"+{self._ref}:{_INCOMING}", patience=self._patience,
        )  # fmt: skip

    async def _head(self, git: Git) -> str:
        commit = await git("rev-parse", "--verify", "--quiet", f"{_INCOMING}^{{commit}}")
        return commit.decode().strip()

    async def _is_sound(self) -> bool:
        """Whether the copy is all there; what failed was then the way to the repository."""
        try:
            await self.git("rev-parse", "--git-dir")
            await self.git(
                "fsck", "--connectivity-only", "--no-dangling", "--no-progress", patience=self._patience
            )
        except GitError:
            return False
        return True

    def _unreachable(self, error: GitError) -> SourceError:
        advice = "check the address, the network, and the key or token that git uses"
        return SourceError("source-unreachable", f"{self.shown} cannot be fetched: {error.said} — {advice}")

    def _branch_gone(self, error: GitError) -> SourceError:
        what = f"branch {self.branch}" if self.branch else "branch of its own (HEAD)"
        said = f"{self.shown} has no {what}: {error.said}; nothing is changed — push it, or correct --branch"
        return SourceError("branch-gone", said)
