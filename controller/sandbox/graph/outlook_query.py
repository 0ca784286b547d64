"""Query options as Outlook takes them, and its pages.

The facts a reader would not guess: folders come ten at a time, `$skip` is what nextLinks are made of here,
`$count=true` needs no header, `id` comes back whatever $select says, and extended properties come back only
where each is asked for by its id [reference: Graph API, query options, paging, mail folders].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from controller.sandbox.graph import filter_parser, filters, query
from controller.sandbox.graph.entities import EntityType
from controller.sandbox.graph.errors import malformed, no_such_property, not_offered
from controller.sandbox.graph.filter_parser import Compare, Function, Junction, Lambda, Negation, Node
from controller.sandbox.graph.wire import Answer, Request

TOP_MAX = 1000
_PAGE_WISH = re.compile(r"odata\.maxpagesize\s*=\s*(\d{1,9})", re.IGNORECASE)
_EXTENDED = "singleValueExtendedProperties"
_EXPAND = re.compile(r"\s*(?P<name>\w+)\s*(?:\((?P<options>(?:[^()']|'(?:[^']|'')*'|\([^()]*\))*)\))?\s*$")


@dataclass(slots=True)
class Asked:
    """What was asked. `top` None is everything; `extended` are ids of properties to expand."""

    top: int | None
    skip: int = 0
    select: tuple[str, ...] | None = None
    filter: Node | None = None
    orderby: tuple[tuple[str, bool], ...] = ()  # (property, descending)
    counted: bool = False
    extended: tuple[str, ...] = ()
    children: bool = False
    attachments: bool = False


def parse(request: Request, *types: EntityType, page: int | None = None) -> Asked:
    """The options of a request for objects of `types`; `page` is how many come without $top.

    Raises:
        GraphError: 400 for options that are not understood, and for names that the types do not have.
    """
    given = query.options(request)
    if "search" in given:
        raise not_offered(f"$search over /{request.path.strip('/')}")
    asked = Asked(top=_preferred(request) or page, counted=given.get("count", "false").lower() == "true")
    if "top" in given:
        asked.top = _number(given["top"], "$top", 1, TOP_MAX)
    if "skip" in given:
        asked.skip = _number(given["skip"], "$skip", 0, 2**31 - 1)
    if "select" in given:
        asked.select = query.selected(given["select"], *types)
    if "filter" in given:
        asked.filter = filter_parser.parse(given["filter"])
        _check(asked.filter, types)
    if "orderby" in given:
        asked.orderby = tuple(_order(part, types) for part in given["orderby"].split(","))
    for item in _items(given.get("expand", "")):
        _expand(asked, item, types[0])
    return asked


def _preferred(request: Request) -> int | None:
    """The page that the caller would like; $top wins over it [reference: Graph API, headers]."""
    found = _PAGE_WISH.search(request.headers.get("prefer", ""))
    return min(int(found[1]), TOP_MAX) or None if found else None


def _number(text: str, option: str, least: int, most: int) -> int:
    if not text.isdigit() or not least <= int(text) <= most:
        raise malformed(
            f"Invalid value '{text}' for {option} query option found. The {option} query option requires a "
            "non-negative integer value."
        )
    return int(text)


def _check(node: Node, types: tuple[EntityType, ...]) -> None:
    match node:
        case Junction(_, parts):
            for part in parts:
                _check(part, types)
        case Negation(inner):
            _check(inner, types)
        case Compare(path, _, _) | Function(_, path, _) | Lambda(path, _, _, _):
            if all(type_.find(path[0]) is None for type_ in types):
                raise malformed(f"Invalid filter clause: {no_such_property(path[0], types[0].name)}")


def _order(part: str, types: tuple[EntityType, ...]) -> tuple[str, bool]:
    name, _, direction = part.strip().partition(" ")
    prop = next((found for type_ in types if (found := type_.find(name)) is not None), None)
    if prop is None or direction.strip().lower() not in ("", "asc", "desc"):
        raise malformed(f"Invalid orderby clause: {no_such_property(name, types[0].name)}")
    return prop.name, direction.strip().lower() == "desc"


def _items(text: str) -> list[str]:
    """The parts of $expand: split at commas that stand outside parentheses and quotes."""
    found, depth, quoted, start = [], 0, False, 0
    for at, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif not quoted:
            depth += (char == "(") - (char == ")")
            if char == "," and not depth:
                found.append(text[start:at])
                start = at + 1
    return [part for part in (*found, text[start:]) if part.strip()]


def _expand(asked: Asked, item: str, type_: EntityType) -> None:
    match = _EXPAND.match(item)
    name = type_.find_navigation(match["name"]) if match else None
    if match is None or name is None:
        called = match["name"] if match else item
        raise malformed(f"Parsing OData Select and Expand failed: {no_such_property(called, type_.name)}")
    if name == "childFolders":
        asked.children = True
    elif name == _EXTENDED:
        asked.extended = _extended_ids(match["options"] or "")
    elif name == "attachments":
        asked.attachments = True
    else:
        raise not_offered(f"$expand={name} of {type_.name}")


def _extended_ids(text: str) -> tuple[str, ...]:
    key, _, value = text.partition("=")
    if key.strip().lower().removeprefix("$") != "filter":
        return ()
    return tuple(_ids(filter_parser.parse(value)))


def _ids(node: Node) -> list[str]:
    match node:
        case Junction("or", parts):
            return [identifier for part in parts for identifier in _ids(part)]
        case Compare((name,), "eq" | "in", literals) if name.lower() == "id":
            return [str(literal.value) for literal in literals]
    raise malformed(f"The filter of '{_EXTENDED}' must name properties by 'id'.")


# --- answers ------------------------------------------------------------------------------------------


def shown(item: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """The item cut to $select; annotations, the id and what was expanded stay."""
    if asked.select is None:
        return item
    kept = {"id", _EXTENDED, "childFolders", "attachments", *asked.select}
    return {name: value for name, value in item.items() if name in kept or name.startswith("@")}


def context(text: str, asked: Asked) -> str:
    """An @odata.context with what was selected [doc: the samples of graph/api/user-list-messages]."""
    if not asked.select:
        return text
    head, _, entity = text.partition("/$entity")
    tail = "/$entity" if text.endswith("/$entity") else entity
    return f"{head}({','.join(asked.select)}){tail}"


def collection(
    request: Request,
    fragment: str,
    items: Sequence[dict[str, Any]],
    asked: Asked,
    finish: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Answer:
    """One page of `items`, which are whole, under the context `fragment`; `finish` adds to those that are
    shown."""
    found = [item for item in items if asked.filter is None or filters.holds(asked.filter, _getter(item))]
    for name, descending in reversed(asked.orderby):
        found.sort(key=lambda item: _sort_key(item.get(name)), reverse=descending)
    if request.counting:
        return Answer(200, str(len(found)), {"Content-Type": "text/plain"})
    end = len(found) if asked.top is None else asked.skip + asked.top
    body: dict[str, Any] = {"@odata.context": context(fragment, asked)}
    if asked.counted:
        body["@odata.count"] = len(found)
    if end < len(found):
        body["@odata.nextLink"] = _next(request, end)
    page = found[asked.skip : end]
    body["value"] = [shown(finish(item) if finish else item, asked) for item in page]
    wished = _preferred(request)
    applied = {"Preference-Applied": f"odata.maxpagesize={wished}"} if wished else {}
    return Answer(200, body, applied)


def _getter(item: dict[str, Any]) -> Callable[[str], Any]:
    lowered = {name.lower(): value for name, value in item.items()}
    return lambda name: lowered.get(name.lower())


def _sort_key(value: Any) -> tuple[bool, float, str]:
    number = float(value) if isinstance(value, int | float) else 0.0
    return (value is not None, number, str(value).casefold() if isinstance(value, str) else "")


def _next(request: Request, skip: int) -> str:
    kept = [(k, v) for k, v in request.query if k.lower().removeprefix("$") != "skip"]
    pairs = [*kept, ("$skip", str(skip))]
    text = "&".join(f"{quote(k, safe='$')}={quote(v, safe=chr(36) + ',()/:@')}" for k, v in pairs)
    return f"{request.service_url}/{request.path.strip('/')}?{text}"
