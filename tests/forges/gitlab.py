"""GitLab: notes of a merge request, statuses of a commit, the user, as docs.gitlab.com/api documents them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from tests.forges.double import Answered, Asked, Double, strange_fields

PROJECT = "42"


class GitLabDouble(Double):
    """One project. `job_token` opens only what a job token opens: nothing that is asked here."""

    def __init__(self, token: str = "glpat-project", *, job_token: str = "glcbt-job") -> None:
        super().__init__()
        self.token, self.job_token = token, job_token
        self.user = 77
        self.notes: list[dict[str, Any]] = []
        self.statuses: list[tuple[str, dict[str, Any]]] = []
        self.source_project = int(PROJECT)

    def add(self, body: str, author: int, *, system: bool = False) -> dict[str, Any]:
        note = {
            "id": 300 + len(self.notes),
            "body": body,
            "author": {"id": author, "username": f"user{author}"},
            "system": system,
            "noteable_iid": 7,
        }
        self.notes.append(note)
        return note

    def respond(self, asked: Asked) -> Answered:
        if asked.headers.get("job-token") == self.job_token:
            return Answered(404, {"message": "404 Project Not Found"})
        if asked.headers.get("private-token") != self.token:
            return Answered(401, {"message": "401 Unauthorized"})
        at = rf"/api/v4/projects/(?:{PROJECT}|entreprise/mail)"
        for method, pattern, respond in (
            ("GET", r"/api/v4/user", self._me),
            ("GET", rf"{at}/merge_requests/7", self._pull),
            ("GET", rf"{at}/merge_requests/7/notes", self._list),
            ("POST", rf"{at}/merge_requests/7/notes", self._create),
            ("PUT", rf"{at}/merge_requests/7/notes/(\d+)", self._update),
            ("POST", rf"{at}/statuses/([0-9a-f]{{40}})", self._status),
        ):
            if asked.method == method and (match := re.fullmatch(pattern, unquote(asked.path))):
                return respond(asked, *match.groups())
        return Answered(404, {"error": "404 Not Found"})

    def _me(self, asked: Asked) -> Answered:
        return Answered(200, {"id": self.user, "username": "project_42_bot", "bot": True})

    def _pull(self, asked: Asked) -> Answered:
        return Answered(
            200,
            {"iid": 7, "sha": "b" * 40, "source_project_id": self.source_project,
             "target_project_id": int(PROJECT)},
        )  # fmt: skip

    def _list(self, asked: Asked) -> Answered:
        size, page = int(asked.query.get("per_page", 20)), int(asked.query.get("page", 1))
        newest_first = asked.query.get("sort", "desc") == "desc"
        rows = list(reversed(self.notes)) if newest_first else self.notes
        headers = {"x-page": str(page), "x-per-page": str(size)}
        if size * page < len(rows):
            url = f"{self.base}{asked.path}?per_page={size}&page={page + 1}&sort={asked.query.get('sort', 'desc')}"
            headers |= {"x-next-page": str(page + 1), "link": f'<{url}>; rel="next"'}
        return Answered(200, rows[size * (page - 1) : size * page], headers)

    def _create(self, asked: Asked) -> Answered:
        return _bad_note(asked.body) or Answered(201, self.add(asked.body["body"], self.user))

    def _update(self, asked: Asked, number: str) -> Answered:
        if bad := _bad_note(asked.body):
            return bad
        for note in self.notes:
            if note["id"] == int(number):
                note["body"] = asked.body["body"]
                return Answered(200, note)
        return Answered(404, {"message": "404 Note Not Found"})

    def _status(self, asked: Asked, sha: str) -> Answered:
        body = asked.body
        known = ("state", "ref", "name", "context", "target_url", "description", "coverage", "pipeline_id")
        if strange_fields(body, *known):
            return Answered(400, {"error": "unknown parameter"})
        if body.get("state") not in ("pending", "running", "success", "failed", "canceled", "skipped"):
            return Answered(400, {"error": "state does not have a valid value"})
        if len(body.get("description") or "") > 255:
            return Answered(400, {"message": {"description": ["is too long (maximum is 255 characters)"]}})
        last = next((s for at, s in reversed(self.statuses) if (at, s["name"]) == (sha, body["name"])), None)
        if last and last["state"] == body["state"]:
            message = (
                f"Cannot transition status via :enqueue from :{body['state']} (Reason(s): Status cannot)"
            )
            return Answered(400, {"message": message})
        self.statuses.append((sha, body))
        return Answered(201, {"id": len(self.statuses), "sha": sha, "status": body["state"], **body})


def _bad_note(body: Any) -> Answered | None:
    if not isinstance(body, dict) or strange_fields(body, "body", "created_at", "internal"):
        return Answered(400, {"error": "body is missing"})
    if len(body["body"]) > 1_000_000:
        too_long = '400 Bad request - Note {:note=>["is too long (maximum is 1000000 characters)"]}'
        return Answered(400, {"message": too_long})
    return None
