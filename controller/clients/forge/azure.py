"""Azure DevOps Services and Server [doc: learn.microsoft.com/rest/api/azure/devops/git: pull request threads,
pull request thread comments, pull request statuses, statuses, pull requests].

Facts one would not guess: all threads come in one answer; nobody may edit another's comment, so a refused
edit means that it was not ours; a comment of more than 150,000 characters is refused with 400
[obs: runatlantis/atlantis#1585]; a bad token may be answered with 203 and a sign-in page
[obs: MicrosoftDocs/vsts-rest-api-specs#97].
"""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import quote

from pydantic import SecretStr

from controller.clients.attempt import Effect
from controller.clients.forge.line import ForgeLine, Said
from controller.clients.forge.model import Comment, CommitStatus, Head, State, cut
from controller.errors import DeniedError

_VERSION: Final = "api-version=7.1"
_DESCRIPTION: Final = 1024  # not documented; longer is of no use where it is shown
_GENRE: Final = "mbx"
_STATES: Final = {
    State.PENDING: "pending",
    State.SUCCESS: "succeeded",
    State.FAILURE: "failed",
    State.ERROR: "error",
}
ADVICE: Final = {
    401: "hand the job its token (`env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}`) or set MBX_FORGE_TOKEN",
    403: "allow the build service `Contribute to pull requests` on this repository, or set MBX_FORGE_TOKEN",
    404: "the repository or pull request does not exist, or the token may not see it",
}


def authorization(token: SecretStr, *, of_job: bool) -> str:
    """A job's token and one of Entra's are bearers; a personal access token is the password of a user
    without a name."""
    secret = token.get_secret_value()
    if of_job or secret.startswith("eyJ"):
        return f"Bearer {secret}"
    return "Basic " + base64.b64encode(f":{secret}".encode()).decode()


class AzureDevOps:
    body_limit: int = 150_000

    def __init__(self, line: ForgeLine, repository: str) -> None:
        """`repository` is `PROJECT/REPOSITORY`, each by name or id."""
        self._line = line
        project, _, name = repository.partition("/")
        self._at = f"/{quote(project)}/_apis/git/repositories/{quote(name, safe='')}"

    async def head(self, pull: int) -> Head:
        body = _signed_in(await self._line.get(f"{self._at}/pullRequests/{pull}?{_VERSION}"))
        return Head(body["lastMergeSourceCommit"]["commitId"], body.get("forkSource") is not None)

    async def comments(self, pull: int) -> list[Comment]:
        body = _signed_in(await self._line.get(f"{self._at}/pullRequests/{pull}/threads?{_VERSION}"))
        return [
            _comment(thread["id"], comment)
            for thread in body["value"]
            if not thread.get("isDeleted")
            for comment in thread.get("comments") or ()
            if not comment.get("isDeleted") and comment.get("commentType") != "system"
        ]

    async def is_own(self, comment: Comment) -> bool:
        return True  # what is not ours is refused when we try

    async def create(self, pull: int, body: str) -> Comment:
        comment = {"parentCommentId": 0, "content": body, "commentType": "text"}
        said = await self._line.write(
            "POST",
            f"{self._at}/pullRequests/{pull}/threads?{_VERSION}",
            {"comments": [comment], "status": "closed"},  # told, and nothing that somebody must resolve
            effect=Effect.ONCE,
        )
        thread = _signed_in(said)
        return _comment(thread["id"], thread["comments"][0])

    async def update(self, pull: int, comment: Comment, body: str) -> Comment:
        thread, _, number = comment.id.partition("/")
        path = f"{self._at}/pullRequests/{pull}/threads/{thread}/comments/{number}?{_VERSION}"
        said = await self._line.write("PATCH", path, {"content": body}, effect=Effect.REPEATABLE)
        return _comment(thread, _signed_in(said))

    async def set_status(self, status: CommitStatus, *, sha: str, pull: int | None = None) -> None:
        """On the pull request where there is one, for a branch policy to require; else on the commit."""
        body: dict[str, Any] = {
            "state": _STATES[status.state],
            "description": cut(status.description, _DESCRIPTION),
            "context": {"name": status.context, "genre": _GENRE},
        }
        if status.url:
            body["targetUrl"] = status.url
        where = f"pullRequests/{pull}" if pull is not None else f"commits/{sha}"
        path = f"{self._at}/{where}/statuses?{_VERSION}"
        _signed_in(await self._line.write("POST", path, body, effect=Effect.REPEATABLE))


def _signed_in(said: Said) -> Any:
    if isinstance(said.body, dict):
        return said.body
    raise DeniedError("azure", "sign-in", "a sign-in page came instead of an answer", said.status,
                      advice=ADVICE[401])  # fmt: skip


def _comment(thread: Any, row: Any) -> Comment:
    author = (row.get("author") or {}).get("id")
    return Comment(f"{thread}/{row['id']}", row.get("content") or "", author)
