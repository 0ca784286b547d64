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
from controller.grants import SEND_AS, SEND_ON_BEHALF
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
from controller.whom import Part, protected, same_twice, whom

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
        who = delta.path[1]
        needs: tuple[str, ...] = ()
        orphan, spared = False, None
        if delta.want is not None:
            one: Principal = delta.want.ref
            trustee, needs = one.guid, context.needs(one)
        else:
            trustee = present.ids[who]
            orphan = trustee == who
            if orphan and context.tenant.orphans != "remove":
                return _orphaned(resource, delta)
            spared = None if orphan else protected(context, trustee)
            if spared is not None and spared.guid == trustee:
                return _spared(resource, delta, spared)
        return Change(
            key=resource.key,
            aspect=self.name,
            action=action,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=Risk.LOW if delta.want or orphan else Risk.MEDIUM,
            requests=(_request(action, _RIGHTS[delta.path[0]], resource, trustee),),
            depends_on=needs,
            obstacle=_spared(resource, delta, spared) if spared else None,
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


def _spared(resource: Resource, delta: Delta, spared: Principal) -> Finding:
    name, who = delta.path
    through = "" if spared.address.lower() == who else f", through {who}"
    return Finding(
        "protected",
        f"{resource.key.address}/{who}/{_RIGHTS[name]}",
        Severity.WARNING,
        f"{spared.address} keeps {_RIGHTS[name]}{through}: protected by the tenant's safety.protect",
        resource.key,
        delta.origin,
    )


def _orphaned(resource: Resource, delta: Delta) -> Finding:
    name, sid = delta.path
    return Finding(
        "orphaned-sid",
        f"{resource.key.address}/{sid}/{_RIGHTS[name]}",
        Severity.WARNING,
        f"{_RIGHTS[name]} is held by somebody deleted ({sid}); `orphans: remove` in the Tenant removes such "
        "entries",
        resource.key,
        delta.origin,
    )
