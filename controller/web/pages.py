"""The pages of what was seen. They read the board and the journal, never the tenant, and answer nothing but
GET and HEAD.

Each is a plain function: Starlette runs it in a thread, so that no page keeps a cycle waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from controller.board import Standing
from controller.errors import StateError
from controller.journal import Errand
from controller.model import Cause, Condition, Finding, Kind, Severity
from controller.report.coming import in_words
from controller.report.text import described
from controller.web import paper
from controller.web.asked import (
    history_of,
    part_of,
    render,
    site_of,
    suspended,
    view_of,
    words_of,
)
from controller.web.holding import given, ways
from controller.web.view import STATES, View
from controller.web.wording import folded

_PEOPLE: Final = 25
_REMEMBERED: Final = 500  # changes of one mailbox in which who was given what is looked for
_SEVERITIES: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_TROUBLED: Final = (Condition.STALLED, Condition.DEGRADED, Condition.DRIFTED)  # and all others after them
_KINDS: Final = (Kind.SHARED_MAILBOX, Kind.DISTRIBUTION_LIST, Kind.MAILBOX_DELEGATION)


def estate(request: Request) -> Response:
    site = site_of(request)
    standings = site.board.standings()
    site.views.keep(standings)
    shown = []
    for tenant_id, standing in sorted(standings.items(), key=lambda item: _worst_of_all_first(item[1])):
        view = site.views.of(standing.last_good) if standing.last_good else None
        shown.append((standing, view, suspended(request, tenant_id), _untold(request, tenant_id)))
    zones = {view.zone for _, view, _, _ in shown if view}
    return paper.page(
        request, "estate.html.j2", title="Mailboxes", shown=shown, trouble=site.board.estate, states=STATES,
        drifted=_drifted, in_words=in_words, zone=zones.pop() if len(zones) == 1 else None,
    )  # fmt: skip


def _worst_of_all_first(standing: Standing) -> tuple[int, str]:
    condition, tenant = standing.last.condition, standing.last.tenant
    return _TROUBLED.index(condition) if condition in _TROUBLED else len(_TROUBLED), tenant


def _untold(request: Request, tenant_id: str) -> int:
    """How many messages have been tried and still wait; none that is known of where the journal is away."""
    try:
        waiting = site_of(request).journal().outbox.recent(tenant_id, state=Errand.WAITING)
    except StateError:
        return 0
    return sum(message.reason is not None for message in waiting)


def _drifted(view: View) -> list[tuple[str, str, Any]]:
    """What drifted, and who did it, as far as is known."""
    return [
        (change.key.address, described(change), view.turn.deeds.get(change.id))
        for change in view.plan.changes
        if change.cause is Cause.DRIFT
    ]


def mailboxes(request: Request) -> Response:
    view, words = view_of(request), words_of(request)
    state, kind = (request.query_params.get(name, "") for name in ("state", "kind"))
    found = view.search(words, state, kind) if view else []
    return render(
        request, "mailboxes.html.j2", view, title="Mailboxes and lists", here="mailboxes", words=words,
        state=state, kind=kind, states=STATES, kinds=_KINDS, part=part_of(request, found),
    )  # fmt: skip


def mailbox(request: Request) -> Response:
    view = view_of(request)
    if view is None:
        return render(request, "unseen.html.j2", None, title="Not seen yet")
    tenant_id = view.turn.tenant_id
    key = view.key_of(request.path_params["address"])
    if key is None:
        raise HTTPException(404, f"no document is about {request.path_params['address']}")
    resource, fields = view.resources.get(key), view.fields(key)
    opening = None if key.kind is Kind.TENANT else view.answers.opening(key.address)
    history = history_of(request, tenant_id, key.address, limit=_REMEMBERED)
    since = given(history or ())
    holders = [(holder.who, ways(holder, resource, since)) for holder in opening.people] if opening else []
    return render(
        request, "mailbox.html.j2", view, here="mailboxes", key=key, resource=resource, opening=opening,
        title="Organisation settings" if key.kind is Kind.TENANT else key.address, row=view.row_of(key),
        labels=getattr(resource.spec, "labels", None) or {} if resource else {},
        fields=[f for f in fields if f.state != "in-sync"], same=[f for f in fields if f.state == "in-sync"],
        holders=holders, findings=_worst_first(view.findings.get(key, [])), history=history,
        upcoming=in_words(view.upcoming(key)), suspended=suspended(request, tenant_id).get(key.address),
    )  # fmt: skip


def people(request: Request) -> Response:
    view, who = view_of(request), words_of(request).lower()
    found: list[Any] = []
    matches = view.people(who) if view and who else []
    inside = None
    if view and (len(matches) == 1 or who in matches):
        matches = [who if who in matches else matches[0]]
        inside = view.answers.behind(matches[0])
        held = view.answers.of_person(matches[0]) if inside is None else view.answers.of_group(matches[0])
        found = [(opening, ways(holder, view.resource_of(opening.address), {})) for opening, holder in held]
    return render(
        request, "people.html.j2", view, title="Who can open what", here="people", who=who,
        matches=matches[:_PEOPLE], more=len(matches) - _PEOPLE, found=found, inside=inside,
    )  # fmt: skip


def dates(request: Request) -> Response:
    view = view_of(request)
    coming = in_words(view.upcoming()) if view else []
    part = part_of(request, coming)
    return render(request, "dates.html.j2", view, title="Next dates", here="dates", part=part)


def findings(request: Request) -> Response:
    view, words = view_of(request), words_of(request)
    severity = request.query_params.get("severity", "")
    wanted = folded(words).split()
    found = [
        finding
        for finding in (view.plan.findings if view else ())
        if (not severity or finding.severity == severity)
        and all(word in folded(f"{finding.id} {finding.message}") for word in wanted)
    ]
    return render(
        request, "findings.html.j2", view, title="Findings", here="findings", severity=severity, words=words,
        severities=_SEVERITIES, part=part_of(request, _worst_first(found)),
    )  # fmt: skip


def _worst_first(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: (_SEVERITIES.index(one.severity), one.id))


_READ: Final = ["GET", "HEAD"]
ROUTES = (
    Route("/", estate, methods=_READ),
    Route("/t/{tenant}/mailboxes", mailboxes, methods=_READ),
    Route("/t/{tenant}/mailboxes/{address}", mailbox, methods=_READ),
    Route("/t/{tenant}/people", people, methods=_READ),
    Route("/t/{tenant}/dates", dates, methods=_READ),
    Route("/t/{tenant}/findings", findings, methods=_READ),
)
