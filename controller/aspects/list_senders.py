"""Who may send as a list, and on its behalf. Whoever may not writes to it as themselves.

Send As is an entry of the directory (Add-RecipientPermission works for lists, too), send on behalf a
property of the list [doc: Add-RecipientPermission, Set-DistributionGroup GrantSendOnBehalfTo].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.acl import read_senders
from controller.aspect import Aspect, Context, Permissions, Resource, add_or_remove, on_list
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
    Want,
)
from controller.people.grants import SEND_AS, SEND_ON_BEHALF
from controller.people.whom import Part, orphaned, protected, same_twice, spared, whom

_NAMES: Final = {SEND_AS: "sendAs", SEND_ON_BEHALF: "sendOnBehalf"}
_RIGHTS: Final = {name: right for right, name in _NAMES.items()}
_SENDER: Final = Part(
    "invalid-trustee",
    "senders",
    "senders",
    lambda one: one.can_hold_rights,
    "a mailbox, a mail user or a mail-enabled security group can hold it",
)


class Senders(Aspect):
    name = "senders"
    kinds = frozenset({Kind.DISTRIBUTION_LIST})
    permissions = Permissions(
        read=("Get-RecipientPermission", "Get-DistributionGroup"),
        write=("Add-RecipientPermission", "Remove-RecipientPermission", "Set-DistributionGroup"),
    )
    list_properties = ("GrantSendOnBehalfTo",)

    def concerns(self, resource: Resource) -> bool:
        return any(_written(resource, name) is not None for name in _RIGHTS)

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """Paths `("sendAs", address or SID)` and `("sendOnBehalf", …)`."""
        answers: dict[Key, Observation] = {}
        for key, seen in (await read_senders(reader, resources, directory)).items():
            if isinstance(seen, Present):
                fields: dict[Path, Any] = {
                    (_NAMES[right], who): value for (_, who, right), value in seen.fields.items()
                }
                answers[key] = Present(fields, seen.ids, seen.findings)
            else:
                answers[key] = seen
        return answers

    def desired(self, resource: Resource, context: Context) -> Desired:
        wants: dict[Path, Want] = {}
        findings: list[Finding] = []
        collections: dict[Path, bool] = {}
        for name in _RIGHTS:
            addresses = _written(resource, name)
            if addresses is None:
                continue
            collections[(name,)] = True
            for index, who in enumerate(addresses):
                origin = resource.at(name, str(index))
                one = whom(who, _SENDER, resource, context, origin)
                if isinstance(one, Finding):
                    findings.append(one)
                    continue
                path = (name, one.address.lower())
                if path in wants:
                    findings.append(same_twice(who, wants[path].verbatim, one, _SENDER, resource, origin))
                wants[path] = Want(True, who, origin, ref=one)
        origins = {path: resource.at(*path) for path in collections}
        return Desired(wants, collections, origins=origins, findings=tuple(findings))

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        action = Action.GRANT if delta.want else Action.REVOKE
        who, right = delta.path[1], _RIGHTS[delta.path[0]]
        needs: tuple[str, ...] = ()
        orphan, kept = False, None
        if delta.want is not None:
            one: Principal = delta.want.ref
            trustee, needs = one.guid, context.needs(one)
        else:
            trustee = present.ids[who]
            orphan = trustee == who
            if orphan and context.tenant.orphans != "remove":
                return orphaned(resource, who, right, delta.origin)
            kept = None if orphan else protected(context, trustee)
            if kept is not None and kept.guid == trustee:
                return spared(resource, who, right, kept, delta.origin)
        return Change(
            key=resource.key,
            aspect=self.name,
            action=action,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=Risk.LOW if delta.want or orphan else Risk.MEDIUM,
            requests=(_request(action, right, resource, trustee),),
            depends_on=needs,
            obstacle=spared(resource, who, right, kept, delta.origin) if kept else None,
        )


def _written(resource: Resource, name: str) -> Any:
    return resource.spec.send_as if name == _NAMES[SEND_AS] else resource.spec.send_on_behalf


def _request(action: Action, right: str, resource: Resource, trustee: str) -> Request:
    if right == SEND_ON_BEHALF:
        table = {"GrantSendOnBehalfTo": add_or_remove(action, trustee)}
        return on_list("Set-DistributionGroup", resource, table)
    verb = "Add" if action is Action.GRANT else "Remove"
    parameters = {
        "Identity": resource.identity,
        "Trustee": trustee,
        "AccessRights": ["SendAs"],
        "Confirm": False,
    }
    return Request("exchange", f"{verb}-RecipientPermission", parameters)
