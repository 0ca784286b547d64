"""Access that will not work as people expect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.aspect import Resource
from controller.directory import Principal
from controller.model import Finding, Severity
from controller.people.grants import AUTO_MAPPING, FULL_ACCESS, SEND_AS, SEND_ON_BEHALF
from controller.preflight.view import View, finding

_AT_ONCE: Final = 25  # people; more lose connections [doc: about shared mailboxes]
_GRANTS: Final = 400  # explicit entries; the list ends at 500, orphans included [doc: Add-MailboxPermission]
_MAPPED: Final = 10  # mailboxes that Outlook opens for one person before it gets slow [U]


def sends_as_themselves(view: View) -> Iterator[Finding]:
    """Whoever opens the mailbox and may not send as it answers from their own address."""
    for resource in view.resources:
        sending = view.people(resource, SEND_AS).keys() | view.people(resource, SEND_ON_BEHALF).keys()
        without = sorted(view.people(resource, FULL_ACCESS).keys() - sending)
        if without and sending:
            message = (
                f"{', '.join(without)} can read {resource.key.address} and cannot send as it: their replies "
                "leave from their own address. Add send-as, unless they shall only read"
            )
            yield finding("full-access-without-send-as", resource, message, at=("access",))


def send_as_wins(view: View) -> Iterator[Finding]:
    for resource in view.opened:
        for who, rights in sorted(view.rights(resource).items()):
            if {SEND_AS, SEND_ON_BEHALF} <= rights:
                message = f"{who} has send-as and send-on-behalf: send-as wins, the other has no effect"
                yield finding(
                    "send-as-wins", resource, message, about=who, severity=Severity.INFO, at=("access", who)
                )


def guests(view: View) -> Iterator[Finding]:
    """A guest signs in at home: Outlook does not open a mailbox of this tenant for them."""
    for resource, written, trustee in _trustees(view):
        who = trustee.address.lower()
        if trustee.type == "GuestMailUser":
            message = (
                f"{who} is a guest: guests cannot open a shared mailbox in Outlook. Give them an account of "
                "this tenant, or forward what they need"
            )
            yield finding("guest-trustee", resource, message, about=who, at=("access", written))


def outsiders_for_ever(view: View) -> Iterator[Finding]:
    for resource, written, trustee in _trustees(view):
        who = trustee.address.lower()
        outside = trustee.type == "GuestMailUser" or not view.context.directory.accepts(who)
        if outside and resource.spec.access[written].until is None:
            message = f"{who} comes from outside and may stay for ever: write `until:`"
            yield finding("permanent-outsider", resource, message, about=who, at=("access", written))


def groups_never_automap(view: View) -> Iterator[Finding]:
    for resource, written, trustee in _trustees(view):
        who = trustee.address.lower()
        if trustee.is_group and FULL_ACCESS in view.rights(resource)[who]:
            message = (
                f"members of {who} do not get {resource.key.address} in Outlook by themselves: each adds it "
                "by hand, or write `expand: true` to grant it by name"
            )
            at, quiet = ("access", written), Severity.INFO
            yield finding("group-never-automaps", resource, message, about=who, severity=quiet, at=at)


def hidden_with_delegates(view: View) -> Iterator[Finding]:
    for resource in view.resources:
        hidden = view.value(resource, "appearance", ("hiddenFromAddressLists",))
        if hidden and view.people(resource, FULL_ACCESS):
            message = (
                f"{resource.key.address} is hidden from address lists: people cannot add it in Outlook by "
                "name, nor choose it as sender from the list"
            )
            yield finding("hidden-with-delegates", resource, message, at=("hiddenFromAddressLists",))


def many_people(view: View) -> Iterator[Finding]:
    for resource in view.resources:
        people = len(view.people(resource, FULL_ACCESS))
        if people > _AT_ONCE:
            message = (
                f"{people} people can open {resource.key.address}; more than {_AT_ONCE} at once lose "
                "connections. A Microsoft 365 group or a help desk carries more"
            )
            yield finding("many-people", resource, message, at=("access",))
        grants = sum(len(rights) for rights in view.rights(resource).values())
        if grants > _GRANTS:
            message = f"{grants} entries of access; Exchange refuses more than 500. Grant it to a group"
            yield finding("many-grants", resource, message, at=("access",))


def many_mapped(view: View) -> Iterator[Finding]:
    """Outlook opens every mapped mailbox at its start."""
    mapped: dict[str, list[Resource]] = {}
    for resource in view.resources:
        wished = view.desired.get(resource.key, {})
        for who, rights in view.rights(resource).items():
            trustee = view.principal(who)
            on = wished.get(("access", who, AUTO_MAPPING), True)
            if FULL_ACCESS in rights and on and trustee and trustee.is_person:
                mapped.setdefault(who, []).append(resource)
    for who, resources in sorted(mapped.items()):
        if len(resources) > _MAPPED:
            yield Finding(
                "many-mapped-mailboxes",
                who,
                Severity.WARNING,
                f"Outlook maps {len(resources)} mailboxes for {who} and gets slow: write "
                "`autoMapping: false` where they are rarely needed",
                None,
                resources[-1].at("access", who),
            )


def _trustees(view: View) -> Iterator[tuple[Resource, str, Principal]]:
    """Whom documents name, as they spell it, where that gives a right now."""
    for resource in view.opened:
        for who in sorted(resource.spec.access or {}):
            trustee = view.principal(who)
            if trustee and trustee.address.lower() in view.rights(resource):
                yield resource, who, trustee


CHECKS = (
    sends_as_themselves,
    send_as_wins,
    guests,
    outsiders_for_ever,
    groups_never_automap,
    hidden_with_delegates,
    many_people,
    many_mapped,
)
