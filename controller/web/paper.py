"""Turning a template into an answer. All words are escaped; what a template misspells is an error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from controller.entitlements.pages import ago
from controller.model import Condition, Finding, Origin, Severity
from controller.notify.links import Pages
from controller.report.alone import FOLDER as PLAN
from controller.report.explained import explained
from controller.report.marked import marked
from controller.report.text import plain, short
from controller.spec.models.approval import APPROVABLE
from controller.turn import Reason
from controller.web.site import Site

_HERE: Final = Path(__file__).parent / "templates"
_WORDS: Final = {
    "in-sync": "in sync",
    "held": "held back",
    "propagating": "on its way",
    "not-leading": "standing by",
    "full-access": "read everything",
    "send-as": "send as it",
    "send-on-behalf": "send on its behalf",
    "SharedMailbox": "shared mailbox",
    "DistributionList": "list",
    "MailboxDelegation": "personal mailbox",
    "Tenant": "organisation settings",
}
_MEANS: Final = {
    Condition.CLEAN: "everything is as the specs say",
    Condition.CONVERGED: "everything was put as the specs say",
    Condition.DRIFTED: "something differs from the specs, and is only reported",
    Condition.DEGRADED: "something failed, is held back or could not be read",
    Condition.STALLED: "nothing could be attempted",
    Reason.NOT_LEADING: "another replica leads this tenant: nothing is wrong",
    Reason.STOPPED: "the controller is being stopped",
}


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader([_HERE, PLAN]), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "plain": plain, "short": short, "said": said, "stamp": stamp, "part": part, "marked": marked,
        "utc": utc, "breaking": breaking, "means": lambda word: _MEANS.get(word, ""),
    }  # fmt: skip
    made.globals |= {"explained": explained, "approvable": approvable}
    return made


def page(request: Request, name: str, *, status: int = 200, **words: Any) -> HTMLResponse:
    site: Site = request.app.state.site
    now = site.now()
    told = {
        "tenant": None, "here": "", "now": now, "zone": None, "ago": lambda at: ago(now - at),
        "root": root(request), "line_url": _line(site.pages), "commit_url": _commit(site.pages), **words,
    }  # fmt: skip
    query = {name: value for name, value in request.query_params.items() if name != "page"}
    told["other_page"] = lambda number: "?" + urlencode({**query, "page": number})
    return HTMLResponse(_environment().get_template(name).render(told), status)


def root(request: Request) -> str:
    """The way from what was asked for up to the estate's page: every address here is told from where one is,
    so that a proxy may show all of it under a path of its own."""
    asked: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return "../" * (asked.count(b"/") - 1) or "./"


def linked(request: Request, commit: str | None) -> Callable[[Origin | None], str | None]:
    """The page at the forge of what a commit has in a line; None where there is none."""
    site: Site = request.app.state.site
    line = _line(site.pages)
    return lambda origin: line(origin, commit)


def _line(pages: Pages | None) -> Callable[[Origin | None, str | None], str | None]:
    return pages.of if pages else lambda origin, commit: None


def _commit(pages: Pages | None) -> Callable[[str | None], str | None]:
    return pages.of_commit if pages else lambda commit: None


def approvable(finding: Finding) -> bool:
    """Whether an Approval can let it through, and one is needed. None stands in for `safety.allowDelete`."""
    code = finding.code.partition("/")[0]
    return finding.severity is Severity.ERROR and code in APPROVABLE and code != "delete"


def said(word: object) -> str:
    """A word of ours as people read it."""
    return _WORDS.get(str(word), str(word))


def stamp(at: datetime, zone: tzinfo | None = None) -> str:
    """A moment in the time zone of its tenant, or in its own."""
    return f"{at.astimezone(zone) if zone else at:%Y-%m-%d %H:%M %Z}"


def breaking(address: str) -> Markup:
    """Large, it is broken behind its at sign rather than anywhere."""
    return Markup(str(escape(plain(address))).replace("@", "@<wbr>"))  # noqa: S704 -- escaped first


def utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def part(text: object) -> str:
    """One step of a path in an address."""
    return quote(str(text), safe="@")
