"""Whom a document means by an address: exactly one somebody who fits, or a finding that says why not.

Asked of the directory as the plan leaves it, so that a list may be named by the mailbox that needs it in
the very commit that creates it. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from controller import canon
from controller.aspect import Context, Resource
from controller.directory import Principal
from controller.model import Finding, Origin, Severity


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked for: who `fits` there, said in words (`wanted`), the finding's `code` where somebody does
    not, and the aspect that is then left as it is."""

    code: str
    aspect: str
    what: str
    fits: Callable[[Principal], bool]
    wanted: str


def whom(who: str, part: Part, resource: Resource, context: Context, origin: Origin) -> Principal | Finding:
    """The one who answers to an address, or why there is no such one."""
    found = context.ahead.by_address(who)
    if len(found) == 1 and part.fits(found[0]):
        return found[0]
    if not found:
        code, why = "unknown-address", f"nobody in this tenant has the address {who}"
    elif len(found) > 1:
        holders = ", ".join(sorted(f"{one.display_name} ({one.type})" for one in found))
        code, why = "ambiguous-address", f"{who} is claimed by several: {holders}"
    else:
        code, why = part.code, f"{who} is a {found[0].type}: {part.wanted}"
    return Finding(
        code,
        f"{resource.key.address}/{canon.address(who)}",
        Severity.ERROR,
        f"{why}; {part.what} of {resource.key.address} are left as they are until this is settled",
        resource.key,
        origin,
        blocks=(resource.key, part.aspect),
    )


def same_twice(
    who: str, other: str, one: Principal, part: Part, resource: Resource, origin: Origin
) -> Finding:
    """Two entries that name one person: wrong in the text, although only the tenant tells."""
    return Finding(
        "duplicate-entry",
        f"{resource.key.address}/{canon.address(who)}",
        Severity.ERROR,
        f"{who} and {other} are the same: {one.display_name} ({one.address}); keep one of them under "
        f"{part.what}",
        resource.key,
        origin,
        stops_run=True,
    )


def protected(context: Context, guid: str) -> Principal | None:
    """Whoever among those behind somebody must never lose anything."""
    directory = context.directory
    people = directory.people(directory.principals[guid]).keys() | {guid}
    for address in context.tenant.safety.protect:
        for principal in directory.by_address(address):
            if principal.guid in people:
                return principal
    return None


def spared(resource: Resource, who: str, right: str, one: Principal, origin: Origin | None) -> Finding:
    """Why `who`, or the group of that address with `one` in it, keeps a right that no document gives."""
    through = "" if one.address.lower() == who else f", through {who}"
    return Finding(
        "protected",
        f"{resource.key.address}/{who}/{right}",
        Severity.WARNING,
        f"{one.address} keeps {right}{through}: protected by the tenant's safety.protect",
        resource.key,
        origin,
    )


def orphaned(resource: Resource, sid: str, right: str, origin: Origin | None) -> Finding:
    """An entry of somebody deleted, which is left as it is."""
    return Finding(
        "orphaned-sid",
        f"{resource.key.address}/{sid}/{right}",
        Severity.WARNING,
        f"{right} is held by somebody deleted ({sid}); `orphans: remove` in the Tenant removes such entries",
        resource.key,
        origin,
    )
