"""System query options of one request, parsed and checked against the type they are asked of.

The facts a reader would not guess: the `$` may be left out; `$count=true` without the ConsistencyLevel
header is ignored in silence, while a filter that needs the index is refused; pages are 100 long unless
`$top` says otherwise, and 999 at most [reference: Graph API, query options and paging].
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from controller.sandbox.graph import entities, filter_parser, filters
from controller.sandbox.graph.entities import EntityType
from controller.sandbox.graph.errors import (
    ADVANCED,
    GraphError,
    bad_request,
    malformed,
    no_such_property,
    unsupported,
)
from controller.sandbox.graph.wire import Request

PAGE = 100
PAGE_MAX = 999
_OPTIONS = ("select", "filter", "expand", "top", "skip", "count", "orderby", "search", "skiptoken",
            "deltatoken", "format")  # fmt: skip
_SORTABLE = {
    "user": ("displayName", "userPrincipalName", "mail", "givenName", "surname", "createdDateTime"),
    "group": ("displayName", "mail", "mailNickname", "createdDateTime"),
}
_SORTABLE_PLAIN = ("displayName", "userPrincipalName")
_EXPAND_ITEM = re.compile(r"\s*(?P<name>[\w.$]+)\s*(?:\((?P<options>[^)]*)\))?\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Expand:
    name: str
    select: tuple[str, ...] | None = None


@dataclass(slots=True)
class Query:
    """What was asked. `select` None means the default set; `counted` that @odata.count is answered."""

    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()
    filter: filter_parser.Node | None = None
    top: int | None = None
    counted: bool = False
    orderby: tuple[tuple[str, bool], ...] = ()  # (property, descending)
    search: str | None = None
    skiptoken: str | None = None
    deltatoken: str | None = None
    advanced: bool = False
    options: dict[str, str] = field(default_factory=dict)

    @property
    def page_size(self) -> int:
        return self.top if self.top is not None else PAGE


def options(request: Request) -> dict[str, str]:
    """The system options by bare lower-case name; anything else is left alone, as custom options are.

    Raises:
        GraphError: a `$` option nobody knows, or one given twice.
    """
    found: dict[str, str] = {}
    for key, value in request.query:
        name = key.lower().removeprefix("$")
        if name not in _OPTIONS:
            if key.startswith("$"):
                raise malformed(f"The query parameter '{key}' is not supported.")
            continue
        if name in found:
            raise malformed(
                f"Query option '${name}' was specified more than once, but it must be specified at most once."
            )
        found[name] = value
    return found


def parse(request: Request, *types: EntityType) -> Query:
    """The query of a request for objects of `types` (several for members, which may be of any of them)."""
    given = options(request)
    eventual = request.headers.get("consistencylevel", "").lower() == "eventual"
    count = _boolean(given["count"]) if "count" in given else False
    query = Query(options=given, advanced=eventual and (count or request.counting))
    query.counted = count and eventual
    query.skiptoken, query.deltatoken = given.get("skiptoken"), given.get("deltatoken")
    if "skip" in given:
        raise bad_request("'$skip' is not supported by the service.")  # [seen in public clients' tests]
    if "top" in given:
        query.top = _top(given["top"])
    if "select" in given:
        query.select = selected(given["select"], *types)
    if "expand" in given:
        query.expand = _expanded(given["expand"], types[0])
    if "filter" in given:
        query.filter = _filter(given["filter"], types, advanced=query.advanced)
    if "search" in given:
        query.search = _search(given["search"], eventual=eventual)
    if "orderby" in given:
        query.orderby = _orderby(given["orderby"], types[0], query)
    return query


def need_count_support(request: Request) -> None:
    """`/$count` as a path is answered by the index alone [doc: aad-advanced-queries]."""
    if request.headers.get("consistencylevel", "").lower() != "eventual":
        raise bad_request("$count is not currently supported.")


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise malformed(
            f"Invalid value '{text}' for $count query option found. Valid values are 'true' and 'false'."
        )
    return text.lower() == "true"


def _top(text: str) -> int:
    if not text.isdigit():
        raise malformed(
            f"Invalid value '{text}' for $top query option found. The $top query option requires a "
            "non-negative integer value."
        )
    if not 1 <= int(text) <= PAGE_MAX:
        raise unsupported(
            f"Invalid page size specified: '{text}'. Must be between 1 and {PAGE_MAX} inclusive."
        )
    return int(text)


def selected(text: str, *types: EntityType) -> tuple[str, ...]:
    """Names of $select as the schema spells them, in the order asked, without repeats.

    Raises:
        GraphError: 400 BadRequest for a name none of `types` has.
    """
    names: dict[str, None] = {}
    for raw in text.split(","):
        name = raw.strip()
        if name == "*":
            continue
        if not name:
            raise malformed(
                "Parsing OData Select and Expand failed: An identifier was expected at position 0."
            )
        if name.startswith("@"):
            raise malformed(
                f"Parsing OData Select and Expand failed: Term '{name}' is not valid in a $select or $expand "
                "expression."
            )
        names[_spelt(name, types)] = None
    return tuple(names)


def _spelt(name: str, types: tuple[EntityType, ...]) -> str:
    for type_ in types:
        found = type_.find(name.split("/", maxsplit=1)[0])
        if found is not None:
            return found.name
        if navigation := type_.find_navigation(name):
            return navigation
    raise malformed(f"Parsing OData Select and Expand failed: {no_such_property(name, types[0].name)}")


def _expanded(text: str, type_: EntityType) -> tuple[Expand, ...]:
    found: list[Expand] = []
    at = 0
    while at < len(text):
        match = _EXPAND_ITEM.match(text, at)
        if match is None or match.end() == at:
            raise malformed(
                f"Parsing OData Select and Expand failed: Syntax error at position {at} in '{text}'."
            )
        at = match.end()
        name = type_.find_navigation(match["name"])
        if name is None:
            raise malformed(
                f"Parsing OData Select and Expand failed: {no_such_property(match['name'], type_.name)}"
            )
        found.append(Expand(name, _expand_select(match["options"])))
    if len(found) > 1:
        raise bad_request("Multiple $expand clauses are not supported.", "Request_UnsupportedQuery")
    return tuple(found)


def _expand_select(text: str | None) -> tuple[str, ...] | None:
    for part in (text or "").split(";"):
        key, _, value = part.strip().partition("=")
        if key.lower().removeprefix("$") == "select":
            every = tuple(entities.entity(name) for name in entities.DIRECTORY_TYPES)
            return selected(value, *every)
    return None


def _filter(text: str, types: tuple[EntityType, ...], *, advanced: bool) -> filter_parser.Node:
    node = filter_parser.parse(text)
    refusal: GraphError | None = None
    for type_ in types:
        try:
            filters.check(node, type_, advanced=advanced)
        except GraphError as error:
            refusal = refusal or error
        else:
            return node
    assert refusal is not None
    raise refusal


def _search(text: str, *, eventual: bool) -> str:
    if not eventual:
        raise unsupported(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    return unquote(text) if "%22" in text else text


def _orderby(text: str, type_: EntityType, query: Query) -> tuple[tuple[str, bool], ...]:
    found: list[tuple[str, bool]] = []
    for part in text.split(","):
        name, _, direction = part.strip().partition(" ")
        prop = type_.find(name)
        if prop is None or direction.strip().lower() not in ("", "asc", "desc"):
            raise malformed(f"Invalid orderby clause: {no_such_property(name, type_.name)}")
        offered = _SORTABLE.get(type_.name, ()) if query.advanced else _SORTABLE_PLAIN
        if prop.name not in offered or (query.filter is not None and not query.advanced):
            raise unsupported(
                f"Sorting not supported for current query. {'' if query.advanced else ADVANCED}".strip()
            )
        found.append((prop.name, direction.strip().lower() == "desc"))
    return tuple(found)
