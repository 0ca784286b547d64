"""A plan read back from its JSON form, to be put into other words: never to be applied.

What the JSON does not hold, the plan read back does not either: documents in sync are counted and have no
name, findings know their place in the specs and not their resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from controller.errors import UsageError
from controller.impact import Can, Crowd, Effect, Impact, Person, Turn
from controller.model import (
    FORMAT,
    Action,
    Cause,
    Change,
    Finding,
    Key,
    Kind,
    Origin,
    Path,
    Plan,
    Request,
    Risk,
    Severity,
    Upcoming,
)


def plan_of(document: Mapping[str, Any]) -> Plan:
    """Raises UsageError for anything but the JSON form of a plan that this release writes."""
    if document.get("format") != FORMAT:
        raise UsageError(
            f"this is no plan of format {FORMAT}, as `mbx plan --out` and `--format json` write it"
        )
    try:
        return _plan(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"this is no whole plan ({type(error).__name__}: {error})") from None


def _plan(document: Mapping[str, Any]) -> Plan:
    changes = tuple(_change(one) for one in document["changes"])
    changing = tuple(dict.fromkeys(change.key for change in changes))
    in_sync = (Key(Kind.SHARED_MAILBOX, ""),) * int(document["summary"]["unchanged"])
    return Plan(
        tenant=document["tenant"],
        tenant_id=document["tenantId"],
        commit=document["commit"],
        specs_digest=document["specsDigest"],
        observed_digest=document["observedDigest"],
        created_at=datetime.fromisoformat(document["createdAt"]),
        changes=changes,
        findings=tuple(_finding(one) for one in document["diagnostics"]),
        upcoming=tuple(
            Upcoming(datetime.fromisoformat(one["at"]), one["id"], Action(one["action"]))
            for one in document["upcoming"]
        ),
        resources=(*changing, *in_sync),
        crowd=Crowd(document["summary"]["peopleGaining"], document["summary"]["peopleLosing"]),
    )


def _change(one: Mapping[str, Any]) -> Change:
    key = Key(Kind(one["resource"]["kind"]), one["resource"]["address"])
    return Change(
        key=key,
        aspect="",
        action=Action(one["action"]),
        path=_path(one["id"].removeprefix(str(key)).removeprefix("/"), one["field"]),
        before=one["before"],
        after=one["after"],
        origin=_origin(one["source"]),
        risk=Risk(one["risk"]),
        cause=Cause(one["cause"]),
        requests=tuple(_requests(one["requests"])),
        depends_on=tuple(one["dependsOn"]),
        blocked_by=tuple(one["blockedBy"]),
        notes=tuple(one["notes"]),
        impact=Impact(tuple(map(_effect, one["effects"])), one["takesEffect"], tuple(one["cannotBeUndone"])),
    )


def _effect(one: Mapping[str, Any]) -> Effect:
    return Effect(
        turn=Turn(one["effect"]),
        can=Can(one["can"]),
        mailbox=one["mailbox"],
        people=tuple(Person(person["who"], tuple(person["via"])) for person in one["people"]),
        count=one["count"],
        folder=one["folder"],
        untold=tuple(one["unreadGroups"]),
        mailboxes=one["mailboxes"],
    )


def _path(slashed: str, dotted: str) -> Path:
    """A path, from itself joined by slashes and by dots: where the two differ, one part ends. Parts may
    hold either sign."""
    if len(slashed) != len(dotted):
        raise ValueError(f"{slashed!r} and {dotted!r} do not name the same field")
    parts = [""]
    for slash, dot in zip(slashed, dotted, strict=True):
        if slash == dot:
            parts[-1] += slash
        else:
            parts.append("")
    return tuple(parts) if slashed else ()


def _requests(rows: Any) -> Iterator[Request]:
    for row in rows:
        yield Request(row["api"], row["call"], row["parameters"])


def _finding(one: Mapping[str, Any]) -> Finding:
    code = one["code"]
    subject = one["id"].removeprefix(f"{code}/")
    return Finding(code, subject, Severity(one["severity"]), one["message"], origin=_origin(one["source"]))


def _origin(source: Mapping[str, Any] | None) -> Origin | None:
    return Origin(source["file"], int(source["line"])) if source else None
