"""What every page begins with: whose tenant was asked for, what is known of it, which part of many rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from controller.board import Standing
from controller.errors import StateError
from controller.journal import HistoryRow, Order
from controller.web import paper
from controller.web.site import Site
from controller.web.view import View

_SHOWN: Final = 50  # rows of a page
_LONGEST: Final = 200  # characters of what is searched


@dataclass(frozen=True, slots=True)
class Part:
    """Some of many rows. `number` and `last` count from 1."""

    rows: Sequence[Any]
    total: int
    number: int
    last: int


def part_of(request: Request, rows: Sequence[Any], most: int = _SHOWN) -> Part:
    last = max(1, -(-len(rows) // most))
    number = min(page_number(request), last)
    return Part(rows[(number - 1) * most : number * most], len(rows), number, last)


def page_number(request: Request) -> int:
    asked = request.query_params.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1


def words_of(request: Request) -> str:
    return request.query_params.get("q", "").strip()[:_LONGEST]


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def standing_of(request: Request) -> Standing:
    name = request.path_params["tenant"]
    for standing in site_of(request).board.standings().values():
        if standing.last.tenant == name:
            return standing
    raise HTTPException(404, f"no tenant {name} is looked after here")


def view_of(request: Request) -> View | None:
    """None where the tenant was not seen yet."""
    good = standing_of(request).last_good
    return site_of(request).views.of(good) if good else None


def render(request: Request, name: str, view: View | None, **words: Any) -> HTMLResponse:
    """A page of one tenant; where it was not seen yet, that it was not."""
    standing = standing_of(request)
    zone = view.zone if view else None
    told = {"standing": standing, "view": view, "tenant": standing.last.tenant, "zone": zone, **words}
    return paper.page(request, name if view else "unseen.html.j2", **told)


def suspended(request: Request, tenant_id: str) -> dict[str, Order]:
    with suppress(StateError):
        return dict(site_of(request).journal().orders.suspended(tenant_id))
    return {}


def history_of(
    request: Request, tenant_id: str, address: str | None = None, *, limit: int
) -> list[HistoryRow] | None:
    """The newest first. None where the journal is out of reach."""
    try:
        return site_of(request).journal().history(tenant_id, address, limit=limit)
    except StateError:
        return None
