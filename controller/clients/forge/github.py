"""GitHub and GitHub Enterprise Server [doc: docs.github.com/rest: issue comments, statuses, pulls, users].

A comment on a pull request is one of its issue. Facts one would not guess: whoever may write to a repository
may edit everybody's comments there, so a marker alone does not make a comment ours; the token of a job
belongs to no user, and `GET /user` refuses it with 403; a body of more than 65,536 characters is refused with
422 [obs: telia-oss/github-pr-resource#259], a description of more than 140 likewise [obs: zalando/zappr#378].
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from controller.clients.attempt import Effect
from controller.clients.forge.line import ForgeLine
from controller.clients.forge.model import Comment, CommitStatus, Head, cut
from controller.errors import DeniedError, ServiceError

_PAGE: Final = 100
_DESCRIPTION: Final = 140
HEADERS: Final = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
ADVICE: Final = {
    401: "MBX_FORGE_TOKEN (or GITHUB_TOKEN) is not a token that this forge knows, or it has ended",
    403: "give the job `permissions: {pull-requests: write, statuses: write}`, or set MBX_FORGE_TOKEN",
    404: "the repository or pull request does not exist, or the token may not see it",
}


class GitHub:
    body_limit: int = 65_536

    def __init__(self, line: ForgeLine, repository: str) -> None:
        self._line = line
        self._at = "/repos/" + quote(repository, safe="/")
        self._me: str | None = None
        self._asked = False
        self._nobody = False

    async def head(self, pull: int) -> Head:
        body = (await self._line.get(f"{self._at}/pulls/{pull}")).body
        head = body["head"]
        base = body.get("base", {}).get("repo") or {}
        return Head(head["sha"], (head.get("repo") or {}).get("full_name") != base.get("full_name"))

    async def comments(self, pull: int) -> list[Comment]:
        found: list[Comment] = []
        page, link = 1, f"{self._at}/issues/{pull}/comments?per_page={_PAGE}"
        while True:
            said = await self._line.get(link)
            found += [_comment(row) for row in said.body or ()]
            page += 1
            if said.following is None and len(said.body or ()) < _PAGE:
                return found
            link = said.following or f"{self._at}/issues/{pull}/comments?per_page={_PAGE}&page={page}"

    async def is_own(self, comment: Comment) -> bool:
        if not self._asked:
            await self._look_in_the_mirror()
        if self._me is not None:
            return comment.author == self._me
        return comment.by_app is not False if self._nobody else True

    async def _look_in_the_mirror(self) -> None:
        self._asked = True
        try:
            self._me = str((await self._line.get("/user")).body["login"])
        except DeniedError:
            self._nobody = True  # an app, as the token of a job is
        except (ServiceError, KeyError, TypeError):
            self._me = None  # a stand-in for GitHub that does not know users: go by the marker

    async def create(self, pull: int, body: str) -> Comment:
        said = await self._line.write(
            "POST", f"{self._at}/issues/{pull}/comments", {"body": body}, effect=Effect.ONCE
        )
        return _comment(said.body)

    async def update(self, pull: int, comment: Comment, body: str) -> Comment:
        said = await self._line.write(
            "PATCH", f"{self._at}/issues/comments/{comment.id}", {"body": body}, effect=Effect.REPEATABLE
        )
        return _comment(said.body)

    async def set_status(self, status: CommitStatus, *, sha: str, pull: int | None = None) -> None:
        body = {
            "state": str(status.state),
            "context": status.context,
            "description": cut(status.description, _DESCRIPTION),
        }
        if status.url:
            body["target_url"] = status.url
        await self._line.write("POST", f"{self._at}/statuses/{sha}", body, effect=Effect.REPEATABLE)


def _comment(row: Any) -> Comment:
    user = row.get("user") or {}
    kind = user.get("type")
    return Comment(
        str(row["id"]),
        row.get("body") or "",
        user.get("login"),
        None if kind is None else kind == "Bot",
        row.get("html_url"),
    )
