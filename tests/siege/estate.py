"""What the people want: mailboxes and a list, as plain values, their YAML, and who has what at a moment.

Written without the product's own code: the judge holds the tenant against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Paris")
RIGHTS = ("full-access", "send-as", "send-on-behalf")
DOMAIN = "entreprise.example"
PEOPLE = tuple(f"{name}@{DOMAIN}" for name in ("alice", "bruno", "chloe", "david", "emma"))
INTRUDER = f"intrus@{DOMAIN}"
LIST = f"annonces@{DOMAIN}"

Held = tuple[str, str, str]  # mailbox or list, who, which right; "member" of a list


@dataclass(frozen=True)
class Entry:
    rights: tuple[str, ...]
    begins: date | None = None
    ends: date | None = None

    def counts(self, at: datetime) -> bool:
        """Days are the tenant's, the last one included."""
        began = self.begins is None or at >= datetime.combine(self.begins, time(), ZONE)
        return began and (
            self.ends is None or at < datetime.combine(self.ends + timedelta(days=1), time(), ZONE)
        )


@dataclass(frozen=True)
class Box:
    name: str
    tip: str
    aliases: frozenset[str]
    access: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True)
class Estate:
    boxes: dict[str, Box]
    members: frozenset[str]

    def held(self, at: datetime) -> set[Held]:
        """Who shall have what at that moment."""
        found = {(LIST, who, "member") for who in self.members}
        for address, box in self.boxes.items():
            for who, entry in box.access.items():
                if entry.counts(at):
                    found |= {(address, who, right) for right in entry.rights}
        return found

    def files(self) -> Iterator[tuple[str, str]]:
        for address, box in self.boxes.items():
            access = {
                who: {
                    "rights": list(entry.rights),
                    **({"from": entry.begins.isoformat()} if entry.begins else {}),
                    **({"until": entry.ends.isoformat()} if entry.ends else {}),
                }
                for who, entry in box.access.items()
            }
            text = {
                "kind": "SharedMailbox", "address": address, "displayName": box.name, "mailTip": box.tip,
                "aliases": sorted(box.aliases), "access": access,
            }  # fmt: skip
            yield f"{address.partition('@')[0]}.yaml", json.dumps(text, indent=1) + "\n"
        members = {"kind": "DistributionList", "address": LIST, "members": sorted(self.members)}
        yield "annonces.yaml", json.dumps(members, indent=1) + "\n"


def first(rng: Random) -> Estate:
    """Three that are there already, and one that is to be created."""
    boxes = {}
    for name in ("contact", "factures", "libre", "nouvelle"):
        staff = {who: Entry(("full-access", "send-as")) for who in sorted(rng.sample(PEOPLE, 3))}
        aliases = frozenset({f"{name}-0@{DOMAIN}"})  # an empty list would ask to be approved
        boxes[f"{name}@{DOMAIN}"] = Box(name.title(), f"Bonjour, {name}", aliases, staff)
    return Estate(boxes, frozenset(PEOPLE[:2]))


def edited(was: Estate, today: date, rng: Random, number: int) -> Estate:
    """One person's change of a line or two. Two people always keep full access without a date, so that no
    safety limit holds anything."""
    address = rng.choice(sorted(was.boxes))
    box = was.boxes[address]
    access = dict(box.access)
    steady = [who for who, e in access.items() if "full-access" in e.rights and not (e.begins or e.ends)]
    spare = sorted(set(access) - set(steady[:2]))
    match rng.randrange(7):
        case 0 | 1:
            days = [None, None, today + timedelta(days=rng.randrange(3))]
            entry = Entry(tuple(sorted(rng.sample(RIGHTS, rng.randint(1, 3)))), ends=rng.choice(days))
            access[rng.choice(sorted(set(PEOPLE) - set(steady[:2])))] = entry
        case 2:
            begins = today + timedelta(days=rng.randint(1, 2))
            ends = begins + timedelta(days=rng.randrange(2))
            access[rng.choice(sorted(set(PEOPLE) - set(steady[:2])))] = Entry(RIGHTS, begins, ends)
        case 3 if spare:
            del access[rng.choice(spare)]
        case 4:
            own = f"{address.partition('@')[0]}-{number}@{DOMAIN}"
            aliases = (
                box.aliases - {min(box.aliases)}
                if len(box.aliases) > 1 and rng.random() < 0.5
                else box.aliases | {own}
            )
            return _with(was, address, Box(box.name, box.tip, aliases, access))
        case 5:
            members = was.members ^ {rng.choice(PEOPLE)}
            return Estate(was.boxes, members or was.members)
        case _:
            return _with(
                was, address, Box(f"{box.name.split()[0]} {number}", f"Bonjour {number}", box.aliases, access)
            )
    return _with(was, address, Box(box.name, box.tip, box.aliases, access))


def _with(was: Estate, address: str, box: Box) -> Estate:
    return Estate({**was.boxes, address: box}, was.members)
