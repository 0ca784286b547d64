"""What is said where there is nothing to show."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from controller.web import paper


async def answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase.capitalize()
    said = "" if str(error.detail) == HTTPStatus(error.status_code).phrase else str(error.detail)
    made = paper.page(request, "wrong.html.j2", status=error.status_code, title=title, said=said)
    made.headers.update(error.headers or {})
    return made
