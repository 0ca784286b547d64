"""Whether a plan was made from what is checked out here: by its commit, or by specs that are the same.

A merge that squashes or rebases leaves another commit with the same files. So the specs decide where the
commits differ; and a checkout of one commit alone, as pipelines have it, does not even know the other.
"""

from __future__ import annotations

from pathlib import Path

from controller.errors import SpecError, StaleError
from controller.source.folder import DIRTY, ask_git, commit_of
from controller.spec import load


def inside(folder: Path) -> str | None:
    """Where a folder lies in its repository, `.` at the top of it; None outside git."""
    prefix = ask_git(folder, "rev-parse", "--show-prefix")
    return None if prefix is None else prefix.rstrip("/") or "."


def check_merged(here: Path, commit: str, digest: str, folder: str | None) -> None:
    """Raises StaleError where `here` is a work tree that neither has the commit nor the specs (by their
    digest, in `folder` of the repository) that a plan was made from. Outside git nothing can be held
    against it, nor in a repository of something else."""
    top = ask_git(here, "rev-parse", "--show-toplevel")
    if top is None:
        return
    clean = commit.removesuffix(DIRTY)
    if clean == commit and ask_git(here, "merge-base", "--is-ancestor", commit, "HEAD") is not None:
        return
    where = Path(top, folder) if folder else None
    if where and where.is_dir():
        if digest in _digests(where):
            return
    elif ask_git(here, "cat-file", "-e", f"{clean}^{{commit}}") is None:
        return
    head = commit_of(here) or "nothing"
    raise StaleError(
        f"the plan was made from {_short(commit)}, and {_short(head)} is checked out here, which does not "
        "contain it and has other specs: plan anew from what was merged, and have it reviewed"
    )


def _digests(folder: Path) -> frozenset[str]:
    try:
        return frozenset(tenant.digest for tenant in load(folder).tenants)
    except SpecError:
        return frozenset()


def _short(commit: str) -> str:
    dirty = " with uncommitted changes" if commit.endswith(DIRTY) else ""
    return f"commit {commit.removesuffix(DIRTY)[:12]}{dirty}"
