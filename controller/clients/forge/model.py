"""What the forges have in common: comments on a pull request, statuses of a commit, and where all that is.

No I/O. Each forge says these things in its own words, in a file of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic import SecretStr


class ForgeName(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"
    AZURE = "azure"


class State(StrEnum):
    """How a status stands. ERROR: it could not be told."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Site:
    """One repository at one forge. `root` is the address of its interface. `repository`: `OWNER/NAME` at
    GitHub, the id or path of the project at GitLab, `PROJECT/REPOSITORY` at Azure DevOps. `pull` and `sha`
    are the pull request that this job runs for and the commit at its head; `job` the job's page."""

    forge: ForgeName
    root: str
    repository: str
    token: SecretStr | None = field(default=None, repr=False)
    of_job: bool = False  # the token that the forge gave this job, rather than one of ours
    pull: int | None = None
    sha: str | None = None
    from_fork: bool = False
    job: str | None = None
    pipeline: str | None = None  # GitLab: the pipeline that a status belongs to


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request. `author` is the forge's id for whoever wrote it, `by_app` whether that is
    no person; None where the forge does not say."""

    id: str
    body: str
    author: str | None = None
    by_app: bool | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """`context` is its name: a later status of the same name takes the place of an earlier one."""

    context: str
    state: State
    description: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The commit that a pull request wants merged, and whether it comes from another repository."""

    sha: str
    from_fork: bool


class Forge(Protocol):
    """Every method raises a ServiceError; a write whose answer was lost raises UnknownOutcomeError."""

    body_limit: int  # characters of a comment

    async def head(self, pull: int) -> Head: ...
    async def comments(self, pull: int) -> list[Comment]: ...
    async def is_own(self, comment: Comment) -> bool: ...
    async def create(self, pull: int, body: str) -> Comment: ...
    async def update(self, pull: int, comment: Comment, body: str) -> Comment: ...
    async def set_status(self, status: CommitStatus, *, sha: str, pull: int | None = None) -> None: ...


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, and visibly cut where it was longer."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
