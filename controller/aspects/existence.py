"""Whether the mailbox exists at all, and as what: created, renamed, converted, deleted.

Its path is `()`, the resource itself: observed as `shared` or as the type it has. Identity is the primary
SMTP address; an address that somebody else holds blocks the resource, also when the holder is soft-deleted
(its addresses stay reserved, and it is never purged). What a conversion takes along is in
`controller.conversion`. Remove-Mailbox deletes the Entra user as well
[doc: Remove-Mailbox].
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from controller import conversion
from controller.addresses import claim, free_name, unless_reserved
from controller.aspect import Aspect, Context, Permissions, Resource, set_mailbox
from controller.clients import Reader
from controller.directory import Directory
from controller.model import (
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
    Request,
    Risk,
    Severity,
    Want,
)
from controller.people.whom import protected

SELF: Path = ()
ADDRESS = ("address",)
SHARED = "shared"


class Existence(Aspect):
    name = "existence"
    founds = True
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(
        read=("Get-Recipient", "Get-Mailbox", "Get-AcceptedDomain", *conversion.READ),
        write=("New-Mailbox", "Set-Mailbox", "Remove-Mailbox", *conversion.WRITE),
    )
    mailbox_properties = (
        "RecipientTypeDetails",
        "IsDirSynced",
        "IsExchangeCloudManaged",
        "WhenMailboxCreated",
        "ProhibitSendReceiveQuota",  # both for the finding that it fills up
    )

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """A mailbox that the directory does not show is asked for among the soft-deleted, too; of one that
        shall be converted, when its person last signed in."""
        answers: dict[Key, Observation] = {}
        missing = [r for r in resources if r.principal is None]
        reserved, sign_ins = await asyncio.gather(
            asyncio.gather(*(unless_reserved(reader, r) for r in missing)),
            conversion.read_sign_ins(reader, resources),
        )
        for resource in resources:
            if resource.principal is not None:
                answers[resource.key] = _seen(resource, sign_ins.get(resource.key, {}))
        answers.update(zip((r.key for r in missing), reserved, strict=True))
        return answers

    def desired(self, resource: Resource, context: Context) -> Desired:
        if resource.unwanted:
            return Desired(gone=frozenset({SELF}), origins={SELF: resource.at("state")})
        address = resource.spec.address
        wants = {SELF: Want(SHARED, SHARED, resource.at("address"))}
        if resource.principal is not None:
            wants[ADDRESS] = Want(resource.key.address, address, resource.at("address"))
        return Desired(wants)

    def change(self, delta: Delta, present: Present, resource: Resource, context: Context) -> Change:
        if delta.path == ADDRESS:
            return self._rename(delta, resource, context)
        if delta.after is None:
            return self._delete(delta, resource)
        if delta.before is None:
            return self._create(delta, resource, context)
        return self._convert(delta, present, resource, context)

    def _change(self, action: Action, delta: Delta, resource: Resource, **rest: Any) -> Change:
        return Change(
            key=resource.key, aspect=self.name, action=action, path=delta.path, origin=delta.origin, **rest
        )

    def _create(self, delta: Delta, resource: Resource, context: Context) -> Change:
        address = resource.spec.address
        needs, obstacle = claim(resource, address, resource.at("address"), context)
        name = free_name(address, context.directory)
        display = resource.spec.display_name or address.partition("@")[0]
        parameters = {
            "Shared": True,
            "Name": name,
            "DisplayName": display,
            "Alias": name,
            "PrimarySmtpAddress": address,
        }
        return self._change(
            Action.CREATE,
            delta,
            resource,
            before=None,
            after={"address": address, "displayName": display},
            depends_on=needs,
            requests=(Request("exchange", "New-Mailbox", parameters),),
            obstacle=obstacle,
        )

    def _rename(self, delta: Delta, resource: Resource, context: Context) -> Change:
        needs, obstacle = claim(resource, resource.spec.address, resource.at("address"), context)
        request = set_mailbox(resource, {"WindowsEmailAddress": resource.spec.address})
        return self._change(
            Action.RENAME,
            delta,
            resource,
            before=delta.before,
            after=resource.spec.address,
            depends_on=needs,
            requests=(request,),
            notes=("mail to the former address still arrives: it stays as an alias",),
            obstacle=obstacle,
        )

    def _delete(self, delta: Delta, resource: Resource) -> Change:
        shared = delta.before == SHARED
        return self._change(
            Action.DELETE,
            delta,
            resource,
            before=delta.before,
            after=None,
            risk=Risk.HIGH,
            requests=(
                Request("exchange", "Remove-Mailbox", {"Identity": resource.identity, "Confirm": False}),
            ),
            notes=("deletes the mailbox and its account; both can be restored for about 30 days",),
            obstacle=None if shared else _not_shared(delta, resource, "it is not deleted"),
        )

    def _convert(self, delta: Delta, present: Present, resource: Resource, context: Context) -> Change:
        meant = resource.spec.convert and delta.before == conversion.PERSONAL
        advice = "write `convert: true` to make a person's mailbox shared"
        obstacle = _spared(delta, resource, context) if meant else _not_shared(delta, resource, advice)
        return self._change(
            Action.CONVERT,
            delta,
            resource,
            before=delta.before,
            after=SHARED,
            risk=Risk.HIGH,
            requests=conversion.requests(resource),
            notes=conversion.notes(resource, present.ids),
            obstacle=obstacle,
        )


def _seen(resource: Resource, sign_in: Mapping[str, str]) -> Observation:
    assert resource.principal is not None
    kind = str((resource.row or {}).get("RecipientTypeDetails") or resource.principal.type)
    return Present(
        {SELF: SHARED if kind == "SharedMailbox" else kind, ADDRESS: resource.principal.address.lower()},
        sign_in,
    )


def _spared(delta: Delta, resource: Resource, context: Context) -> Finding | None:
    """Whoever must never lose anything does not lose their account."""
    if resource.principal is None or not protected(context, resource.principal.guid):
        return None
    return Finding(
        "protected",
        resource.key.address,
        Severity.WARNING,
        f"{resource.key.address} is not converted: protected by the tenant's safety.protect",
        resource.key,
        delta.origin,
        blocks=(resource.key, None),
    )


def _not_shared(delta: Delta, resource: Resource, what: str) -> Finding:
    return Finding(
        "not-shared",
        resource.key.address,
        Severity.WARNING,
        f"{resource.key.address} is a {delta.before}, not a shared mailbox: {what}",
        resource.key,
        delta.origin,
        blocks=(resource.key, None),
    )
