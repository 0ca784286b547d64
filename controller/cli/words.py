"""What a comment and a status on a forge say of a plan."""

from __future__ import annotations

import re
from typing import Final

from controller.clients.forge import Site
from controller.guard import is_guard
from controller.log import redact
from controller.model import Plan, Severity
from controller.report.as_json import summary
from controller.report.markdown import render
from controller.report.text import short

_ROOM: Final = 400  # characters of a comment that are kept for the line below the plan


def marker_of(tenant: str) -> str:
    """Hidden in the comment, to find it again. A name cannot end it early."""
    return f"<!-- mbx plan: {re.sub(r'-{2,}|[<>]', '_', tenant)} -->"


def body_of(plan: Plan, site: Site, limit: int) -> str:
    """The comment below its marker, at most `limit` characters."""
    return f"{render(plan, limit - _ROOM)}\n{_below(plan.commit or site.sha, site)}"


def unplanned(tenant: str, error: str, site: Site) -> str:
    """What stands there when there is no plan: never the plan of an earlier push."""
    quoted = "\n".join(f"    {line}" for line in redact(error).splitlines()[:20])  # code: nobody's markup
    return f"**No plan for tenant {tenant}.** It could not be made:\n\n{quoted}\n\n{_below(site.sha, site)}"


def headline(plan: Plan) -> str:
    """The plan in a few words, the worst first."""
    stopped = sorted(f.id for f in plan.findings if f.severity is Severity.ERROR and is_guard(f.code))
    if stopped:
        more = f" and {len(stopped) - 1} more" if len(stopped) > 1 else ""
        return f"refused: {stopped[0]}{more}"
    counts = summary(plan)
    parts = [
        f"{counts[name]} to {name}"
        for name in ("delete", "revoke", "grant", "create", "update")
        if counts[name]
    ]
    text = ", ".join(parts) or "nothing to do"
    if counts["blocked"]:
        text += f"; {counts['blocked']} held back"
    if counts["errors"]:
        text = f"{counts['errors']} error{'s' if counts['errors'] > 1 else ''}; {text}"
    return text


def _below(commit: str | None, site: Site) -> str:
    parts = [f"commit `{short(commit)}`"] if commit else []
    if site.job:
        parts.append(f"[job]({site.job})")
    return f"<sub>{' · '.join(parts)}</sub>" if parts else ""
