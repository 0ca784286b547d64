"""Random estates of lists, mailboxes, delegations and hand-offs over tenants of every shape: set up from
nothing, brought to rest, changed by dates, held against what the documents say by brute force."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from controller.model import Status
from tests.rig import Rig, make_rig
from tests.shapes import PEOPLE, scenario

AT = "@entreprise.example"
LIMITS = "safety: {maxPeopleLosingAccess: 500, maxShareLosingAccess: 1, lastReader: allow, maxChanges: 1000}\n"
ENDS = date(2026, 12, 20)


class Estate:
    """Documents drawn from a seed, and what they come to."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.lists: dict[str, dict[str, Any]] = {}
        self.boxes: dict[str, dict[str, Any]] = {}
        for number in range(self.draw.randint(2, 4)):
            self.lists[f"liste{number}{AT}"] = self._list(number)
        for number in range(self.draw.randint(1, 3)):
            self.boxes[f"nouveau{number}{AT}"] = self._box(number)
        self.boxes[f"box0{AT}"] = self._box(9)

    def _list(self, number: int) -> dict[str, Any]:
        draw = self.draw
        members: list[Any] = list(draw.sample(PEOPLE, draw.randint(0, 4)))
        for other in self.lists:  # in each other, too: the first lists are told of later ones below
            if draw.random() < 0.4:
                members.append(other)
                if draw.random() < 0.3:
                    self.lists[other]["members"].append(f"liste{number}{AT}")
        if members and draw.random() < 0.5:
            members[0] = {"who": members[0], "until": ENDS.isoformat()}
        return {
            "kind": "DistributionList",
            "address": f"liste{number}{AT}",
            "type": "security",
            "owners": draw.sample(PEOPLE, 1),
            "members": members,
            "join": draw.choice(("closed", "approval")),
            "leave": "closed",
            "acceptExternal": draw.random() < 0.5,
            "hiddenFromAddressLists": draw.random() < 0.5,
            "sendAs": draw.sample(PEOPLE, draw.randint(0, 2)),
            "aliases": [f"alias-liste{number}{AT}"] if draw.random() < 0.5 else [],
        }

    def _box(self, number: int) -> dict[str, Any]:
        draw = self.draw
        trustees = draw.sample([*PEOPLE, *self.lists], draw.randint(1, 5))
        rights = ("full-access", "send-as", "send-on-behalf")
        access: dict[str, Any] = {who: draw.sample(rights, draw.randint(1, 3)) for who in trustees}
        for who in trustees:
            if who in self.lists and draw.random() < 0.5:
                access[who] = {"rights": ["full-access"], "expand": True}
            elif who not in self.lists and draw.random() < 0.3:
                access[who] = {"rights": ["full-access"], "until": ENDS.isoformat()}
        box: dict[str, Any] = {
            "kind": "SharedMailbox",
            "address": f"nouveau{number}{AT}" if number != 9 else f"box0{AT}",
            "access": access,
        }
        if draw.random() < 0.5:
            box["handoff"] = {"ticketing": {"address": "tickets@helpdesk.example", "keepCopy": True}}
        if draw.random() < 0.5:
            box["delivery"] = {"acceptOnlyFrom": draw.sample([*PEOPLE, *self.lists], 2)}
        return box

    def write(self, rig: Rig) -> None:
        for index, document in enumerate([*self.boxes.values(), *self.lists.values()]):
            rig.write(f"d{index}.yaml", yaml.safe_dump(document, sort_keys=False, allow_unicode=True))

    def members(self, address: str, today: date) -> set[str]:
        """Direct members by then."""
        found = set()
        for one in self.lists[address]["members"]:
            who = one["who"] if isinstance(one, dict) else one
            if not (isinstance(one, dict) and today > ENDS):
                found.add(who)
        return found

    def behind(self, address: str, today: date) -> set[str]:
        seen: set[str] = set()
        frontier = {address}
        while frontier:
            seen |= frontier
            frontier = {m for one in frontier & self.lists.keys() for m in self.members(one, today)} - seen
        return seen - self.lists.keys()

    def holders(self, address: str, right: str, today: date) -> set[str]:
        """Whom the mailbox has to name for a right."""
        found: set[str] = set()
        for who, entry in self.boxes[address]["access"].items():
            said = entry if isinstance(entry, dict) else {"rights": entry}
            if right not in said["rights"] or ("until" in said and today > ENDS):
                continue
            found |= self.behind(who, today) if said.get("expand") else {who}
        return found


def hold(rig: Rig, estate: Estate, today: date) -> None:
    for address in estate.boxes:
        gone = {who for who in rig.full_access(address) if who.upper().startswith("S-1-5")}
        assert rig.full_access(address) - gone == estate.holders(address, "full-access", today), address
        assert rig.send_as(address) == estate.holders(address, "send-as", today), address
        assert rig.on_behalf(address) == estate.holders(address, "send-on-behalf", today), address
    for address, document in estate.lists.items():
        entries = rig.sandbox.world.entries
        members = {entries[one].primary.lower() for one in rig.entry(address).members}
        assert members == estate.members(address, today), address
        assert rig.send_as(address) == set(document["sendAs"])


def bystanders(rig: Rig, estate: Estate) -> dict[str, Any]:
    """Everybody and everything that no document is about."""
    spoken = estate.boxes.keys() | estate.lists.keys()
    entries = rig.sandbox.world.entries
    return {
        ident: {name: value for name, value in picture.items() if name not in ("member_of",)}
        for ident, picture in rig.picture().items()
        if entries[ident].primary.lower() not in spoken
    }


def judged(folder: Path, go: Any, seed: int) -> None:
    rig = make_rig(folder, scenario(seed), {})
    rig.write("tenant.yaml", (folder / "tenant.yaml").read_text("utf-8") + LIMITS)
    estate = Estate(seed)
    estate.write(rig)
    before = bystanders(rig, estate)
    cycle = go(rig.apply())
    failed = [(o.change.id, o.status, o.error) for o in cycle.outcomes if o.status is not Status.APPLIED]
    assert failed == []
    assert [(f.id, f.message) for f in cycle.plan.findings if f.severity == "error"] == []
    assert [change.id for change in go(rig.plan()).changes] == []
    hold(rig, estate, date(2026, 12, 1))
    assert bystanders(rig, estate) == before
    later = datetime(2026, 12, 21, 0, 0, 1, tzinfo=ZoneInfo("Europe/Paris"))
    rig.clock.advance(later - rig.clock.now() - timedelta(seconds=2))
    assert [change.id for change in go(rig.plan()).changes] == []
    rig.clock.advance(timedelta(seconds=5))
    cycle = go(rig.apply())
    assert {change.action.value for change in cycle.plan.changes} <= {"revoke", "remove"}
    assert [(c.id, c.cause.value) for c in cycle.plan.changes if c.cause.value != "time"] == []
    assert [change.id for change in go(rig.plan()).changes] == []
    hold(rig, estate, date(2026, 12, 21))
    assert bystanders(rig, estate) == before


@pytest.mark.parametrize("seed", [0, 1, 2, 14, 39])
def test_an_estate_of_any_shape_comes_to_what_it_says(tmp_path: Path, go: Any, seed: int) -> None:
    judged(tmp_path, go, seed)
