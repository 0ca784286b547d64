"""A branch of a repository as a source: fetched, checked, and read from the commit itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path, PurePosixPath

from controller.errors import SourceError, UsageError
from controller.source.git import GitError
from controller.source.mirror import Mirror
from controller.source.past import estate_at
from controller.source.revision import Revision
from controller.source.trust import vouch
from controller.spec import Estate


class RepositorySource:
    """`path` is the specs folder inside the repository; empty for all of it."""

    def __init__(self, url: str, branch: str | None, path: str, state: Path, *, patience: timedelta) -> None:
        inside = PurePosixPath(path)
        if inside.is_absolute() or ".." in inside.parts:
            raise UsageError(f"--path {path}: expected a folder inside the repository")
        self._path = "" if str(inside) == "." else str(inside)
        self._mirror = Mirror(url, branch, state, patience=patience)
        self._read: dict[str, Estate] = {}  # by commit: the newest, and the one that trust is taken from
        self.shown = self._mirror.shown + (f" ({branch})" if branch else "")

    async def newest(self) -> Revision:
        commit = await self._mirror.fetch()
        try:
            return Revision(commit, await self.at(commit))
        except GitError:
            commit = await self._mirror.renew()  # the copy had lost something
        try:
            return Revision(commit, await self.at(commit))
        except GitError as error:
            raise SourceError("source-unreachable", f"{self.shown} cannot be read: {error.said}") from error

    async def vouch(self, revision: Revision, tenant_id: str, last: str | None) -> None:
        assert revision.commit is not None
        await vouch(self._mirror.git, self.at, revision, tenant_id, last)

    async def at(self, commit: str) -> Estate:
        """The specs of one commit."""
        if commit not in self._read:
            estate = await estate_at(self._mirror.git, commit, self._path, self._mirror.home)
            while len(self._read) > 1:
                del self._read[next(iter(self._read))]
            self._read[commit] = estate
        return self._read[commit]

    def close(self) -> None:
        self._mirror.close()
