"""Lists that feed a mailbox: whoever had the mail and will not see it, and mail that goes in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from controller import canon
from controller.aspect import Resource
from controller.handoff import onward
from controller.model import Finding, Kind, Path
from controller.people.grants import FULL_ACCESS
from controller.preflight.view import View, finding


def fed(view: View) -> Iterator[tuple[Resource, Resource]]:
    """Each list with the mailbox that it feeds, where a document describes that one, too."""
    mailboxes = {resource.key.address: resource for resource in view.resources}
    for resource in view.observed.resources:
        is_list = resource.key.kind is Kind.DISTRIBUTION_LIST and not resource.unwanted
        if is_list and resource.spec.redirect_to:
            mailbox = mailboxes.get(canon.address(resource.spec.redirect_to))
            if mailbox is not None:
                yield resource, mailbox


def redirected_away(view: View) -> Iterator[Finding]:
    """A list gives mail, and no right: members see nothing of the mailbox until they are given access."""
    for resource, mailbox in fed(view):
        readers = view.people(mailbox, FULL_ACCESS).keys()
        without = sorted(
            person.address.lower()
            for member in resource.spec.members or ()
            for one in view.context.ahead.by_address(member.who)
            for guid in view.context.ahead.people(one)
            if (person := view.context.ahead.principals[guid]).address.lower() not in readers
        )
        if without:
            message = (
                f"{', '.join(dict.fromkeys(without))} had the mail of {resource.key.address} and cannot read "
                f"{mailbox.key.address}, where it goes now: give them access, or leave it so knowingly"
            )
            yield finding("redirect-without-access", resource, message, at=("redirectTo",))


def in_a_circle(view: View) -> Iterator[Finding]:
    """The service drops mail that comes back to where it was, and tells nobody."""
    for resource, mailbox in fed(view):
        own = {canon.address(address) for _, address in resource.spec.claims()}
        if own & {canon.address(target) for target in onward(mailbox.spec)}:
            message = (
                f"{resource.key.address} feeds {mailbox.key.address}, which sends its mail on to it again: "
                "end one of the two"
            )
            yield finding("redirect-loop", resource, message, at=("redirectTo",))


def still_named(view: View) -> Iterator[Finding]:
    """Whatever names a list that goes will name somebody deleted: a right that opens nothing, and an address
    that the next plan does not find."""
    leaving = {
        resource.principal.address.lower(): resource
        for resource in view.observed.resources
        if resource.key.kind is Kind.DISTRIBUTION_LIST and resource.unwanted and resource.principal
    }
    for resource in view.observed.resources if leaving else ():
        if resource.unwanted:
            continue
        places: dict[str, Path] = {}
        for path, value in view.desired.get(resource.key, {}).items():
            for name in leaving.keys() & {*path[1:], *(value if isinstance(value, tuple) else ())}:
                places.setdefault(name, path[: path.index(name) + 1] if name in path else path)
        for name, path in sorted(places.items()):
            message = (
                f"{name} is named under {path[0]}, and its document ({leaving[name].at('state')}) deletes "
                "it: name the people themselves or another group first, then delete the list"
            )
            yield finding("leaving-list-named", resource, message, about=name, at=path)


CHECKS = (redirected_away, in_a_circle, still_named)
