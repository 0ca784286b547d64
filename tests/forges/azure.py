"""Azure DevOps: threads and statuses of a pull request, statuses of a commit, as
learn.microsoft.com/rest/api/azure/devops/git documents them."""

from __future__ import annotations

import base64
import re
from typing import Any

from tests.forges.double import Answered, Asked, Double, strange_fields

PROJECT = "Mail"
REPOSITORY = "0f4a9b5e-1c2d-4e3f-8a9b-000000000001"
_STATES = ("notSet", "notApplicable", "pending", "succeeded", "failed", "error")


class AzureDouble(Double):
    def __init__(self, token: str = "eyJ0.job.token", *, pat: str = "patpatpat") -> None:
        super().__init__()
        self.me = "build-service"
        self._accepted = {
            f"Bearer {token}",
            "Basic " + base64.b64encode(f":{pat}".encode()).decode(),
        }
        self.threads: list[dict[str, Any]] = []
        self.statuses: list[tuple[str, dict[str, Any]]] = []
        self.read_only = False

    def add(self, content: str, author: str) -> dict[str, Any]:
        comment = {"id": 1, "content": content, "author": {"id": author}, "commentType": "text"}
        thread = {"id": 500 + len(self.threads), "comments": [comment], "status": "active"}
        self.threads.append(thread)
        return thread

    def respond(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization") not in self._accepted:
            page = b"<!DOCTYPE html><html><title>Azure DevOps Services | Sign In</title></html>"
            return Answered(203, page, {"content-type": "text/html; charset=utf-8"})
        if not re.fullmatch(r"\d\.\d(-preview\.\d)?", asked.query.get("api-version", "")):
            return _refusal(400, "No api-version was supplied for the request.")
        at = rf"/entreprise/{PROJECT}/_apis/git/repositories/{REPOSITORY}"
        for method, pattern, respond in (
            ("GET", rf"{at}/pullRequests/7", self._pull),
            ("GET", rf"{at}/pullRequests/7/threads", self._list),
            ("POST", rf"{at}/pullRequests/7/threads", self._create),
            ("PATCH", rf"{at}/pullRequests/7/threads/(\d+)/comments/(\d+)", self._update),
            ("POST", rf"{at}/(pullRequests/7)/statuses", self._status),
            ("POST", rf"{at}/(commits/[0-9a-f]{{40}})/statuses", self._status),
        ):
            if asked.method == method and (match := re.fullmatch(pattern, asked.path)):
                if method != "GET" and self.read_only:
                    words = "TF401027: You need the Git 'PullRequestContribute' permission to perform this action."
                    return _refusal(403, words)
                return respond(asked, *match.groups())
        return _refusal(404, "TF401019: The Git repository does not exist or you do not have permissions.")

    def _pull(self, asked: Asked) -> Answered:
        return Answered(200, {"pullRequestId": 7, "lastMergeSourceCommit": {"commitId": "c" * 40}})

    def _list(self, asked: Asked) -> Answered:
        return Answered(200, {"value": self.threads, "count": len(self.threads)})

    def _create(self, asked: Asked) -> Answered:
        body = asked.body
        strange = strange_fields(body, "comments", "status", "threadContext", "properties")
        if strange or len(body.get("comments", ())) != 1:
            return _refusal(400, "Invalid argument value.")
        (comment,) = body["comments"]
        if strange_fields(comment, "parentCommentId", "content", "commentType"):
            return _refusal(400, "Invalid argument value.")
        if bad := _too_long(comment["content"]):
            return bad
        return Answered(200, self.add(comment["content"], self.me))

    def _update(self, asked: Asked, thread: str, number: str) -> Answered:
        found = next((t for t in self.threads if t["id"] == int(thread)), None)
        if found is None or number != "1":
            return _refusal(404, "The thread does not exist.")
        comment = found["comments"][0]
        if comment["author"]["id"] != self.me:
            return _refusal(403, "TF400813: Only the author may edit a comment.")
        if strange_fields(asked.body, "content"):
            return _refusal(400, "Invalid argument value.")
        if bad := _too_long(asked.body["content"]):
            return bad
        comment["content"] = asked.body["content"]
        return Answered(200, comment)

    def _status(self, asked: Asked, where: str) -> Answered:
        body = asked.body
        if strange_fields(body, "state", "description", "context", "targetUrl", "iterationId"):
            return _refusal(400, "Invalid argument value.")
        if body.get("state") not in _STATES or not (body.get("context") or {}).get("name"):
            return _refusal(400, "Invalid argument value. Parameter name: status")
        self.statuses.append((where, body))
        return Answered(200, {"id": len(self.statuses), **body})


def _too_long(content: str) -> Answered | None:
    if len(content) <= 150_000:
        return None
    words = "A discussion comment cannot be longer than 150000 characters.\r\nParameter name: comment.Content"
    return _refusal(400, words)


def _refusal(status: int, message: str) -> Answered:
    return Answered(status, {"$id": "1", "innerException": None, "message": message, "errorCode": 0})
