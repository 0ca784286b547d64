"""The few settings of the whole organisation that team mailboxes depend on: Get-/Set-OrganizationConfig.

The Tenant document is the resource, and only where it says something of them. A setting that nobody ever
made is null, which is not the same as off [obs: graph2otel].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controller import canon
from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ServiceError
from controller.fields import Field, loses_when_off
from controller.model import (
    Action,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Kind,
    Observation,
    Present,
    Request,
    Unreadable,
    Want,
)

_TABLE = (
    Field(
        ("organization", "sendFromAlias"),
        "organization.send_from_alias",
        "SendFromAliasEnabled",
        canon=canon.flag,
        risk=loses_when_off,
    ),
)


class Organization(Aspect):
    name = "organization"
    kinds = frozenset({Kind.TENANT})
    permissions = Permissions(read=("Get-OrganizationConfig",), write=("Set-OrganizationConfig",))

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        columns = tuple(entry.property for entry in _TABLE)
        try:
            rows = await reader.exchange("Get-OrganizationConfig", select=columns)
        except ServiceError as error:
            return {r.key: Unreadable(error) for r in resources}
        if len(rows) != 1:
            odd = ServiceError("exchange", "Get-OrganizationConfig", f"expected one row, got {len(rows)}")
            return {r.key: Unreadable(odd) for r in resources}
        present = Present({entry.path: entry.seen(rows[0]) for entry in _TABLE})
        return {r.key: present for r in resources}

    def desired(self, resource: Resource, context: Context) -> Desired:
        wants = {}
        for entry in _TABLE:
            if (value := entry.written(resource.spec)) is not None:
                wants[entry.path] = Want(entry.canon(value), value, resource.at(*entry.path))
        return Desired(wants)

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        entry = next(entry for entry in _TABLE if entry.path == delta.path)
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=entry.risk(delta.before, delta.after),
            requests=(Request("exchange", "Set-OrganizationConfig", {entry.property: delta.after}),),
        )
