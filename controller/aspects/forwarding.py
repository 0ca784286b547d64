"""Where Exchange sends what arrives, whatever the mailbox's own rules say.

Two properties can say it: `ForwardingAddress` names a recipient of the tenant and wins,
`ForwardingSmtpAddress` an address (it comes back as `smtp:…`). They are always written together, and null
clears them [doc: Set-Mailbox; obs: CIPP]. It is looked at even where the document leaves it out: mail that
leaks is worth a warning, and never a change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller import canon
from controller.aspect import Aspect, Context, Permissions, Resource, set_mailbox
from controller.clients import Reader
from controller.directory import Directory, Principal
from controller.handoff import HANDOFF, destinations, forwarding_of
from controller.model import (
    Absent,
    Action,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Kind,
    Observation,
    Path,
    Present,
    Risk,
    Severity,
    Want,
    ident,
)
from controller.outbound import Outbound, is_outside, read_outbound

TO, KEEP = ("forwarding", "to"), ("forwarding", "keepCopy")
NONE: Final = "none"
TO_IN: Final = {"forwarding": "to", "handoff": "address"}  # what it is called where it is written
_LEAVES = "mail leaves the organisation"


class Forwarding(Aspect):
    name = "forwarding"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(
        read=("Get-Mailbox", "Get-HostedOutboundSpamFilterPolicy", "Get-RemoteDomain"), write=("Set-Mailbox",)
    )
    mailbox_properties = ("ForwardingAddress", "ForwardingSmtpAddress", "DeliverToMailboxAndForward")

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """The mailbox row has it; the tenant's outbound policy is only asked for where mail goes out."""
        leaving = any(_leaving(r, directory) for r in resources)
        outbound = await read_outbound(reader) if leaving else Outbound()
        return {r.key: _observe(r, directory, outbound) for r in resources}

    def fresh(self, resource: Resource) -> Present:
        return Present({TO: NONE, KEEP: False})

    def desired(self, resource: Resource, context: Context) -> Desired:
        written, place = forwarding_of(resource.spec)
        if written is None:
            return _ours_no_longer(resource, context)
        if written.to is None:
            return Desired({TO: Want(NONE, NONE, resource.at(*place))})
        found = context.directory.by_address(written.to)
        if len(found) > 1 or (not found and context.directory.accepts(written.to)):
            return Desired(findings=(_nobody(resource, written.to, found, place),))
        target = found[0] if found else None
        value = target.address.lower() if target else canon.address(written.to)
        wants: dict[Path, Want] = {
            TO: Want(value, written.to, resource.at(*place, TO_IN[place[0]]), ref=target),
            KEEP: Want(written.keep_copy, written.keep_copy, resource.at(*place, KEEP[1]), ref=target),
        }
        told = () if written.keep_copy else (_no_copy(resource, written.to, place),)
        return Desired(wants, findings=told)

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """Whether a copy is kept goes out with where it is sent to: one change, not two."""
        wished = desired.wants.get(TO)
        if wished and KEEP in desired.wants and present.fields.get(TO) != wished.value:
            return {**present.fields, KEEP: desired.wants[KEEP].value}
        return present.fields

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        said = super().spelling(present)
        return said if said.get(TO, NONE) != NONE else {TO[:1]: NONE}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        assert delta.want is not None
        target: Principal | None = delta.want.ref
        written, _ = forwarding_of(resource.spec)
        to = written.to if written else None
        keeps = to is not None and written is not None and written.keep_copy
        outside = to is not None and is_outside(to, target, context.directory)
        parts = [part for part, _ in destinations(resource.spec)]  # their rules come before this ends
        parameters = {
            "ForwardingAddress": target.guid if target else None,
            "ForwardingSmtpAddress": f"{canon.SMTP_PREFIX}{to}" if to and not target else None,
            "DeliverToMailboxAndForward": keeps,
        }
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=_risk(delta, keeps=keeps, outside=outside),
            requests=(set_mailbox(resource, parameters),),
            notes=(f"{_LEAVES}: {to} is outside",) if outside else (),
            depends_on=tuple(ident(resource.key, (*HANDOFF, part)) for part in parts if to is None),
        )


def _ours_no_longer(resource: Resource, context: Context) -> Desired:
    """Ends what a hand-off of this document had us forward, by our own record; nobody else's forwarding."""
    applied = context.memory.applied.get(resource.key, {}).get(TO, NONE)
    if resource.spec.handoff is None or not resource.spec.handoff.by_mail or applied == NONE:
        return Desired()
    if resource.row is None or _shown(resource.row, context.directory)[0] != applied:
        return Desired()
    return Desired({TO: Want(NONE, NONE, resource.at(*HANDOFF))})


