"""Whether everything in the mailbox is kept, whatever people delete.

The duration goes in as a number of days and comes back as a TimeSpan, or `Unlimited` both ways. A hold
needs Exchange Online Plan 2, or Plan 1 with archiving, on the mailbox [doc: Set-Mailbox].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from controller import canon
from controller.aspect import Context, MailboxFields, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.fields import Field
from controller.licences import after_licence, hold_plan, needs_licence, plans_to_be
from controller.model import Absent, Change, Delta, Finding, Key, Observation, Path, Present, Risk

ENABLED, DURATION = ("litigationHold", "enabled"), ("litigationHold", "duration")
_UNLICENSED = "unlicensed"


def _days(written: Any) -> str:
    """What the parameter takes: a number of days, or Unlimited."""
    days = str(canon.days(written))
    return "Unlimited" if days == canon.UNLIMITED else days.removesuffix(" days")


def _lost_when_off(before: Any, after: Any) -> Risk:
    return Risk.LOW if after else Risk.HIGH


def _lost_when_shorter(before: Any, after: Any) -> Risk:
    was, will = (str(value).removesuffix(" days") for value in (before, after))
    shorter = will.isdecimal() and not (was.isdecimal() and int(was) <= int(will))
    return Risk.HIGH if shorter else Risk.LOW


class LitigationHold(MailboxFields):
    name = "litigationHold"
    permissions = Permissions(
        read=("Get-Mailbox", "User.Read.All", "LicenseAssignment.Read.All"), write=("Set-Mailbox",)
    )
    besides = ("PersistedCapabilities",)
    table = (
        Field(
            ENABLED,
            "litigation_hold.enabled",
            "LitigationHoldEnabled",
            canon=canon.flag,
            risk=_lost_when_off,
            default=False,
        ),
        Field(
            DURATION,
            "litigation_hold.duration",
            "LitigationHoldDuration",
            canon=canon.days,
            risk=_lost_when_shorter,
            default="Unlimited",
            encode=_days,
        ),
    )

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """`ids` says of a mailbox that shall be held that it will have no licence for it."""
        seen = dict(await super().read(reader, resources, directory))
        wishing = [r for r in resources if r.spec.litigation_hold.enabled and not _held(r)]
        plans = await plans_to_be(reader, wishing)
        for resource in wishing:
            there = plans[resource.key]
            if there is not None and not hold_plan(there):
                one = seen[resource.key]
                present = self.fresh(resource) if isinstance(one, Absent) else one
                assert isinstance(present, Present)
                seen[resource.key] = replace(present, ids={_UNLICENSED: _UNLICENSED})
        return seen

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """A hold that is off has no duration."""
        said = super().spelling(present)
        return said if said.get(ENABLED) else {ENABLED: False}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        without = _UNLICENSED in present.ids
        notes = []
        if delta.path == ENABLED and not delta.after:
            notes.append("what was only kept by the hold can be deleted for good")
        change = self.update(
            delta,
            resource,
            depends_on=() if resource.spec.litigation_hold.enabled is False else after_licence(resource),
            obstacle=needs_licence(resource, delta.path, "litigation hold") if without else None,
            notes=tuple(notes),
        )
        held = delta.path == ENABLED or _held(resource)
        return change if held else replace(change, risk=Risk.LOW)  # nothing is held yet


def _held(resource: Resource) -> bool:
    return bool(canon.flag((resource.row or {}).get("LitigationHoldEnabled")))
