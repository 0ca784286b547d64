"""Somebody changes things back by hand, at odd hours and in bad weather, after a story has ended.

All of it is put right, but for what the controller leaves to people because it comes back again and again. That
is told apart by a count of our own: what is held as flapping must have come back at least four times within a
day, and in fair weather exactly that is held. Once it is approved, the tenant is as the story left it.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from controller.errors import ControllerError
from controller.model import Cycle, Plan
from controller.sandbox.exchange.refusals import CmdletError
from controller.sandbox.weather import FairWeather
from tests.rig import Rig
from tests.soak.runs import Broken, Fair, begin, compare, settle, turn_to, weather
from tests.soak.stories import STORIES

_DAY = timedelta(hours=24)
_PAUSES = tuple(timedelta(hours=hours) for hours in (1, 3, 5, 9, 26))
_CONTACT, _LIBRE = "contact@entreprise.example", "libre@entreprise.example"
_INTRUDER = "intrus@entreprise.example"


@dataclass(frozen=True)
class Deed:
    """What somebody does with a cmdlet, and the id of the change that undoes it."""

    cmdlet: str
    parameters: dict[str, Any] = field(hash=False)
    undone_by: str

    @property
    def resource(self) -> str:
        return "/".join(self.undone_by.split("/")[:2])


def _set(address: str, path: str, **parameters: Any) -> Deed:
    return Deed("Set-Mailbox", {"Identity": address, **parameters}, f"SharedMailbox/{address}/{path}")


def _intrude(address: str) -> Deed:
    given = {"Identity": address, "User": _INTRUDER, "AccessRights": ["FullAccess"]}
    path = f"SharedMailbox/{address}/access/{_INTRUDER}/full-access"
    return Deed("Add-MailboxPermission", given, path)


def _join(address: str) -> Deed:
    given = {"Identity": address, "Member": _INTRUDER, "BypassSecurityGroupManagerCheck": True}
    return Deed("Add-DistributionGroupMember", given, f"DistributionList/{address}/members/{_INTRUDER}")


def _rename(address: str) -> Deed:
    given = {"Identity": address, "DisplayName": "Autre", "BypassSecurityGroupManagerCheck": True}
    return Deed("Set-DistributionGroup", given, f"DistributionList/{address}/displayName")


DEEDS: dict[str, tuple[Deed, ...]] = {
    "change": (
        _set(_CONTACT, "displayName", DisplayName="Autre"),
        _set(_CONTACT, "sentItems/copySentAs", MessageCopyForSentAsEnabled=False),
        _intrude(_CONTACT),
        _intrude(_LIBRE),
    ),
    "settings": (
        _set(_CONTACT, "mailTip", MailTip="Fermé"),
        _set(_CONTACT, "customAttributes/1", CustomAttribute1="autre"),
        _set("neuf@entreprise.example", "mailTip", MailTip="Fermé"),
    ),
    "lists": (
        _join("support-team@entreprise.example"),
        _rename("support-team@entreprise.example"),
        _intrude(_LIBRE),
    ),
    "governed": (
        _set(_LIBRE, "sentItems/copySentAs", MessageCopyForSentAsEnabled=False),
        _intrude(_LIBRE),
        _intrude(_CONTACT),
    ),
    "nested": (_join("coeur@entreprise.example"), _intrude(_LIBRE)),
}


@dataclass
class _Count:
    """When each deed was done with effect, when it was put right, and what should be held by then."""

    done: dict[Deed, list[datetime]] = field(default_factory=dict)
    righted: dict[Deed, list[datetime]] = field(default_factory=dict)
    open: set[Deed] = field(default_factory=set)
    held: set[Deed] = field(default_factory=set)

    def note(self, deed: Deed, now: datetime) -> None:
        if deed in self.open:
            return
        self.done.setdefault(deed, []).append(now)
        self.open.add(deed)
        right = self.righted.get(deed, [])
        if len(right) >= 3 and now - right[-3] <= _DAY:
            self.held.add(deed)

    def healed(self, now: datetime) -> None:
        """All that is open was put right, but on the resources of which something is held."""
        kept = {deed.resource for deed in self.held}
        for deed in {deed for deed in self.open if deed.resource not in kept}:
            self.righted.setdefault(deed, []).append(now)
            self.open.discard(deed)

    def often(self, deed: Deed) -> bool:
        """Whether it was done four times, the last one about a day after the first at most."""
        done = self.done.get(deed, [])
        return any(later - first <= _DAY + timedelta(hours=2) for first, later in zip(done, done[3:], strict=False))


def meddled_run(folder: Path, story: str, seed: int, fair: Fair) -> None:
    """Tells the story in fair weather, then lets somebody meddle; nothing where nobody could in this story."""
    if story not in DEEDS:
        return
    rig = begin(folder, story, seed=seed)
    for chapter in STORIES[story]:
        turn_to(rig, chapter)
        asyncio.run(rig.apply())
    chance = random.Random(seed)
    count = _Count()
    calm = chance.random() < 0.5
    for number in range(chance.randint(4, 12)):
        rig.clock.advance(chance.choice(_PAUSES))
        _meddle(rig, chance.choice(DEEDS[story]), count)
        rig.sandbox.weather = FairWeather() if calm else weather(seed + number, rig)
        _turn(rig, story, count, exact=calm)
    _approve(rig, story)
    asyncio.run(settle(rig, FairWeather(), lambda plan: None))
    compare(rig, fair.pictures[-1])


def _meddle(rig: Rig, deed: Deed, count: _Count) -> None:
    with suppress(CmdletError):  # it is so already
        rig.poke(deed.cmdlet, **deed.parameters)
    count.note(deed, rig.clock.now())


def _turn(rig: Rig, story: str, count: _Count, *, exact: bool) -> None:
    try:
        cycle: Cycle = asyncio.run(rig.apply())
    except ControllerError:
        return
    held = _flapping(cycle.plan)
    for deed in DEEDS[story]:
        if deed.undone_by in held and not count.often(deed):
            raise Broken(f"held as flapping after {count.done.get(deed, [])}: {deed.undone_by}")
    if exact and held != {deed.undone_by for deed in count.held}:
        raise Broken(f"held as flapping: {held}, not {count.held} at {rig.clock.now()}: {count.righted}")
    if exact:
        count.healed(rig.clock.now())
    else:
        count.open.clear()


def _flapping(plan: Plan) -> set[str]:
    """The ids of the changes that are held for that."""
    found = {finding.subject for finding in plan.findings if finding.code == "flapping"}
    return {change.id for change in plan.changes if "/".join((change.key.address, *change.path)) in found}


def _approve(rig: Rig, story: str) -> None:
    """Whatever may be held, in the end somebody lets it through."""
    approvals = (
        f"kind: Approval\nfinding: flapping/{deed.undone_by.partition('/')[2]}\nreason: seen with them\n"
        for deed in DEEDS[story]
    )
    rig.write("approvals.yaml", "---\n".join(approvals))
