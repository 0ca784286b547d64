"""Who owns a list. Exchange wants at least one, and shows them as directory Names.

A plain list overwrites; a table adds and removes [doc: Set-DistributionGroup ManagedBy], and whoever comes
does so before anybody goes. What is no person, such as the role group that lists made in the portal may
have, is told and left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from controller.aspect import Aspect, Context, Permissions, Resource, add_or_remove, on_list
from controller.clients import Reader
from controller.directory import Directory, Principal
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
    Origin,
    Path,
    Present,
    Risk,
    Severity,
    Want,
    ident,
)
from controller.people.ownership import OWNER, OWNERS, owner
from controller.people.whom import same_twice
from controller.spec.collections import is_exclusive


class Owners(Aspect):
    name = "owners"
    kinds = frozenset({Kind.DISTRIBUTION_LIST})
    permissions = Permissions(read=("Get-DistributionGroup",), write=("Set-DistributionGroup",))
    list_properties = ("ManagedBy",)

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.owners is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        return {r.key: Absent() if r.row is None else _observe(r, r.row, directory) for r in resources}

    def desired(self, resource: Resource, context: Context) -> Desired:
        wants: dict[Path, Want] = {}
        findings: list[Finding] = []
        for who in resource.spec.owners:
            one = owner(who, resource, context)
            if isinstance(one, Finding):
                findings.append(one)
                continue
            path, origin = (*OWNERS, one.address.lower()), resource.at(*OWNERS, who)
            if path in wants:
                findings.append(same_twice(who, wants[path].verbatim, one, OWNER, resource, origin))
            wants[path] = Want(True, who, origin, ref=one)
        if resource.principal is None:  # what is wrong holds its creation, which tells of it
            findings = [one for one in findings if one.stops_run]
        exclusive = is_exclusive(resource.spec, context.tenant, "owners")
        origins: dict[Path, Origin] = {OWNERS: resource.at(*OWNERS)}
        return Desired(wants, {OWNERS: exclusive}, origins=origins, findings=tuple(findings))

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """A list is created with its owners."""
        if resource.principal is None:
            return {path: want.value for path, want in desired.wants.items()}
        return present.fields

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        action = Action.ADD if delta.want else Action.REMOVE
        if delta.want is not None:
            one: Principal = delta.want.ref
            guid, needs = one.guid, context.needs(one)
        else:
            guid, needs = present.ids[delta.path[1]], self._comers(present, resource, context)
        return Change(
            key=resource.key,
            aspect=self.name,
            action=action,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=Risk.LOW if delta.want else Risk.MEDIUM,
            requests=(
                on_list("Set-DistributionGroup", resource, {"ManagedBy": add_or_remove(action, guid)}),
            ),
            depends_on=needs,
            notes=_notes(delta),
        )

    def _comers(self, present: Present, resource: Resource, context: Context) -> tuple[str, ...]:
        wants = self.desired(resource, context).wants
        return tuple(ident(resource.key, path) for path in wants if path not in present.fields)


def _observe(resource: Resource, row: Mapping[str, Any], directory: Directory) -> Present:
    fields: dict[Path, Any] = {}
    ids: dict[str, str] = {}
    findings: list[Finding] = []
    managers = row.get("ManagedBy") or ()
    for name in [managers] if isinstance(managers, str) else map(str, managers):
        one = directory.by_id(name) or directory.by_trustee(name)
        if isinstance(one, Principal):
            fields[(*OWNERS, one.address.lower())] = True
            ids[one.address.lower()] = one.guid
        else:
            findings.append(_unrecognised(resource, name))
    return Present(fields, ids, tuple(findings))


def _notes(delta: Delta) -> tuple[str, ...]:
    if delta.want and delta.want.ref.is_group:
        return ("a group that owns a list cannot manage it in Outlook",)
    return ()


def _unrecognised(resource: Resource, name: str) -> Finding:
    return Finding(
        "unknown-owner",
        f"{resource.key.address}/{name}",
        Severity.WARNING,
        f"“{name}” owns {resource.key.address}, and nobody (or several) is known by that name: this entry is "
        "left alone",
        resource.key,
        resource.at(*OWNERS),
    )
