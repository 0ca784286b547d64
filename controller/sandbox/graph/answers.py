"""Rows to JSON: projection, expansion, pages, counts.

The facts a reader would not guess: `@odata.count` stands on the first page only, a nextLink repeats every
option of the first request, and what is expanded from users and groups is cut at twenty objects without a
word [reference: Graph API, paging].
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from controller.sandbox.graph import elsewhere, entities, filters, narrowing, query, search_terms
from controller.sandbox.graph.errors import not_found, page_token_expired
from controller.sandbox.graph.query import Expand, Query
from controller.sandbox.graph.rows import Row, collection_of
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.world import World

EXPANDED_MAX = 20

Lookup = Callable[[str], Row | None]
Expander = Callable[[Row, str], Iterable[Row]]


def project(row: Row, select: tuple[str, ...] | None, *, typed: bool = False) -> dict[str, Any]:
    """One object as JSON. `typed` puts its type first, as collections of mixed types have it."""
    type_ = entities.entity(row.type)
    names = select if select is not None else type_.default
    body: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{row.type}"} if typed else {}
    if select is None:
        names = ("id", *(name for name in names if name != "id"))
    for name in names:
        if name in type_.properties:
            body[name] = row.get(name)
    return body


def expand(body: dict[str, Any], row: Row, wanted: Sequence[Expand], expander: Expander) -> None:
    """Adds what was asked to be expanded; a single object (manager) is left out where there is none."""
    for item in wanted:
        target = entities.entity(row.type).navigation.get(item.name, "")
        found = list(expander(row, item.name))
        if target.startswith("Collection("):
            typed = target == "Collection(directoryObject)"
            body[item.name] = [project(other, item.select, typed=typed) for other in found[:EXPANDED_MAX]]
        elif found:
            body[item.name] = project(found[0], item.select, typed=True)


def single(request: Request, row: Row, asked: Query, expander: Expander, *, typed: bool = False) -> Answer:
    fragment = f"{row.collection if not typed else 'directoryObjects'}{_selection(asked)}/$entity"
    body = {"@odata.context": request.context(fragment), **project(row, asked.select, typed=typed)}
    expand(body, row, asked.expand, expander)
    return Answer(200, body)


def _selection(asked: Query) -> str:
    names = [*(asked.select or ()), *(f"{item.name}()" for item in asked.expand)]
    return f"({','.join(names)})" if names else ""


class Listing:
    """A collection to be answered: which ids, how an id becomes a row, and of which types they are. With a
    `world`, filters by name or address go through its index."""

    def __init__(
        self,
        ids: Sequence[str],
        lookup: Lookup,
        types: tuple[str, ...],
        fragment: str,
        *,
        mixed: bool = False,
        world: World | None = None,
    ) -> None:
        self.world = world
        self.ids = ids
        self.lookup = lookup
        self.types = types
        self.fragment = fragment
        self.mixed = mixed

    def answer(self, request: Request, expander: Expander) -> Answer:
        """A page, or the bare number where the path ends in /$count."""
        if request.cast:
            self._narrow(request)
        if request.counting:
            query.need_count_support(request)
        asked = query.parse(request, *(entities.entity(name) for name in self.types))
        elsewhere.refuse_in_list(asked, *self.types)
        if asked.filter is not None and self.world is not None:
            self.ids = narrowing.narrowed(asked.filter, self.ids, self.world)
        if request.counting:
            return Answer(200, str(sum(1 for _ in self._rows(asked))), {"Content-Type": "text/plain"})
        return self._page(request, asked, expander)

    def _narrow(self, request: Request) -> None:
        wanted = next((name for name in self.types if name.lower() == request.cast.lower()), None)
        if wanted is None:
            raise not_found(f"microsoft.graph.{request.cast}")
        self.types, self.mixed = (wanted,), False
        self.fragment = collection_of(wanted)

    def _rows(self, asked: Query, ids: Sequence[str] | None = None) -> Iterator[Row]:
        for object_id in self.ids if ids is None else ids:
            row = self.lookup(object_id)
            if row is None or row.type not in self.types:
                continue
            if asked.filter is not None and not filters.holds(asked.filter, row.get):
                continue
            if asked.search is not None and not search_terms.matches(asked.search, row.get):
                continue
            yield row

    def _page(self, request: Request, asked: Query, expander: Expander) -> Answer:
        ids = self._sorted(asked) if asked.orderby else self.ids
        start = _start(ids, asked.skiptoken) if asked.skiptoken is not None else 0
        rows: list[Row] = []
        more = False
        for row in self._rows(asked, ids[start:]):
            if len(rows) == asked.page_size:
                more = True
                break
            rows.append(row)
        body: dict[str, Any] = {"@odata.context": request.context(f"{self.fragment}{_selection(asked)}")}
        if asked.counted and asked.skiptoken is None:
            body["@odata.count"] = sum(1 for _ in self._rows(asked))
        if more:
            body["@odata.nextLink"] = next_link(request, _token(rows[-1].id, start + len(rows)))
        body["value"] = [self._item(row, asked, expander) for row in rows]
        return Answer(200, body)

    def _item(self, row: Row, asked: Query, expander: Expander) -> dict[str, Any]:
        item = project(row, asked.select, typed=self.mixed)
        expand(item, row, asked.expand, expander)
        return item

    def _sorted(self, asked: Query) -> list[str]:
        rows = list(self._rows(asked))
        for name, descending in reversed(asked.orderby):
            rows.sort(key=lambda row: _sort_key(row.get(name)), reverse=descending)
        return [row.id for row in rows]


def _sort_key(value: Any) -> tuple[bool, str]:
    return (value is not None, str(value or "").casefold())


def _token(last: str, position: int) -> str:
    text = json.dumps([last, position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _start(ids: Sequence[str], token: str) -> int:
    """Where a page begins: behind the last object of the one before, also where others have gone."""
    try:
        last, position = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        position = int(position)
    except (ValueError, TypeError):
        raise page_token_expired() from None
    try:
        return list(ids).index(last) + 1
    except ValueError:
        return position


def next_link(request: Request, token: str, option: str = "$skiptoken", *, keep: bool = True) -> str:
    """The same request further on. `keep` repeats the other options."""
    pairs = [
        (key, value)
        for key, value in request.query
        if keep and key.lower().removeprefix("$") not in ("skiptoken", "deltatoken")
    ]
    text = "&".join(
        f"{quote(k, safe='$')}={quote(v, safe=chr(36) + ',()/:@')}" for k, v in [*pairs, (option, token)]
    )
    return f"{request.service_url}/{request.path.strip('/')}?{text}"
