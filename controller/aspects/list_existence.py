"""Whether a list exists: created, renamed, deleted. Its type is decided once and for all.

Written through Exchange, because Graph only reads lists. An application cannot own one, so that a new list
is created with its owners [doc: New-DistributionGroup ManagedBy]. There is no recycle bin: a deleted list
is gone, and the rights it held become entries of somebody deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.addresses import claim, free_name, unless_reserved
from controller.aspect import Aspect, Context, Permissions, Resource, on_list
from controller.clients import Reader
from controller.directory import Directory, Principal
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
from controller.people.ownership import owner
from controller.people.whom import protected

SELF: Path = ()
ADDRESS: Final = ("address",)
TYPE: Final = ("type",)
LIST: Final = "list"
_TYPES: Final = {"distribution": "Distribution", "security": "Security"}


class ListExistence(Aspect):
    name = "listExistence"
    founds = True
    kinds = frozenset({Kind.DISTRIBUTION_LIST})
    permissions = Permissions(
        read=("Get-Recipient", "Get-DistributionGroup", "Get-AcceptedDomain"),
        write=("New-DistributionGroup", "Set-DistributionGroup", "Remove-DistributionGroup"),
    )
    list_properties = ("RecipientTypeDetails", "GroupType", "IsDirSynced")

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """A list that the directory does not show is asked for among the soft-deleted, too: a mailbox may
        have had its address."""
        answers: dict[Key, Observation] = {r.key: _seen(r) for r in resources if r.principal is not None}
        missing = [r for r in resources if r.principal is None]
        reserved = await asyncio.gather(*(unless_reserved(reader, r) for r in missing))
        answers.update(zip((r.key for r in missing), reserved, strict=True))
        return answers

    def desired(self, resource: Resource, context: Context) -> Desired:
        if resource.unwanted:
            return Desired(gone=frozenset({SELF}), origins={SELF: resource.at("state")})
        wants = {SELF: Want(LIST, LIST, resource.at("address"))}
        if resource.principal is not None:
            wants[ADDRESS] = Want(resource.key.address, resource.spec.address, resource.at("address"))
            if resource.spec.type is not None:
                kind = str(resource.spec.type)
                wants[TYPE] = Want(kind, kind, resource.at(*TYPE))
        return Desired(wants)

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        if delta.path == ADDRESS:
            return self._rename(delta, resource, context)
        if delta.path == TYPE:
            return self._change(
                Action.UPDATE,
                delta,
                resource,
                before=delta.before,
                after=delta.after,
                obstacle=_other_type(delta, resource),
            )
        if delta.after is None:
            return self._delete(delta, resource, context)
        return self._create(delta, resource, context)

    def _change(self, action: Action, delta: Delta, resource: Resource, **rest: Any) -> Change:
        return Change(
            key=resource.key, aspect=self.name, action=action, path=delta.path, origin=delta.origin, **rest
        )

    def _create(self, delta: Delta, resource: Resource, context: Context) -> Change:
        spec = resource.spec
        needs, obstacle = claim(resource, spec.address, resource.at("address"), context)
        owners, problem = _first_owners(resource, context)
        name = free_name(spec.address, context.directory)
        display = spec.display_name or spec.address.partition("@")[0]
        kind = str(spec.type or "distribution")
        parameters = {
            "Name": name,
            "DisplayName": display,
            "Alias": name,
            "PrimarySmtpAddress": spec.address,
            "Type": _TYPES[kind],
            "ManagedBy": [one.guid for one in owners],
        }
        return self._change(
            Action.CREATE,
            delta,
            resource,
            before=None,
            after={
                "address": spec.address,
                "displayName": display,
                "type": kind,
                "owners": [one.address.lower() for one in owners],
            },
            depends_on=(*needs, *(need for one in owners for need in context.needs(one))),
            requests=(Request("exchange", "New-DistributionGroup", parameters),),
            notes=("whether it is a distribution or a security list cannot be changed later",),
            obstacle=obstacle or problem,
        )

    def _rename(self, delta: Delta, resource: Resource, context: Context) -> Change:
        address = resource.spec.address
        needs, obstacle = claim(resource, address, resource.at("address"), context)
        return self._change(
            Action.RENAME,
            delta,
            resource,
            before=delta.before,
            after=address,
            depends_on=needs,
            requests=(on_list("Set-DistributionGroup", resource, {"PrimarySmtpAddress": address}),),
            notes=("mail to the former address still arrives: it stays as an alias",),
            obstacle=obstacle,
        )

    def _delete(self, delta: Delta, resource: Resource, context: Context) -> Change:
        assert resource.principal is not None
        spared = protected(context, resource.principal.guid)
        return self._change(
            Action.DELETE,
            delta,
            resource,
            before=delta.before,
            after=None,
            risk=Risk.HIGH,
            requests=(on_list("Remove-DistributionGroup", resource, {"Confirm": False}),),
            notes=(
                "mail sent to it is refused from then on",
                "rights that it holds end with it",
            ),
            obstacle=_spared(resource, spared, delta) if spared else None,
        )


def _seen(resource: Resource) -> Observation:
    assert resource.principal is not None
    row = resource.row or {}
    told = f"{row.get('RecipientTypeDetails') or resource.principal.type} {row.get('GroupType') or ''}"
    kind = "security" if "Security" in told else "distribution"
    return Present({SELF: LIST, ADDRESS: resource.principal.address.lower(), TYPE: kind})


def _first_owners(resource: Resource, context: Context) -> tuple[list[Principal], Finding | None]:
    if resource.spec.owners is None:
        return [], Finding(
            "owner-needed",
            resource.key.address,
            Severity.ERROR,
            f"{resource.key.address} is to be created, and the controller cannot own it itself: name its "
            "`owners`",
            resource.key,
            resource.at("address"),
            blocks=(resource.key, None),
        )
    found = [owner(who, resource, context) for who in resource.spec.owners]
    problem = next((one for one in found if isinstance(one, Finding)), None)
    return [one for one in found if isinstance(one, Principal)], problem


def _other_type(delta: Delta, resource: Resource) -> Finding:
    return Finding(
        "list-type",
        resource.key.address,
        Severity.WARNING,
        f"{resource.key.address} is a {delta.before} list, and Exchange cannot make it a {delta.after} one: "
        "create another list under another address and move its members, or mend `type`",
        resource.key,
        delta.origin,
        blocks=(resource.key, None),
    )


def _spared(resource: Resource, spared: Principal, delta: Delta) -> Finding:
    return Finding(
        "protected",
        resource.key.address,
        Severity.WARNING,
        f"{spared.address} is on {resource.key.address}, which is not deleted: protected by the tenant's "
        "safety.protect",
        resource.key,
        delta.origin,
    )
