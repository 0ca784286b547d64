"""GitLab [doc: docs.gitlab.com/api: notes, commits (post the pipeline status), merge_requests, users].

Facts one would not guess: maintainers may edit everybody's notes, so a marker alone does not make a note
ours; a job token may write neither notes nor statuses [doc: docs.gitlab.com/ci/jobs/ci_job_token; obs:
semantic-release/gitlab#859]; a status that is already so is refused with 400 "Cannot transition status".
A note holds 1,000,000 characters [doc: docs.gitlab.com/api/notes], a description 255.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from controller.clients.attempt import Effect
from controller.clients.forge.line import ForgeLine
from controller.clients.forge.model import Comment, CommitStatus, Head, State, cut
from controller.errors import InvalidError, ServiceError

_PAGE: Final = 100
_DESCRIPTION: Final = 255
_STATES: Final = {
    State.PENDING: "pending",
    State.SUCCESS: "success",
    State.FAILURE: "failed",
    State.ERROR: "failed",
}
ADVICE: Final = {
    401: "set MBX_FORGE_TOKEN to a project access token with the scope `api` (a job token may not do this)",
    403: "the token needs the scope `api`, and the role Developer in this project",
    404: "the project or merge request does not exist, or the token may not see it (a job token never may)",
}


class GitLab:
    body_limit: int = 1_000_000

    def __init__(self, line: ForgeLine, project: str, pipeline: str | None = None) -> None:
        self._line = line
        self._at = "/projects/" + quote(project, safe="")
        self._pipeline = pipeline
        self._me: str | None = None
        self._asked = False

    async def head(self, pull: int) -> Head:
        body = (await self._line.get(f"{self._at}/merge_requests/{pull}")).body
        return Head(body["sha"], body.get("source_project_id") != body.get("target_project_id"))

    async def comments(self, pull: int) -> list[Comment]:
        found: list[Comment] = []
        notes = f"{self._at}/merge_requests/{pull}/notes?sort=asc&per_page={_PAGE}"
        page, link = 1, notes
        while True:
            said = await self._line.get(link)
            found += [_comment(row) for row in said.body or () if not row.get("system")]
            page += 1
            if said.following is None and len(said.body or ()) < _PAGE:
                return found
            link = said.following or f"{notes}&page={page}"

    async def is_own(self, comment: Comment) -> bool:
        if not self._asked:
            self._asked = True
            try:
                self._me = str((await self._line.get("/user")).body["id"])
            except (ServiceError, KeyError, TypeError):
                self._me = None  # a job token is nobody, and GitLab itself refuses what is not ours
        return self._me is None or comment.author in (None, self._me)

    async def create(self, pull: int, body: str) -> Comment:
        said = await self._line.write(
            "POST", f"{self._at}/merge_requests/{pull}/notes", {"body": body}, effect=Effect.ONCE
        )
        return _comment(said.body)

    async def update(self, pull: int, comment: Comment, body: str) -> Comment:
        path = f"{self._at}/merge_requests/{pull}/notes/{comment.id}"
        return _comment((await self._line.write("PUT", path, {"body": body}, effect=Effect.REPEATABLE)).body)

    async def set_status(self, status: CommitStatus, *, sha: str, pull: int | None = None) -> None:
        body: dict[str, Any] = {
            "state": _STATES[status.state],
            "name": status.context,
            "description": cut(status.description, _DESCRIPTION),
        }
        if status.url:
            body["target_url"] = status.url
        if self._pipeline:  # or GitLab opens a second pipeline for it beside the merge request's
            body["pipeline_id"] = int(self._pipeline)
        try:
            await self._line.write("POST", f"{self._at}/statuses/{sha}", body, effect=Effect.REPEATABLE)
        except InvalidError as error:
            if "Cannot transition status" not in error.message:
                raise


def _comment(row: Any) -> Comment:
    author = (row.get("author") or {}).get("id")
    return Comment(str(row["id"]), row.get("body") or "", None if author is None else str(author))
