"""How large a message may be, and how large the mailbox may grow.

Sizes are compared by the bytes that Exchange prints in parentheses. It refuses a moment in which a warning
comes later than the stop of sending, or that later than the stop of receiving: what grows is written from
the top, then what shrinks from the bottom. `UseDatabaseQuotaDefaults` would overrule the three quotas, so
that it is switched off with them. Without a licence a mailbox has 50 GB [doc: about shared mailboxes].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from controller import canon
from controller.aspect import Context, MailboxFields, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.fields import Field
from controller.licences import after_licence, exchange_plan, needs_licence, plans_to_be
from controller.model import (
    Absent,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Observation,
    Path,
    Present,
    Request,
    Risk,
    Severity,
    ident,
)

_QUOTAS: Final = (("limits", "warnAt"), ("limits", "prohibitSendAt"), ("limits", "prohibitSendReceiveAt"))
_DEFAULTED: Final = "database default"
_UNLICENSED: Final = "unlicensed"
_FREE: Final = 50 * 1024**3  # bytes [doc: about shared mailboxes]
_KB: Final = 1024


def _order(value: Any) -> float:
    size = canon.in_bytes(value)
    return float("inf") if size is None else size


def _tighter(before: Any, after: Any) -> Risk:
    """Less room: mail that went through is refused."""
    return Risk.MEDIUM if _order(after) < _order(before) else Risk.LOW


def _size(path: Path, attribute: str, column: str, default: str) -> Field:
    """Defaults are those of a mailbox without a licence [doc: Exchange Online limits]."""
    return Field(path, f"limits.{attribute}", column, canon=canon.size, risk=_tighter, default=default)


class Limits(MailboxFields):
    name = "limits"
    permissions = Permissions(
        read=("Get-Mailbox", "User.Read.All", "LicenseAssignment.Read.All"), write=("Set-Mailbox",)
    )
    besides = ("UseDatabaseQuotaDefaults", "PersistedCapabilities")
    table = (
        _size(("limits", "maxSendSize"), "max_send_size", "MaxSendSize", "35 MB"),
        _size(("limits", "maxReceiveSize"), "max_receive_size", "MaxReceiveSize", "36 MB"),
        _size(_QUOTAS[0], "warn_at", "IssueWarningQuota", "49 GB"),
        _size(_QUOTAS[1], "prohibit_send_at", "ProhibitSendQuota", "49.5 GB"),
        _size(_QUOTAS[2], "prohibit_send_receive_at", "ProhibitSendReceiveQuota", "50 GB"),
    )

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """`ids` holds the quotas as they are, by column, and says where more than 50 GB are asked for
        and no licence will be there."""
        growing = [r for r in resources if _most(r) > _FREE]
        plans = await plans_to_be(reader, growing)
        seen: dict[Key, Observation] = {}
        for resource in resources:
            there = plans.get(resource.key)
            without = there is not None and not exchange_plan(there)
            if resource.row is None and not without:
                seen[resource.key] = Absent()
                continue
            present = self.from_row(resource.row or {})
            seen[resource.key] = replace(present, ids={_UNLICENSED: _UNLICENSED} if without else {})
        return seen

    def from_row(self, row: Mapping[str, Any]) -> Present:
        fields = dict(super().from_row(row).fields)
        if canon.flag(row.get("UseDatabaseQuotaDefaults")):
            fields |= dict.fromkeys(_QUOTAS, _DEFAULTED)
        return Present(fields)

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """The directory keeps whole kilobytes [inf]: a size that is none, such as 49.7 GB, is taken to be
        in place where it is less than one away."""
        fields = dict(present.fields)
        for path, want in desired.wants.items():
            wanted, there = canon.in_bytes(want.value), canon.in_bytes(fields.get(path))
            if wanted and there is not None and wanted % _KB and abs(wanted - there) < _KB:
                fields[path] = want.value
        return fields

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        without = _UNLICENSED in present.ids and _order(delta.after) > _FREE
        change = self.update(
            delta,
            resource,
            depends_on=after_licence(resource) if _order(delta.after) > _FREE else (),
            obstacle=needs_licence(resource, delta.path, "more than 50 GB") if without else None,
        )
        if delta.path not in _QUOTAS:
            return change
        if wrong := self._disorder(delta, resource):
            return replace(change, obstacle=wrong)
        if delta.before == _DEFAULTED:
            (request,) = change.requests
            own = Request(
                request.api, request.call, {**request.parameters, "UseDatabaseQuotaDefaults": False}
            )
            change = replace(change, requests=(own,))
        first = self._before(delta, resource)
        return replace(change, depends_on=(*first, *change.depends_on))

    def _written(self, resource: Resource) -> dict[Path, str]:
        """The quotas that the document names."""
        written = {entry.path: entry.written(resource.spec) for entry in self.table}
        return {path: value for path in _QUOTAS if (value := written[path]) is not None}

    def _own(self, resource: Resource) -> dict[Path, Any]:
        """The mailbox's own quotas, also where they are overruled."""
        fields = super().from_row(resource.row or {}).fields
        return {path: fields[path] for path in _QUOTAS}

    def _before(self, delta: Delta, resource: Resource) -> tuple[str, ...]:
        """The changes that come before this one: what grows from the top, then what shrinks from the
        bottom."""
        sizes = {path: _order(size) for path, size in self._own(resource).items()}
        wished = {path: _order(value) for path, value in self._written(resource).items()}
        growing = [path for path in reversed(_QUOTAS) if wished.get(path, sizes[path]) > sizes[path]]
        shrinking = [path for path in _QUOTAS if wished.get(path, sizes[path]) < sizes[path]]
        order = [*growing, *shrinking]
        at = order.index(delta.path) if delta.path in order else 0
        return (ident(resource.key, order[at - 1]),) if at else ()

    def _disorder(self, delta: Delta, resource: Resource) -> Finding | None:
        """Where it would not stand between its neighbours, once all is as wished."""
        will = {**self._own(resource), **self._written(resource)}
        at = _QUOTAS.index(delta.path)
        for lower, upper in pairwise(_QUOTAS):
            if delta.path in (lower, upper) and _order(will[lower]) > _order(will[upper]):
                other = upper if delta.path == lower else lower
                side = "more" if delta.path == lower else "less"
                return Finding(
                    "quota-order",
                    f"{resource.key.address}/{_QUOTAS[at][-1]}",
                    Severity.ERROR,
                    f"{'.'.join(delta.path)} ({will[delta.path]}) would be {side} than {'.'.join(other)}, "
                    f"which is {will[other]}: Exchange refuses that; write both",
                    resource.key,
                    delta.origin,
                )
        return None


def _most(resource: Resource) -> float:
    limits = resource.spec.limits
    quotas = (limits.warn_at, limits.prohibit_send_at, limits.prohibit_send_receive_at)
    return max((_order(size) for size in quotas if size is not None), default=0)
