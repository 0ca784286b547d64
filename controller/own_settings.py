"""Aspects whose values live in the mailbox's own store and are read by one Get- cmdlet of their own.

Automatic replies, regional settings, working hours and the signature are one row of one cmdlet each. The fact
a reader would not guess: the request is routed to the mailbox itself, by `X-AnchorMailbox`, and only a reader
with the writer's anchor sees a write at once [reference: Exchange admin API, sections 3.1 and 12].
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from controller.aspect import Aspect, Resource
from controller.clients import Reader, Receipt, Writer
from controller.directory import Directory
from controller.errors import ServiceError, TransientError
from controller.model import (
    Absent,
    Action,
    Change,
    Delta,
    Key,
    Kind,
    Observation,
    Present,
    Request,
    Unreadable,
)


class OwnSettings(Aspect):
    """`noun` is what the cmdlets are called after their verb, `columns` what is read of the row."""

    kinds = frozenset({Kind.SHARED_MAILBOX})
    noun: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    @abstractmethod
    def seen(self, row: Mapping[str, Any]) -> Present:
        """What a row says, in canonical values."""

    def fresh(self, resource: Resource) -> Present:
        return self.seen({})

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        found = await asyncio.gather(*(self._one(reader, resource) for resource in resources))
        return dict(zip((resource.key for resource in resources), found, strict=True))

    async def _one(self, reader: Reader, resource: Resource) -> Observation:
        if resource.principal is None:
            return Absent()
        cmdlet = f"Get-{self.noun}"
        anchor = f"SMTP:{resource.principal.address}"
        try:
            rows = await reader.exchange(
                cmdlet, {"Identity": resource.identity}, select=("Identity", *self.columns), anchor=anchor
            )
        except ServiceError as error:
            return Unreadable(error)
        if len(rows) != 1:
            message = f"expected one row about the mailbox, got {len(rows)}"
            return Unreadable(TransientError("exchange", cmdlet, message, target=resource.principal.address))
        return self.seen(rows[0])

    def settle(
        self,
        delta: Delta,
        resource: Resource,
        parameters: Mapping[str, Any],
        *,
        depends_on: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> Change:
        """The change that one Set- cmdlet with these parameters makes."""
        whole = {"Identity": resource.identity, **parameters}
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            requests=(Request("exchange", f"Set-{self.noun}", whole),),
            depends_on=tuple(depends_on),
            notes=tuple(notes),
            due=delta.due,
        )

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        return await writer.send(request, anchor=f"SMTP:{change.key.address}")
