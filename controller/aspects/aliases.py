"""The further addresses of a mailbox or a list.

`EmailAddresses` mixes what is ours with what belongs to the service: SIP, SPO, X500 and the tenant's
onmicrosoft.com addresses are never touched. A plain list would replace all of them, so that only the
Add/Remove form is ever sent [doc: Set-Mailbox]. Former primary addresses count as listed while the
document names them as `previousAddresses`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controller import canon
from controller.addresses import claim, held, listed, reserved_by, secondary
from controller.aspect import Aspect, Context, Permissions, Resource, add_or_remove, set_recipient
from controller.clients import Reader, ask_all
from controller.directory import Directory
from controller.errors import ServiceError
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
    Unreadable,
    Want,
)
from controller.spec.collections import is_exclusive

ALIASES = ("aliases",)


class Aliases(Aspect):
    name = "aliases"
    kinds = frozenset({Kind.SHARED_MAILBOX, Kind.DISTRIBUTION_LIST})
    permissions = Permissions(
        read=("Get-Mailbox", "Get-DistributionGroup", "Get-Recipient"),
        write=("Set-Mailbox", "Set-DistributionGroup"),
    )
    mailbox_properties = ("EmailAddresses",)
    list_properties = ("EmailAddresses",)

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.aliases is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """The mailbox row has them; an address that nobody visible has may still be reserved."""
        answers = await ask_all(lambda r: _observe(reader, r, directory), resources)
        return dict(zip((r.key for r in resources), answers, strict=True))

    def desired(self, resource: Resource, context: Context) -> Desired:
        wants: dict[Path, Want] = {}
        for address, origin in listed(resource):
            wants[(*ALIASES, canon.address(address))] = Want(True, address, origin)
        exclusive = is_exclusive(resource.spec, context.tenant, "aliases")
        return Desired(wants, {ALIASES: exclusive}, origins={(): resource.at(*ALIASES)})

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, bool]:
        """A rename in the same plan leaves the former primary behind as an alias, by itself."""
        fields = dict(present.fields)
        if resource.principal and resource.principal.address.lower() != resource.key.address:
            fields[(*ALIASES, resource.principal.address.lower())] = True
            fields.pop((*ALIASES, resource.key.address), None)
        return fields

    def change(self, delta: Delta, present: Present, resource: Resource, context: Context) -> Change:
        address = delta.want.verbatim if delta.want else delta.path[-1]
        action = Action.ADD if delta.want else Action.REMOVE
        needs: tuple[str, ...] = ()
        obstacle = None
        if delta.want and delta.origin:
            needs, obstacle = claim(resource, address, delta.origin, context)
        return Change(
            key=resource.key,
            aspect=self.name,
            action=action,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=Risk.LOW if delta.want else Risk.MEDIUM,
            depends_on=needs,
            requests=(set_recipient(resource, {"EmailAddresses": add_or_remove(action, f"smtp:{address}")}),),
            notes=() if delta.want else ("mail sent to it is refused from then on",),
            obstacle=obstacle,
        )


def _listed(resource: Resource) -> frozenset[str]:
    return frozenset(canon.address(address) for address, _ in listed(resource))


async def _observe(reader: Reader, resource: Resource, directory: Directory) -> Observation:
    there = frozenset() if resource.row is None else secondary(resource.row, directory, _listed(resource))
    findings: list[Finding] = []
    for address, origin in listed(resource):
        if canon.address(address) in there or directory.by_address(address):
            continue
        try:
            holder = await reserved_by(reader, address)
        except ServiceError as error:
            return Unreadable(error)
        if holder:
            findings.append(held(resource, address, holder, origin))
    if resource.row is None and not findings:
        return Absent()
    return Present({(*ALIASES, address): True for address in there}, findings=tuple(findings))
