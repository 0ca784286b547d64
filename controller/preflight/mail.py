"""Where mail goes: in circles, from an alias that the tenant does not send from, to everybody who asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.aspect import Resource
from controller.handoff import onward
from controller.model import Finding, Severity
from controller.people.grants import SEND_AS
from controller.preflight.view import View, finding

_SECRET: Final = ("confidential", "confidentiel", "confidentiality")  # labels that say so
_NO: Final = ("", "false", "no", "non", "none", "public")


def loops(view: View) -> Iterator[Finding]:
    """Mailboxes that send each other everything: the mail ends when a server counts its hops."""
    onward = {r.key.address: sorted(_onward(view, r)) for r in view.resources}
    resources = {r.key.address: r for r in view.resources}
    told: set[frozenset[str]] = set()
    for start in sorted(onward):
        circle = _circle(start, onward)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            message = (
                f"mail goes in circles: {' → '.join((*circle, circle[0]))}. End it in one of them, or "
                "except what was forwarded automatically (`isAutomaticForward`)"
            )
            yield finding("mail-loop", resources[start], message)


def _circle(start: str, onward: dict[str, list[str]]) -> list[str]:
    """The way from a mailbox back to itself, if there is one."""
    queue: list[list[str]] = [[start]]
    seen: set[str] = set()
    while queue:
        way = queue.pop(0)
        for target in onward.get(way[-1], ()):
            if target == start:
                return way
            if target not in seen:
                seen.add(target)
                queue.append([*way, target])
    return []


def _onward(view: View, resource: Resource) -> Iterator[str]:
    """Mailboxes that get everything which comes to this one, by primary address."""
    for address in onward(resource.spec):
        if target := view.principal(address):
            yield target.address.lower()


def replies_of_the_confidential(view: View) -> Iterator[Finding]:
    """An automatic reply confirms to anybody that the mailbox exists and is read."""
    for resource in view.resources:
        replies = resource.spec.automatic_replies
        secret = any(
            name.lower() in _SECRET and value.lower() not in _NO
            for name, value in resource.spec.labels.items()
        )
        if replies is None:
            continue
        now, zone = view.context.now, view.context.zone
        answering = replies.state == "enabled" or any(one.ends(zone) > now for one in replies.periods)
        if secret and answering and replies.external_audience in (None, "all"):
            when = "" if replies.state == "enabled" else " in its periods"
            message = (
                f"{resource.key.address} is labelled confidential and answers everybody who writes{when}, "
                "which tells strangers that it is there and read: narrow `externalAudience` to known or none"
            )
            yield finding("reply-to-all-confidential", resource, message, at=("automaticReplies",))


def aliases_that_do_not_send(view: View) -> Iterator[Finding]:
    facts = view.observed.facts
    if facts.send_from_alias is not False:
        return
    for resource in view.resources:
        if resource.spec.aliases and view.people(resource, SEND_AS):
            message = (
                "the organisation does not send from aliases: whoever chooses an alias of "
                f"{resource.key.address} as sender is shown with its primary address. Write "
                "`organization: {sendFromAlias: true}` in the Tenant to change that"
            )
            yield finding("alias-never-sends", resource, message, severity=Severity.INFO, at=("aliases",))


def unseen_by_audit(view: View) -> Iterator[Finding]:
    bypassed = view.observed.facts.bypassed
    for resource in view.resources if bypassed else ():
        for who, rights in sorted(view.rights(resource).items()):
            trustee = view.principal(who)
            people = view.context.directory.people(trustee) if trustee else {}
            hidden = (view.context.directory.principals[guid] for guid in bypassed & people.keys())
            if unseen := sorted(one.address for one in hidden):
                message = (
                    f"what {', '.join(unseen)} does in {resource.key.address} leaves no trace: audit "
                    f"bypass is on for them, and they have {', '.join(sorted(rights))}. Take it away"
                )
                yield finding("audit-bypass", resource, message, about=who, at=("access",))


CHECKS = (loops, replies_of_the_confidential, aliases_that_do_not_send, unseen_by_audit)
