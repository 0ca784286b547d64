"""Sending a mail, and nothing else: a door of its own, so that report mode, which has no Writer, can tell
people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.clients.graph import Graph, segment


class Post:
    """The one thing that is written in report mode."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def send(self, sender: str, body: Mapping[str, Any]) -> None:
        """`body` is that of `POST /users/{sender}/sendMail` [doc: graph, user: sendMail]. Raises a
        ServiceError; UnknownOutcomeError where the answer was lost."""
        await self._graph.ask(self._graph.write_call(f"POST /users/{segment(sender)}/sendMail", body))
