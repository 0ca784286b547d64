"""The pages. They read the board and the journal, never the tenant, and answer nothing but GET and HEAD.

Each is a plain function: Starlette runs it in a thread, so that no page keeps a cycle waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from controller.board import Standing
from controller.entitlements.notes import RIGHTS
from controller.errors import StateError
from controller.journal import HistoryRow, Order
from controller.model import Cause, Severity
from controller.report import FORMATS
from controller.report.text import described
from controller.web import paper
from controller.web.site import Site
from controller.web.view import STATES, Row, View

_SHOWN: Final = 50  # rows of a page
_NEWEST: Final = 50  # changes of a history
_PEOPLE: Final = 25
_SEVERITIES: Final = ("error", "warning", "info")
_KINDS: Final = ("SharedMailbox", "DistributionList", "MailboxDelegation")


@dataclass(frozen=True, slots=True)
class Part:
    """Some of many rows. `number` and `last` count from 1."""

    rows: Sequence[Any]
    total: int
    number: int
    last: int


def _part(request: Request, rows: Sequence[Any]) -> Part:
    asked = request.query_params.get("page", "1")
    last = max(1, -(-len(rows) // _SHOWN))
    number = min(max(1, int(asked)), last) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    return Part(rows[(number - 1) * _SHOWN : number * _SHOWN], len(rows), number, last)


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def _standing(request: Request) -> Standing:
    name = request.path_params["tenant"]
    for standing in _site(request).board.standings().values():
        if standing.last.tenant == name:
            return standing
    raise HTTPException(404, f"no tenant {name} is looked after here")


def _view(request: Request) -> View | None:
    """None where the tenant was not seen yet."""
    good = _standing(request).last_good
    return _site(request).views.of(good) if good else None


def _render(request: Request, name: str, view: View | None, **words: Any) -> HTMLResponse:
    standing = _standing(request)
    told = {"standing": standing, "view": view, "tenant": standing.last.tenant, **words}
    return paper.page(request, name if view else "unseen.html.j2", **told)


def _suspended(request: Request, tenant_id: str) -> dict[str, Order]:
    with suppress(StateError):
        return dict(_site(request).journal().orders.suspended(tenant_id))
    return {}


def _history(request: Request, tenant_id: str, address: str | None = None) -> list[HistoryRow] | None:
    """None where the journal is out of reach."""
    try:
        return _site(request).journal().history(tenant_id, address, limit=_NEWEST)
    except StateError:
        return None


def estate(request: Request) -> Response:
    site = _site(request)
    standings = site.board.standings()
    site.views.keep(standings)
    shown = []
    for tenant_id, standing in sorted(standings.items(), key=lambda item: item[1].last.tenant):
        view = site.views.of(standing.last_good) if standing.last_good else None
        shown.append((standing, view, _suspended(request, tenant_id)))
    return paper.page(
        request, "estate.html.j2", title="Mailboxes", shown=shown, trouble=site.board.estate, states=STATES,
        drifted=_drifted,
    )  # fmt: skip


def _drifted(view: View) -> list[tuple[str, str, Any]]:
    """What drifted, and who did it, as far as is known."""
    return [
        (change.key.address, described(change), view.turn.deeds.get(change.id))
        for change in view.plan.changes
        if change.cause is Cause.DRIFT
    ]


def mailboxes(request: Request) -> Response:
    view, asked = _view(request), request.query_params
    words, state, kind = asked.get("q", "")[:200], asked.get("state", ""), asked.get("kind", "")
    found: list[Row] = view.search(words, state, kind) if view else []
    return _render(
        request, "mailboxes.html.j2", view, title="Mailboxes and lists", here="mailboxes", words=words,
        state=state, kind=kind, states=STATES, kinds=_KINDS, part=_part(request, found),
    )  # fmt: skip


def mailbox(request: Request) -> Response:
    view = _view(request)
    if view is None:
        return _render(request, "unseen.html.j2", None, title="Not seen yet")
    key = view.key_of(request.path_params["address"])
    if key is None:
        raise HTTPException(404, f"no document is about {request.path_params['address']}")
    resource = view.resources.get(key)
    fields = view.fields(key)
    return _render(
        request, "mailbox.html.j2", view, title=key.address, here="mailboxes", key=key,
        row=view.row_of(key), resource=resource, fields=[f for f in fields if f.state != "in-sync"],
        same=[f for f in fields if f.state == "in-sync"], opening=view.answers.opening(key.address),
        rights=RIGHTS, reason=lambda who: view.reason(key, who), findings=view.findings.get(key, []),
        upcoming=view.upcoming(key), history=_history(request, view.turn.tenant_id, key.address),
        suspended=_suspended(request, view.turn.tenant_id).get(key.address),
    )  # fmt: skip


def people(request: Request) -> Response:
    view, who = _view(request), request.query_params.get("q", "").strip()[:200].lower()
    found: list[Any] = []
    matches: list[str] = []
    if view and who:
        matches = view.people(who)
        if len(matches) == 1 or who in matches:
            matches = [who if who in matches else matches[0]]
            found = view.answers.of_person(matches[0])
    return _render(
        request, "people.html.j2", view, title="Who can open what", here="people", who=who,
        matches=matches[:_PEOPLE], more=len(matches) > _PEOPLE, found=found, rights=RIGHTS,
        reason=lambda address, name: _why(view, address, name),
    )  # fmt: skip


def _why(view: View | None, address: str, who: str) -> tuple[str, str]:
    key = view.key_of(address) if view else None
    return view.reason(key, who) if view and key else ("", "")


def dates(request: Request) -> Response:
    view = _view(request)
    coming = view.upcoming() if view else []
    part = _part(request, coming)
    return _render(request, "dates.html.j2", view, title="Next dates", here="dates", part=part)


def findings(request: Request) -> Response:
    view, asked = _view(request), request.query_params
    severity, words = asked.get("severity", ""), asked.get("q", "")[:200]
    wanted = words.casefold().split()
    found = [
        finding
        for finding in (view.plan.findings if view else ())
        if (not severity or finding.severity == severity)
        and all(word in f"{finding.id} {finding.message}".casefold() for word in wanted)
    ]
    ranks = list(Severity)[::-1]
    found.sort(key=lambda finding: (ranks.index(finding.severity), finding.id))
    return _render(
        request, "findings.html.j2", view, title="Findings", here="findings", severity=severity, words=words,
        severities=_SEVERITIES, part=_part(request, found),
    )  # fmt: skip


def history(request: Request) -> Response:
    tenant_id = _standing(request).last.tenant_id
    return paper.page(
        request, "history.html.j2", title="History", here="history", tenant=request.path_params["tenant"],
        history=_history(request, tenant_id),
    )  # fmt: skip


def plan(request: Request) -> Response:
    """As `mbx plan --format html` shows it. It has a policy of its own, which names its style and script."""
    view = _view(request)
    if view is None:
        return _render(request, "unseen.html.j2", None, title="Not seen yet")
    text = FORMATS["html"](view.plan)
    policy = text.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    named = policy.replace("&#39;", "'").replace("&#43;", "+")
    return HTMLResponse(text, headers={"content-security-policy": f"{named}; frame-ancestors 'none'"})


async def wrong(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return paper.page(
        request, "wrong.html.j2", status=error.status_code, title="Not found", said=str(error.detail)
    )


_READ: Final = ["GET", "HEAD"]
ROUTES = (
    Route("/", estate, methods=_READ),
    Route("/t/{tenant}/mailboxes", mailboxes, methods=_READ),
    Route("/t/{tenant}/mailboxes/{address}", mailbox, methods=_READ),
    Route("/t/{tenant}/people", people, methods=_READ),
    Route("/t/{tenant}/dates", dates, methods=_READ),
    Route("/t/{tenant}/findings", findings, methods=_READ),
    Route("/t/{tenant}/history", history, methods=_READ),
    Route("/t/{tenant}/plan", plan, methods=_READ),
)
