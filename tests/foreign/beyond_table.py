"""Writes `controller/sandbox/graph/beyond.json` from the request builders of Microsoft's Graph client:
`.venv/bin/python -m tests.foreign.beyond_table`, after the sandbox learnt a path or the client has a new
release. `test_beyond.py` holds the file to it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from importlib.metadata import PathDistribution
from pathlib import Path

from controller.sandbox import graph
from controller.sandbox.graph import entities
from controller.sandbox.graph.beyond import NAMESPACE

HERE = Path(__file__).parent
TABLE = Path(graph.__file__).parent / "beyond.json"
VERBS = ("get", "post", "patch", "put", "delete")
_TEMPLATE = re.compile(r'"\{\+baseurl\}([^"]*?)(?:\{[?&][^"]*)?"')
_KEY = re.compile(r"\{[^}]*\}")
Steps = tuple[str, ...]

# Objects whose properties have paths of their own in the service, which the client's builders leave out.
_OBJECTS = {
    ("users", "{}"): "user",
    ("groups", "{}"): "group",
    ("users", "{}", "mailfolders", "{}"): "mailFolder",
    ("users", "{}", "messages", "{}"): "message",
}
# What the builders do not know: the schema itself, and the one beta action that other clients call.
_MORE = {(): {"$metadata"}, ("users",): {"validatePassword"}}


def client() -> Path:
    """Where the client is installed."""
    return next((HERE / ".venv" / "lib").glob("python3*")) / "site-packages"


def release() -> str:
    folder = next(client().glob("msgraph_sdk-*.dist-info"))
    return PathDistribution(folder).version


def served() -> dict[Steps, set[str]]:
    """Every path that the client can call, with its verbs; a key is `{}`, a function has lost its `()`."""
    found: dict[Steps, set[str]] = {}
    for file in (client() / "msgraph" / "generated").rglob("*_request_builder.py"):
        text = file.read_text("utf-8")
        template = _TEMPLATE.search(text)
        steps = [_step(part) for part in (template[1] if template else "").split("/") if part]
        if not steps or "(" in steps[0]:  # alternate keys of a set stand in its first step
            continue
        verbs = {verb.upper() for verb in VERBS if re.search(rf"async def {verb}\(", text)}
        found[tuple(step.partition("(")[0] for step in steps)] = verbs
    return found


def _step(part: str) -> str:
    part = part.partition("?")[0]
    return "{}" if _KEY.fullmatch(part) else part


def _played() -> tuple[dict[Steps, set[str]], set[Steps]]:
    """Paths of the sandbox with their verbs, and those that casts and counts may follow."""
    verbs: dict[Steps, set[str]] = defaultdict(set)
    collections: set[Steps] = set()
    for route in (route for table in graph._RESOURCES for route in table):
        steps = tuple(
            "{}" if step.startswith("{") else step.lower().removeprefix(NAMESPACE) for step in route.steps
        )
        verbs[steps].add(route.method)
        if route.collection:
            collections.add(steps)
    return verbs, collections


def table() -> str:
    """The file's text."""
    verbs, collections = _played()
    prefixes = {path[:length] for path in verbs for length in range(len(path) + 1)}
    segments: dict[Steps, set[str]] = {path: set(_MORE.get(path, ())) for path in prefixes}
    missing: dict[Steps, set[str]] = {}
    for path, taken in served().items():
        lower = tuple(step.lower() for step in path)
        for at in range(len(path)):
            if lower[: at + 1] not in prefixes:
                if not path[at].startswith("graph.") and (
                    path[at] != "$count" or lower[:at] not in collections
                ):
                    segments[lower[:at]].add(path[at])
                break
        else:
            missing[lower] = taken - verbs.get(lower, set())
    for path, name in _OBJECTS.items():
        inside = {other[len(path)] for other in prefixes if other[: len(path)] == path and other != path}
        segments[path] |= {prop for prop in entities.entity(name).properties if prop.lower() not in inside}
    lines = []
    for path in sorted(prefixes):
        entry = {"segments": sorted(segments[path]), "verbs": sorted(missing.get(path, ()))}
        kept = {name: values for name, values in entry.items() if values}
        lines.append(f"  {json.dumps('/'.join(path))}: {json.dumps(kept)}")
    about = [
        "What Microsoft Graph v1.0 answers and this sandbox does not: below each path that is played, the "
        "segments that are not, and the verbs. {} stands for any key.",
        f"Written by tests/foreign/beyond_table.py from the request builders of PyPI msgraph-sdk {release()}.",
    ]
    body = ",\n".join(lines)
    return f'{{\n "about": {json.dumps(about)},\n "paths": {{\n{body}\n }}\n}}\n'


if __name__ == "__main__":
    TABLE.write_text(table(), "utf-8")
