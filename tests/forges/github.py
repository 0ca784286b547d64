"""GitHub: issue comments, commit statuses, pulls and the user, as docs.github.com/rest documents them."""

from __future__ import annotations

import re
from typing import Any

from tests.forges.double import Answered, Asked, Double, strange_fields

DOCS = "https://docs.github.com/rest"
REPOSITORY = "entreprise/mail"


class GitHubDouble(Double):
    """One repository. `user` is whom the token belongs to; None: an installation, as a job's token is."""

    def __init__(self, token: str = "ghs_job", *, user: str | None = None) -> None:
        super().__init__()
        self.token, self.user = token, user
        self.comments: list[dict[str, Any]] = []
        self.statuses: list[tuple[str, dict[str, Any]]] = []
        self.head_sha = "a" * 40
        self.head_repo = REPOSITORY
        self.read_only = False

    def add(self, body: str, login: str, kind: str = "User") -> dict[str, Any]:
        number = 1000 + len(self.comments)
        comment = {
            "id": number,
            "body": body,
            "user": {"login": login, "type": kind},
            "html_url": f"https://github.com/{REPOSITORY}/pull/7#issuecomment-{number}",
        }
        self.comments.append(comment)
        return comment

    def respond(self, asked: Asked) -> Answered:
        if not asked.headers.get("user-agent"):
            return Answered(403, {"message": "Request forbidden by administrative rules."})
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return _refusal(401, "Bad credentials")
        if asked.headers.get("accept") != "application/vnd.github+json":
            return _refusal(415, "Unsupported 'Accept' header")
        if asked.headers.get("x-github-api-version") not in ("2022-11-28",):
            return _refusal(400, "not a supported version")
        for method, pattern, respond in (
            ("GET", r"/user", self._me),
            ("GET", rf"/repos/{REPOSITORY}/pulls/7", self._pull),
            ("GET", rf"/repos/{REPOSITORY}/issues/7/comments", self._list),
            ("POST", rf"/repos/{REPOSITORY}/issues/7/comments", self._create),
            ("PATCH", rf"/repos/{REPOSITORY}/issues/comments/(\d+)", self._update),
            ("POST", rf"/repos/{REPOSITORY}/statuses/([0-9a-f]{{40}})", self._status),
        ):
            if asked.method == method and (match := re.fullmatch(pattern, asked.path)):
                if method != "GET" and self.read_only:
                    return _refusal(403, "Resource not accessible by integration")
                return respond(asked, *match.groups())
        return _refusal(404, "Not Found")

    def _me(self, asked: Asked) -> Answered:
        if self.user is None:
            return _refusal(403, "Resource not accessible by integration")
        return Answered(200, {"login": self.user, "id": 1, "type": "User"})

    def _pull(self, asked: Asked) -> Answered:
        head = {"sha": self.head_sha, "repo": {"full_name": self.head_repo}}
        return Answered(200, {"number": 7, "head": head, "base": {"repo": {"full_name": REPOSITORY}}})

    def _list(self, asked: Asked) -> Answered:
        size, page = int(asked.query.get("per_page", 30)), int(asked.query.get("page", 1))
        if size > 100:
            return _refusal(422, "per_page is at most 100")
        rows = self.comments[size * (page - 1) : size * page]
        headers = {}
        if size * page < len(self.comments):
            following = f"{self.base}{asked.path}?per_page={size}&page={page + 1}"
            headers["link"] = f'<{following}>; rel="next", <{self.base}{asked.path}?page=9>; rel="last"'
        return Answered(200, rows, headers)

    def _create(self, asked: Asked) -> Answered:
        if bad := _bad_body(asked.body):
            return bad
        login, kind = (self.user, "User") if self.user else ("github-actions[bot]", "Bot")
        return Answered(201, self.add(asked.body["body"], login, kind))

    def _update(self, asked: Asked, number: str) -> Answered:
        if bad := _bad_body(asked.body):
            return bad
        for comment in self.comments:
            if comment["id"] == int(number):
                comment["body"] = asked.body["body"]
                return Answered(200, comment)
        return _refusal(404, "Not Found")

    def _status(self, asked: Asked, sha: str) -> Answered:
        body = asked.body
        if strange_fields(body, "state", "target_url", "description", "context"):
            return _invalid("Status", "unknown", "no such field")
        if body.get("state") not in ("error", "failure", "pending", "success"):
            return _invalid("Status", "state", "is not included in the list")
        if len(body.get("description") or "") > 140:
            return _invalid("Status", "description", "description is too long (maximum is 140 characters)")
        self.statuses.append((sha, body))
        return Answered(201, {"id": len(self.statuses), **body})


def _bad_body(body: Any) -> Answered | None:
    if not isinstance(body, dict) or strange_fields(body, "body") or not body.get("body"):
        return _invalid("IssueComment", "body", "body can't be blank")
    if len(body["body"]) > 65_536:
        return _invalid("IssueComment", "data", "Body is too long (maximum is 65536 characters)")
    return None


def _refusal(status: int, message: str) -> Answered:
    return Answered(status, {"message": message, "documentation_url": DOCS, "status": str(status)})


def _invalid(resource: str, field: str, message: str) -> Answered:
    error = {"resource": resource, "code": "custom", "field": field, "message": message}
    return Answered(422, {"message": "Validation Failed", "errors": [error], "documentation_url": DOCS})
