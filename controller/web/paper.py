"""Turning a template into an answer. All words are escaped; what a template misspells is an error."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from controller.entitlements.pages import ago
from controller.report.text import plain, short
from controller.web.site import Site

_HERE: Final = Path(__file__).parent / "templates"
_WORDS: Final = {
    "in-sync": "in sync",
    "held": "held back",
    "full-access": "read everything",
    "send-as": "send as it",
    "send-on-behalf": "send on its behalf",
    "SharedMailbox": "shared mailbox",
    "DistributionList": "list",
    "MailboxDelegation": "personal mailbox",
    "Tenant": "organisation",
}


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"plain": plain, "short": short, "said": said, "stamp": stamp, "part": part}
    return made


def page(request: Request, name: str, *, status: int = 200, **words: Any) -> HTMLResponse:
    site: Site = request.app.state.site
    now = site.now()
    told = {"tenant": None, "here": "", "now": now, "ago": lambda at: ago(now - at), **words}
    query = {name: value for name, value in request.query_params.items() if name != "page"}
    told["other_page"] = lambda number: "?" + urlencode({**query, "page": number})
    return HTMLResponse(_environment().get_template(name).render(told), status)


def said(word: object) -> str:
    """A word of ours as people read it."""
    return _WORDS.get(str(word), str(word))


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M %Z}"  # of the tenant's own dates, in its own time zone


def part(text: object) -> str:
    """One step of a path in an address."""
    return quote(str(text), safe="@")
