"""What the real service answers and this one does not: so that the sandbox says so, instead of passing a
path off as one that Graph does not have.

The table is `beyond.json`, which says where it comes from: below each path that is played, the segments that
are not, and the verbs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from controller.sandbox.graph.paths import Segment

NAMESPACE = "microsoft.graph."
_ANY = "{}"


@dataclass(frozen=True, slots=True)
class _Place:
    segments: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()


@cache
def _places() -> dict[str, _Place]:
    text = resources.files(__package__).joinpath("beyond.json").read_text("utf-8")
    paths: dict[str, dict[str, Any]] = json.loads(text)["paths"]
    return {
        path: _Place(
            frozenset(name.lower() for name in found.get("segments", ())), frozenset(found.get("verbs", ()))
        )
        for path, found in paths.items()
    }


def is_beyond(method: str, segments: Sequence[Segment]) -> bool:
    """Whether this is the real service's and not the sandbox's."""
    places, path = _places(), ""
    for segment in segments:
        here = places.get(path)
        if here is None:
            return False
        name = segment.text.lower().removeprefix(NAMESPACE)
        if not segment.key and name in here.segments:
            return True
        if not segment.key and segment.text.lower().startswith((NAMESPACE, "$")):
            return False  # a cast, a count: whether they may stand here, the routes know
        literal = f"{path}/{name}".lstrip("/")
        deeper = literal if not segment.key and literal in places else f"{path}/{_ANY}".lstrip("/")
        if deeper not in places and _ANY in here.segments:
            return True
        path = deeper
    return path in places and method in places[path].verbs
