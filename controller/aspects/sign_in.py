"""Whether somebody may sign in as the mailbox's own account.

A shared mailbox is a user in Entra, created enabled with an unknown password [obs: CIPP; doc: shared
mailboxes], so that blocking it is a step of its own. Graph owns the switch: `accountEnabled`, answered
only when selected. Graph learns of a new mailbox later than Exchange. `convert: true`
asks for it, too: a mailbox that was a person's keeps their account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from controller import canon
from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import DeniedError, ServiceError, TransientError
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
    Present,
    Request,
    Risk,
    Unreadable,
    Want,
)

BLOCKED = ("signInBlocked",)
_ALL_AT_ONCE = 200  # from here on, one listing of all users costs fewer requests than batches of 20


class SignIn(Aspect):
    name = "signIn"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    mailbox_properties = ("AccountDisabled",)  # for the finding that it is open, where nobody asked
    permissions = Permissions(read=("User.Read.All",), write=("User.EnableDisableAccount.All",))

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.sign_in_blocked is not None or resource.spec.convert

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        there = [r for r in resources if r.principal]
        answers: dict[Key, Observation] = {r.key: Absent() for r in resources}
        if len(there) >= _ALL_AT_ONCE:
            answers.update(await self._listed(reader, there))
        else:
            answers.update(zip((r.key for r in there), await _each(reader, there), strict=True))
        return answers

    async def _listed(self, reader: Reader, resources: Sequence[Resource]) -> dict[Key, Observation]:
        try:
            rows = await reader.graph_list("/users", top=999, select="id,accountEnabled")
        except DeniedError as error:
            return {r.key: Unreadable(error) for r in resources}
        except ServiceError:
            rows = []  # each is asked for, and names its own trouble
        users = {str(row["id"]).lower(): row for row in rows}
        found: dict[Key, Observation] = {}
        unlisted = []  # not absent: the listing may lag behind
        for resource in resources:
            if resource.principal and (user := users.get(resource.principal.object_id)):
                found[resource.key] = _seen(user)
            else:
                unlisted.append(resource)
        found.update(zip((r.key for r in unlisted), await _each(reader, unlisted), strict=True))
        return found

    def fresh(self, resource: Resource) -> Present:
        return Present({BLOCKED: False})

    def desired(self, resource: Resource, context: Context) -> Desired:
        written = resource.spec.sign_in_blocked
        blocked = True if written is None else written
        origin = resource.at("convert") if written is None else resource.at(*BLOCKED)
        return Desired({BLOCKED: Want(blocked, blocked, origin)})

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=Risk.MEDIUM if delta.after and resource.principal else Risk.LOW,
            requests=(
                Request("graph", f"PATCH {resource.object_path}", {"accountEnabled": not delta.after}),
            ),
        )


async def _each(reader: Reader, resources: Sequence[Resource]) -> list[Observation]:
    return list(await asyncio.gather(*(_one(reader, resource) for resource in resources)))


async def _one(reader: Reader, resource: Resource) -> Observation:
    try:
        user = await reader.graph(resource.object_path, select="id,accountEnabled")
    except ServiceError as error:
        return Unreadable(error)
    return _seen(user)


def _seen(user: Mapping[str, Any]) -> Observation:
    enabled = canon.flag(user.get("accountEnabled"))
    if enabled is None:
        message = "the answer does not say whether the account is enabled"
        return Unreadable(TransientError("graph", "GET /users", message, target=str(user.get("id", ""))))
    return Present({BLOCKED: not enabled})
