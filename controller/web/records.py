"""The pages of what was done, told and planned, and lists for a spreadsheet: read from the journal and from
the last turn that saw the tenant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from controller.entitlements.pages import table
from controller.entitlements.review import review, sheet
from controller.errors import StateError
from controller.journal import HistoryRow, Sighting
from controller.notify.desk import desk_of
from controller.report.alone import policy
from controller.report.html import parts
from controller.web import paper
from controller.web.asked import (
    history_of,
    page_number,
    part_of,
    render,
    site_of,
    standing_of,
    view_of,
    words_of,
)
from controller.web.holding import why
from controller.web.told import Telling, tellings, ways
from controller.web.wording import shown

_OF_A_PAGE: Final = 100  # changes, or messages
_BOXES: Final = 200  # documents of a plan
_BESIDE: Final = 50  # findings, and dates, below it: they have pages of their own
_OLDEST: Final = 100  # pages: further back is `mbx history`


def history(request: Request) -> Response:
    """What the controller did, each run by itself, or what others did by hand; the newest first."""
    standing, address = standing_of(request), words_of(request).lower()
    by_hand = request.query_params.get("by") == "hand"
    number = min(page_number(request), _OLDEST)
    read: Callable[..., list[Any] | None] = _by_hand if by_hand else history_of
    found = read(request, standing.last.tenant_id, address or None, limit=number * _OF_A_PAGE + 1)
    rows = (found or [])[(number - 1) * _OF_A_PAGE :][:_OF_A_PAGE]
    return _past(
        request, "history.html.j2", title="History", here="history", words=address, number=number,
        away=found is None, by_hand=by_hand, rows=rows, runs=() if by_hand else _by_run(rows), shown=shown,
        older=number < _OLDEST and len(found or ()) > number * _OF_A_PAGE,
    )  # fmt: skip


def _by_hand(request: Request, tenant_id: str, address: str | None, *, limit: int) -> list[Sighting] | None:
    """None where the journal is out of reach."""
    try:
        return site_of(request).journal().seen(tenant_id, address, limit=limit)
    except StateError:
        return None


def _by_run(rows: Sequence[Any]) -> list[tuple[HistoryRow, list[HistoryRow]]]:
    """The rows of each run, beside the first of them."""
    groups = (list(group) for _, group in groupby(rows, key=lambda row: row.run_id))
    return [(group[0], group) for group in groups]


def told(request: Request) -> Response:
    """What people were told, what waits and why."""
    standing = standing_of(request)
    found: list[Telling] | None
    try:
        outbox = site_of(request).journal().outbox
        found = tellings(outbox.recent(standing.last.tenant_id, limit=_OF_A_PAGE))
    except StateError:
        found = None
    specs = standing.last.specs or (standing.last_good.specs if standing.last_good else None)
    return _past(
        request, "told.html.j2", title="Notifications", here="told", told=found,
        ways=ways(desk_of(specs) if specs else None, found or []),
    )  # fmt: skip


def _past(request: Request, name: str, **words: Any) -> Response:
    """A page that needs no tenant to have been seen."""
    standing, view = standing_of(request), view_of(request)
    shown = {"standing": standing, "view": view, "tenant": standing.last.tenant, **words}
    return paper.page(request, name, zone=view.zone if view else None, **shown)


def plan(request: Request) -> Response:
    """As `mbx plan --format html` shows it."""
    view = view_of(request)
    if view is None:
        return render(request, "unseen.html.j2", None, title="Not seen yet")
    changed = part_of(request, range(len(view.changes)), _BOXES)
    begin = (changed.number - 1) * _BOXES
    told = parts(
        view.plan,
        paper.linked(request, view.turn.commit),
        slice(begin, begin + _BOXES),
        _BESIDE,
    )
    return render(request, "plan.html.j2", view, title="Last plan", here="plan", part=changed, **told)


def access_of_mailbox(request: Request) -> Response:
    view = view_of(request)
    opening = view.answers.opening(request.path_params["address"]) if view else None
    if opening is None:
        raise HTTPException(404, "who has access there was not read")
    return _csv(f"access-{opening.address}", table([opening]))


def review_of_mailbox(request: Request) -> Response:
    """The sheet that `mbx access --format html` makes, for the owner to tick and sign."""
    view = view_of(request)
    opening = view.answers.opening(request.path_params["address"]) if view else None
    if view is None or opening is None:
        raise HTTPException(404, "who has access there was not read")
    resource = view.resource_of(opening.address)
    text = review(
        [opening],
        site_of(request).now(),
        lambda address, who: why(resource, who),
        back=f"../{paper.part(opening.address)}",
    )
    return HTMLResponse(
        text, headers={"content-security-policy": f"{policy(sheet())}; frame-ancestors 'none'"}
    )


def access_of_person(request: Request) -> Response:
    view = view_of(request)
    who = view.answers.primary(request.path_params["who"]) if view else None
    if view is None or who is None:
        raise HTTPException(404, "nobody of that address is known here")
    return _csv(f"access-{who}", table((opening for opening, _ in view.answers.of_person(who)), who))


def access_of_all(request: Request) -> Response:
    view = view_of(request)
    if view is None:
        raise HTTPException(404, "no cycle has seen this tenant yet")
    openings = (view.answers.opening(address) for address in view.answers.mailboxes)
    name = f"access-{view.turn.tenant}-{view.turn.ended_at:%Y-%m-%d}"
    return _csv(name, table(opening for opening in openings if opening))


def _csv(name: str, text: str) -> Response:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-.@_") else "_" for c in name)
    headers = {"content-disposition": f'attachment; filename="{plain}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


_READ: Final = ["GET", "HEAD"]
ROUTES = (
    Route("/t/{tenant}/history", history, methods=_READ),
    Route("/t/{tenant}/told", told, methods=_READ),
    Route("/t/{tenant}/plan", plan, methods=_READ),
    Route("/t/{tenant}/access.csv", access_of_all, methods=_READ),
    Route("/t/{tenant}/mailboxes/{address}/access.csv", access_of_mailbox, methods=_READ),
    Route("/t/{tenant}/mailboxes/{address}/review", review_of_mailbox, methods=_READ),
    Route("/t/{tenant}/people/{who}/access.csv", access_of_person, methods=_READ),
)
