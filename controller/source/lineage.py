"""Does a commit follow what was applied before it? Asked of a repository, without the network."""

from __future__ import annotations

from controller.errors import SourceError
from controller.source.git import Git, GitError


async def must_follow(git: Git, last: str, commit: str) -> None:
    """Raises SourceError unless `commit` is `last` or comes after it."""
    if last == commit:
        return
    if not await has(git, last):
        raise _refused(
            commit,
            f"what was last applied, {last[:12]}, is not in this repository: it is another one, or its "
            "history was written anew",
        )
    status, _, err = await git.ask("merge-base", "--is-ancestor", last, commit)
    if status == 0:
        return
    if status != 1:
        raise SourceError(
            "source-unreachable", f"git cannot compare commits: {err.decode('utf-8', 'replace')}"
        )
    older, _, _ = await git.ask("merge-base", "--is-ancestor", commit, last)
    what = "is older than" if older == 0 else "does not come after"
    raise _refused(commit, f"it {what} {last[:12]}, which was applied last")


async def has(git: Git, commit: str) -> bool:
    try:
        await git("cat-file", "-e", f"{commit}^{{commit}}")
    except GitError:
        return False
    return True


def _refused(commit: str, why: str) -> SourceError:
    return SourceError(
        "not-fast-forward",
        f"commit {commit[:12]} is not applied: {why}. If that is meant, say so: "
        f"mbx accept {commit} --reason '…'",
    )
