"""What an `access` block asks for at one moment: trustees resolved to people and groups, dates applied,
groups expanded where asked. Pure; reading and writing access lists is the access aspect's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from controller import canon
from controller.aspect import Context, Resource
from controller.directory import Directory, Principal
from controller.model import (
    Action,
    Desired,
    Finding,
    Key,
    Origin,
    Path,
    Severity,
    Upcoming,
    Want,
)
from controller.spec.collections import is_exclusive
from controller.spec.dates import ends_at, starts_at
from controller.spec.models import AccessEntry

ACCESS: Final = ("access",)
FULL_ACCESS: Final = "full-access"
SEND_AS: Final = "send-as"
SEND_ON_BEHALF: Final = "send-on-behalf"
RIGHTS: Final = (FULL_ACCESS, SEND_AS, SEND_ON_BEHALF)
AUTO_MAPPING: Final = "autoMapping"


@dataclass(frozen=True, slots=True)
class Grant:
    """Who gets it, and how Outlook shall show it. `spelt_out`: AutoMapping stands in the document rather
    than being left to its default. `via` is the group that an `expand` entry named."""

    principal: Principal
    auto_mapping: bool = True
    spelt_out: bool = False
    via: Principal | None = None


@dataclass(slots=True)
class _Reading:
    """What has been made of the entries so far."""

    wants: dict[Path, Want] = field(default_factory=dict)
    ended: dict[Path, tuple[datetime, Origin]] = field(default_factory=dict)
    origins: dict[Path, Origin] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    upcoming: list[Upcoming] = field(default_factory=list)


def desired_access(resource: Resource, context: Context) -> Desired:
    """The wants of the document's `access`, and what stands in the way of computing them."""
    entries: Mapping[str, AccessEntry] | None = resource.spec.access
    if entries is None:
        return Desired()
    reading = _Reading(origins={ACCESS: resource.at(*ACCESS)})
    seen: dict[str, str] = {}
    for who in sorted(entries, key=lambda who: entries[who].expand):  # by name first: it decides
        principal = _resolve(who, entries[who], resource, context, reading)
        if principal is None:
            continue
        if principal.guid in seen:
            reading.findings.append(_twice(resource, who, seen[principal.guid], principal))
            continue
        seen[principal.guid] = who
        _read_entry(who, entries[who], principal, resource, context, reading)
        if entries[who].expand and principal.is_group:
            _leave_in_time(entries[who], principal, context, reading)
    return Desired(
        wants=reading.wants,
        collections={ACCESS: is_exclusive(resource.spec, context.tenant, "access")},
        ended={path: end for path, end in reading.ended.items() if path not in reading.wants},
        origins=reading.origins,
        findings=tuple(reading.findings),
        upcoming=tuple(reading.upcoming),
    )


def _read_entry(
    who: str,
    entry: AccessEntry,
    principal: Principal,
    resource: Resource,
    context: Context,
    reading: _Reading,
) -> None:
    origin = resource.at("access", who)
    begins = starts_at(entry.from_, context.zone) if entry.from_ else None
    ends = ends_at(entry.until, context.zone) if entry.until else None
    auto = True if entry.auto_mapping is None else entry.auto_mapping
    for grant in _targets(entry, principal, auto, context):
        address = grant.principal.address.lower()
        reading.origins.setdefault((*ACCESS, address), origin)
        for right in entry.rights:
            path = (*ACCESS, address, str(right))
            if ends and context.now >= ends:
                reading.ended[path] = (ends, origin)
                continue
            if ends:
                reading.upcoming.append(_upcoming(ends, resource.key, path, Action.REVOKE))
            if begins and context.now < begins:
                reading.upcoming.append(_upcoming(begins, resource.key, path, Action.GRANT))
                continue
            if path in reading.wants:
                continue
            reading.wants[path] = Want(True, True, origin, due=begins, ref=grant)
            if right == FULL_ACCESS and not grant.principal.is_group:
                mapping = (*ACCESS, address, AUTO_MAPPING)
                reading.wants[mapping] = Want(auto, auto, origin, ref=grant)


def _targets(entry: AccessEntry, principal: Principal, auto: bool, context: Context) -> Iterator[Grant]:
    """The group itself, or with `expand` each person in it who can hold rights."""
    spelt = entry.auto_mapping is not None
    if not (entry.expand and principal.is_group):
        yield Grant(principal, auto, spelt)
        return
    members = (context.ahead.principals[guid] for guid in context.ahead.people(principal))
    for member in sorted(members, key=lambda member: member.address.lower()):
        if member.can_hold_rights:
            yield Grant(member, auto, spelt, via=principal)


def _leave_in_time(entry: AccessEntry, group: Principal, context: Context, reading: _Reading) -> None:
    """Whoever a date takes off the group, in its document, loses what the group was expanded to by that
    date; and so does whoever is behind a group that it takes off."""
    directory = context.directory
    for guid in directory.groups(group):
        for leaver, end in context.leaving.get(guid, {}).items():
            behind = (one for found in directory.by_address(leaver) for one in directory.people(found))
            people = {directory.principals[one].address.lower() for one in behind}
            for who in {leaver, *people}:
                for right in entry.rights:
                    reading.ended.setdefault((*ACCESS, who, str(right)), end)


def _upcoming(at: datetime, key: Key, path: Path, action: Action) -> Upcoming:
    return Upcoming(at, "/".join((str(key), *path)), action)


def _resolve(
    who: str, entry: AccessEntry, resource: Resource, context: Context, reading: _Reading
) -> Principal | None:
    found = context.ahead.by_address(who)
    if len(found) == 1:
        sole = found[0]
        usable = sole.can_hold_rights or (entry.expand and sole.is_group)
        if usable and not (entry.expand and context.ahead.unread_in(sole)):
            return sole
    ends = ends_at(entry.until, context.zone) if entry.until else None
    if not found and ends and context.now >= ends:
        return None  # a contractor whose time is over, and whose account is gone: nothing is left to do
    code, message = _trouble(who, found, context.ahead)
    reading.findings.append(
        Finding(
            code,
            f"{resource.key.address}/{canon.address(who)}",
            Severity.ERROR,
            f"{message}; the access of {resource.key.address} is left as it is until this is settled",
            resource.key,
            resource.at("access", who),
            blocks=(resource.key, "access"),
        )
    )
    return None


def _trouble(who: str, found: list[Principal], directory: Directory) -> tuple[str, str]:
    if len(found) == 1 and (error := directory.unread_in(found[0])):
        return "unreadable", f"the members of {who} could not be read ({error})"
    if not found:
        return "unknown-address", f"nobody in this tenant has the address {who}"
    if len(found) > 1:
        holders = ", ".join(sorted(f"{p.display_name} ({p.type})" for p in found))
        return "ambiguous-address", f"{who} is claimed by several: {holders}"
    kind = found[0].type
    wanted = "a mailbox, a mail user or a mail-enabled security group"
    return "invalid-trustee", f"{who} is a {kind}, which cannot hold rights: name {wanted}"


def _twice(resource: Resource, who: str, other: str, principal: Principal) -> Finding:
    return Finding(
        "duplicate-trustee",
        f"{resource.key.address}/{canon.address(who)}",
        Severity.ERROR,
        f"{who} and {other} are the same: {principal.display_name} ({principal.address}); "
        "write one entry with all the rights",
        resource.key,
        resource.at("access", who),
        stops_run=True,
    )
