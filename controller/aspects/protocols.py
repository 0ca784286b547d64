"""By which ways the mailbox can be opened: Get-/Set-CASMailbox.

SMTP AUTH is kept the other way round, and in three states: `SmtpClientAuthenticationDisabled` null follows
the organisation, which is neither on nor off here [doc: Set-CASMailbox].
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from controller import canon
from controller.aspect import MailboxFields, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ServiceError
from controller.fields import Field, inverted, loses_when_off
from controller.model import Absent, Key, Observation, Unreadable

_LISTING_LEAST = 50  # from here on, and this share of the tenant, one listing costs less than asking for each
_LISTING_SHARE = 0.1
_IDENT = ("ExternalDirectoryObjectId", "Guid")


def _switch(name: str, attribute: str, column: str) -> Field:
    """Born on [doc: Set-CASMailbox]."""
    path = ("protocols", name)
    return Field(path, f"protocols.{attribute}", column, canon=canon.flag, risk=loses_when_off, default=True)


class Protocols(MailboxFields):
    name = "protocols"
    permissions = Permissions(read=("Get-CASMailbox",), write=("Set-CASMailbox",))
    setter = "Set-CASMailbox"
    table = (
        _switch("imap", "imap", "ImapEnabled"),
        _switch("pop", "pop", "PopEnabled"),
        _switch("activeSync", "active_sync", "ActiveSyncEnabled"),
        _switch("mapi", "mapi", "MAPIEnabled"),
        _switch("owa", "owa", "OWAEnabled"),
        Field(
            ("protocols", "smtpAuth"),
            "protocols.smtp_auth",
            "SmtpClientAuthenticationDisabled",
            canon=canon.flag,
            risk=loses_when_off,
            decode=inverted,
            encode=inverted,
        ),
    )

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        there = [r for r in resources if r.principal]
        listed = await self._listed(reader, there, directory)
        answers = await asyncio.gather(*(self._one(reader, r, listed) for r in there))
        seen: dict[Key, Observation] = {r.key: Absent() for r in resources}
        seen.update(zip((r.key for r in there), answers, strict=True))
        return seen

    @property
    def _columns(self) -> tuple[str, ...]:
        return (*_IDENT, *(entry.property for entry in self.table))

    async def _listed(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> dict[str, Mapping[str, Any]]:
        """Rows by object id; empty where asking one by one is cheaper, or where the listing failed."""
        if len(resources) < max(_LISTING_LEAST, _LISTING_SHARE * len(directory.principals)):
            return {}
        parameters = {"ResultSize": "Unlimited", "RecipientTypeDetails": ["SharedMailbox"]}
        try:
            rows = await reader.exchange("Get-CASMailbox", parameters, select=self._columns)
        except ServiceError:
            return {}
        return {str(row.get("ExternalDirectoryObjectId")): row for row in rows}

    async def _one(
        self, reader: Reader, resource: Resource, listed: Mapping[str, Mapping[str, Any]]
    ) -> Observation:
        assert resource.principal is not None
        if row := listed.get(resource.principal.object_id):
            return self.from_row(row)
        try:
            rows = await reader.exchange(
                "Get-CASMailbox", {"Identity": resource.identity}, select=self._columns
            )
        except ServiceError as error:
            return Unreadable(error)
        if len(rows) != 1:
            return Unreadable(
                ServiceError("exchange", "Get-CASMailbox", "no row came back", target=resource.key.address)
            )
        return self.from_row(rows[0])