def _risk(delta: Delta, *, keeps: bool, outside: bool) -> Risk:
    if outside:
        return Risk.HIGH
    loses = delta.after == NONE or not keeps
    changes = delta.path == TO and delta.before != NONE
    return Risk.MEDIUM if loses or changes else Risk.LOW


def _leaving(resource: Resource, directory: Directory) -> dict[str, Path]:
    """Where the document sends mail outside, by forwarding or by hand-off, and where it says so."""
    written = resource.spec.forwarding
    places: dict[str, Path] = {to: (*HANDOFF, part, "address") for part, to in destinations(resource.spec)}
    if written is not None and written.to is not None:
        places[written.to] = TO
    return {to: place for to, place in places.items() if _is_outside(to, directory)}


def _is_outside(to: str, directory: Directory) -> bool:
    found = directory.by_address(to)
    return is_outside(to, found[0] if len(found) == 1 else None, directory)


def _observe(resource: Resource, directory: Directory, outbound: Outbound) -> Observation:
    findings = []
    for to, place in _leaving(resource, directory).items():
        if obstacle := outbound.obstacle(to):
            findings.append(_blocked(resource, to, obstacle, place))
    if resource.row is None:
        return Present({TO: NONE, KEEP: False}, findings=tuple(findings)) if findings else Absent()
    shown, leaks = _shown(resource.row, directory)
    if forwarding_of(resource.spec)[0] is None:
        findings += [_leak(resource, one) for one in leaks[:1]]
        if resource.spec.handoff is None:
            return Present({}, findings=tuple(findings))
    keeps = bool(canon.flag(resource.row.get("DeliverToMailboxAndForward")))
    return Present({TO: shown, KEEP: keeps}, findings=tuple(findings))


def _shown(row: Mapping[str, Any], directory: Directory) -> tuple[str, list[str]]:
    """Where a mailbox forwards, to be compared; and which of these addresses are outside."""
    internal, external = row.get("ForwardingAddress"), row.get("ForwardingSmtpAddress")
    target = _recipient(str(internal), directory) if internal else None
    address = target.address.lower() if target else canon.address(str(internal or external or ""))
    over = canon.address(str(external)) if internal and external else ""
    if external and not internal and len(same := directory.by_address(address)) == 1:
        target, address = same[0], same[0].address.lower()
    leaks = [a for a in (address, over) if a and is_outside(a, target if a == address else None, directory)]
    return (f"{address} (and {over}, which has no effect)" if over else address or NONE), leaks


def _recipient(name: str, directory: Directory) -> Principal | None:
    """It prints as the recipient's Name or canonical name [reference: Exchange admin API, identities]."""
    if found := directory.by_id(name):
        return found
    named = directory.by_trustee(name)
    return named if isinstance(named, Principal) else None


def _leak(resource: Resource, address: str) -> Finding:
    return Finding(
        "forwards-outside",
        resource.key.address,
        Severity.WARNING,
        f"mail to {resource.key.address} is forwarded to {address}, outside the organisation, and no "
        "document says so: write it under `forwarding`, or `forwarding: none` to end it",
        resource.key,
        resource.document.origin,
    )


def _blocked(resource: Resource, to: str, obstacle: str, place: Path) -> Finding:
    """Rules that redirect are held to the same [doc: outbound spam policies, external email forwarding]."""
    handoff = place[:1] == HANDOFF
    return Finding(
        "forwarding-blocked",
        f"{resource.key.address}/{place[1]}" if handoff else resource.key.address,
        Severity.WARNING,
        f"what {resource.key.address} {'hands on' if handoff else 'forwards'} to {to} will come back: "
        f"{obstacle}. Let it out in the Defender portal (outbound spam policies), or stay inside the "
        "organisation",
        resource.key,
        resource.at(*place),
    )


def _no_copy(resource: Resource, to: str, place: Path) -> Finding:
    return Finding(
        "forward-without-copy",
        resource.key.address,
        Severity.WARNING,
        f"{resource.key.address} keeps nothing of what it forwards to {to}: what is lost there is lost. "
        "Write `keepCopy: true`",
        resource.key,
        resource.at(*place, KEEP[1]),
    )


def _nobody(resource: Resource, to: str, found: Sequence[Principal], place: Path) -> Finding:
    holders = ", ".join(sorted(f"{one.display_name} ({one.type})" for one in found))
    message = (
        f"{to} is claimed by several: {holders}" if found else f"nobody in this tenant has the address {to}"
    )
    return Finding(
        "ambiguous-address" if found else "unknown-address",
        f"{resource.key.address}/{canon.address(to)}",
        Severity.ERROR,
        f"{message}; the forwarding of {resource.key.address} is left as it is until this is settled",
        resource.key,
        resource.at(*place, TO_IN[place[0]]),
        blocks=(resource.key, "forwarding"),
    )
