"""What a list's `members` ask for at one moment: people and groups found, dates applied, or only the mailbox
that the list feeds. Pure; reading and writing members is the members aspect's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from controller.aspect import Context, Resource
from controller.directory import Principal
from controller.model import Action, Desired, Finding, Origin, Path, Upcoming, Want, ident
from controller.people.whom import Part, same_twice, whom
from controller.spec.collections import is_exclusive
from controller.spec.dates import ends_at, starts_at
from controller.spec.models import Member

MEMBERS: Final = ("members",)
RECORD: Final = ("redirectTo",)
_MEMBER: Final = Part(
    "invalid-member",
    "members",
    "members",
    lambda one: one.can_be_member,
    "only mailboxes, mail users, contacts and other lists can be members of a list",
)
_TARGET: Final = Part(
    "invalid-redirect", "members", "members", lambda one: one.is_mailbox, "`redirectTo` names a mailbox"
)


def name_of(one: Principal) -> str:
    """What stands for somebody in paths."""
    return (one.address or one.guid).lower()


@dataclass(slots=True)
class _Reading:
    """What has been made of the entries so far."""

    wants: dict[Path, Want] = field(default_factory=dict)
    ended: dict[Path, tuple[datetime, Origin]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    upcoming: list[Upcoming] = field(default_factory=list)


def is_declared(resource: Resource) -> bool:
    return resource.spec.members is not None


def desired_members(resource: Resource, context: Context) -> Desired:
    """The wants of the document's `members`; with `redirectTo` that mailbox alone."""
    if resource.spec.redirect_to is not None:
        return _redirected(resource, context)
    reading = _Reading()
    seen: dict[str, str] = {}
    for index, member in enumerate(resource.spec.members or ()):
        origin = resource.at(*MEMBERS, str(index))
        ends = ends_at(member.until, context.zone) if member.until else None
        over = ends is not None and context.now >= ends
        one = whom(member.who, _MEMBER, resource, context, origin)
        if isinstance(one, Finding):
            if not (over and one.code == "unknown-address"):  # over, and gone: nothing is left to do
                reading.findings.append(one)
        elif one.guid in seen:
            reading.findings.append(same_twice(member.who, seen[one.guid], one, _MEMBER, resource, origin))
        else:
            seen[one.guid] = member.who
            _read_member(member, one, ends, origin, resource, context, reading)
    return Desired(
        wants=reading.wants,
        collections={MEMBERS: is_exclusive(resource.spec, context.tenant, "members")},
        ended=reading.ended,
        origins={MEMBERS: resource.at(*MEMBERS)},
        findings=tuple(reading.findings),
        upcoming=tuple(reading.upcoming),
    )


def _read_member(
    member: Member,
    one: Principal,
    ends: datetime | None,
    origin: Origin,
    resource: Resource,
    context: Context,
    reading: _Reading,
) -> None:
    path = (*MEMBERS, name_of(one))
    ident_ = ident(resource.key, path)
    begins = starts_at(member.from_, context.zone) if member.from_ else None
    if begins and context.now < begins:
        reading.upcoming.append(Upcoming(begins, ident_, Action.ADD))
        return
    if ends and context.now >= ends:
        reading.ended[path] = (ends, origin)
        return
    if ends:
        reading.upcoming.append(Upcoming(ends, ident_, Action.REMOVE))
    reading.wants[path] = Want(True, member.who, origin, due=begins, ref=one)


def _redirected(resource: Resource, context: Context) -> Desired:
    """The mailbox is the only member. Those listed stay on record, which is what `RECORD` keeps: it is not
    in the tenant, and is never compared with it."""
    origin = resource.at("redirectTo")
    target = whom(resource.spec.redirect_to, _TARGET, resource, context, origin)
    if isinstance(target, Finding):
        return Desired(findings=(target,))
    wants: dict[Path, Want] = {(*MEMBERS, name_of(target)): Want(True, target.address, origin, ref=target)}
    for index, member in enumerate(resource.spec.members or ()):
        kept = (*RECORD, member.who.lower())
        wants[kept] = Want(True, member.who, resource.at(*MEMBERS, str(index)))
    return Desired(wants, {MEMBERS: True}, origins={MEMBERS: origin})


def leavers(
    resource: Resource, context: Context, held: Mapping[str, str]
) -> dict[str, tuple[datetime, Origin]]:
    """Whom a date takes off the list, by name, of those who are on it."""
    ended = desired_members(resource, context).ended
    return {path[1]: end for path, end in ended.items() if path[1] in held}


def members_after(resource: Resource, context: Context, held: Mapping[str, str]) -> dict[str, str] | None:
    """The list's members once the plan is applied, name to GUID; `held` are those it has. None where that
    cannot be told: then nothing is changed, either."""
    desired = desired_members(resource, context)
    if desired.findings:
        return None
    wished = {path[1]: want.ref.guid for path, want in desired.wants.items() if path[:1] == MEMBERS}
    if desired.collections[MEMBERS]:
        return wished
    stay = {name: guid for name, guid in held.items() if (*MEMBERS, name) not in desired.ended}
    return {**stay, **wished}
