"""Which function answers which path.

Each resource file holds a table of `Route`s; this file matches. `{name}` takes one segment or key, `{appId=}`
a named key. A collection's path may go on with `/microsoft.graph.TYPE` and `/$count`. The fact a reader would
not guess: the gateway matches segments without regard to case, and an unknown segment is a 400, not a 404.
What the real service has and this one does not is refused as such (`beyond.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from controller.sandbox.graph.beyond import NAMESPACE, is_beyond
from controller.sandbox.graph.errors import malformed, not_offered, wrong_method
from controller.sandbox.graph.paths import Segment, split
from controller.sandbox.graph.wire import Answer, Request

# The first is the service (`service.Graph`), of which routing needs to know nothing.
Respond = Callable[[Any, Request], Answer]

# What Outlook answers rather than the identity service [reference: Graph API, throttling].
_OUTLOOK = re.compile(
    r"mailboxsettings|mailfolders|admin/exchange|outlook|messages|sendmail|messagerules", re.IGNORECASE
)


def is_outlook(path: str) -> bool:
    return _OUTLOOK.search(path) is not None


@dataclass(frozen=True, slots=True)
class Route:
    """`roles`: any one of them opens it; None leaves the question to `respond`, which knows the body.
    `writes` is whether it changes the tenant; `collection` whether casts and /$count may follow."""

    method: str
    pattern: str
    respond: Respond
    roles: frozenset[str] | None
    writes: bool = False
    collection: bool = False

    @property
    def operation(self) -> str:
        return f"{self.method} {self.pattern}"

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(self.pattern.strip("/").replace("(", "/{").replace(")", "}").split("/"))


class Router:
    """All routes of the service; literals win over variables."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(routes, key=lambda route: sum("{" in step for step in route.steps))
        self._me = next(route for route in self._routes if route.pattern == "/me")

    def match(self, request: Request) -> Route:
        """Finds the route and puts what the path says into the request.

        Raises:
            GraphError: 400 for a path nobody serves, 405 for a verb nobody takes there, 501 for what only
                the real service does.
        """
        if not request.path.strip("/"):
            raise not_offered("the service document")
        segments = split(request.path)
        if segments[0].text.lower() == "me":
            return self._me
        if is_beyond(request.method, segments):
            raise not_offered(f"{request.method} /{unquote(request.path.strip('/'))}")
        trimmed, cast, counting = _trim(segments)
        allowed = False
        for route in self._routes:
            shorter = route.collection and (cast or counting)
            params = _bind(route.steps, trimmed if shorter else segments)
            if params is None:
                continue
            allowed = True
            if route.method == request.method:
                request.params = params
                if shorter:
                    request.cast, request.counting = cast, counting
                return route
        if allowed:
            raise wrong_method(outlook=is_outlook(request.path))
        raise malformed(f"Resource not found for the segment '{self._stranger(segments)}'.")

    def _stranger(self, segments: list[Segment]) -> str:
        """The first segment that no route goes through."""
        for length in range(1, len(segments) + 1):
            if not any(_bind(route.steps[:length], segments[:length]) is not None for route in self._routes):
                return segments[length - 1].text
        return segments[-1].text


def _trim(segments: list[Segment]) -> tuple[list[Segment], str, bool]:
    cast, counting = "", False
    rest = list(segments)
    if len(rest) > 1 and rest[-1].text.lower() == "$count" and not rest[-1].key:
        rest.pop()
        counting = True
    if len(rest) > 1 and rest[-1].text.lower().startswith(NAMESPACE) and not rest[-1].key:
        cast = rest.pop().text[len(NAMESPACE) :]
    return rest, cast, counting


def _bind(steps: tuple[str, ...], segments: list[Segment]) -> dict[str, str] | None:
    if len(steps) != len(segments):
        return None
    params: dict[str, str] = {}
    for step, segment in zip(steps, segments, strict=True):
        if not _fits(step, segment):
            return None
        if step.startswith("{"):
            params[step.strip("{}=")] = segment.text
    return params


def _fits(step: str, segment: Segment) -> bool:
    if not step.startswith("{"):
        text = segment.text.lower()
        return not segment.key and text.removeprefix(NAMESPACE) == step.lower().removeprefix(NAMESPACE)
    if step.endswith("=}"):
        return segment.key and segment.name.lower() == step[1:-2].lower()
    return not segment.name and (segment.key or not segment.text.startswith("$"))
