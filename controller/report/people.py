"""Effects in words: `3 people gain reading, sending as it, via equipe › interimaires: léa@…, max@…`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from controller.impact import Can, Effect, Person, Turn
from controller.model import Change, Plan

_VERBS: Final = {  # of one, of several
    Turn.GAINS: ("gains", "gain"),
    Turn.LOSES: ("loses", "lose"),
    Turn.KEEPS: ("keeps", "keep"),
    Turn.HAS: ("already has", "already have"),
}
_RIGHTS: Final = {
    Can.READ: "reading",
    Can.SEND_AS: "sending as it",
    Can.SEND_ON_BEHALF: "sending on its behalf",
    Can.DELEGATE: "getting its meeting requests",
}
_EVERYBODY: Final = {"default": "everybody in the organisation", "anonymous": "everybody outside"}
_SHOWN: Final = 10  # names in one sentence
_Alike = tuple[Turn, tuple[Person, ...], int | None, tuple[str, ...]]


def sentences(changes: Sequence[Change]) -> list[str]:
    """What changes that stand in one line mean to people. Rights, and then mailboxes, of which the same is
    true of the same people share a sentence. Whom the line names needs no naming again."""
    home = changes[0].key.address
    known = frozenset(step for change in changes for step in change.path)
    rights: dict[tuple[_Alike, str | None, int], list[str]] = {}
    for change in changes:
        for effect in change.impact.effects:
            alike = (effect.turn, effect.people, effect.count, effect.untold)
            where = (alike, effect.mailbox, effect.mailboxes)
            rights.setdefault(where, []).append(_right(effect))
    places: dict[tuple[_Alike, tuple[str, ...]], list[str]] = {}
    for (alike, mailbox, mailboxes), cans in rights.items():
        place = mailbox or (f"{mailboxes} more mailboxes" if mailboxes > 1 else "one more mailbox")
        places.setdefault((alike, tuple(dict.fromkeys(cans))), []).append(place)
    told = (_sentence(alike, cans, where, home, known) for (alike, cans), where in places.items())
    return list(told)


def warnings(changes: Iterable[Change]) -> list[str]:
    """What cannot be undone."""
    return list(
        dict.fromkeys(f"cannot be undone: {one}" for change in changes for one in change.impact.lasting)
    )


def timing(plan: Plan) -> list[str]:
    """When people notice, once for the whole plan."""
    told = dict.fromkeys(change.impact.when for change in plan.changes if change.impact.when)
    if not told:
        return []
    within = min(told, key=lambda when: (len(when), when))
    mapped = any(when.endswith("by itself") for when in told)
    tail = "; Outlook then shows a mailbox by itself to whom it was granted by name" if mapped else ""
    return [f"Rights reach people {within.partition(';')[0]} after apply{tail}."]


def crowd(plan: Plan) -> str:
    """How many people gain and lose something."""
    gaining, losing = plan.crowd.gaining, plan.crowd.losing
    parts = [f"{_people(gaining)} gain{'s' if gaining == 1 else ''} access"] if gaining else []
    parts += [f"{_people(losing)} lose{'s' if losing == 1 else ''} access"] if losing else []
    return ", ".join(parts)


def _right(effect: Effect) -> str:
    return _RIGHTS[effect.can] + (f" in {effect.folder}" if effect.folder else "")


def _sentence(
    alike: _Alike, cans: tuple[str, ...], where: list[str], home: str, known: frozenset[str]
) -> str:
    turn, people, count, untold = alike
    verb = _VERBS[turn][not (count == 1 or count is None or (count == 0 and len(untold) == 1))]
    on = "" if where == [home] else f" on {_listed(where, len(where))}"
    vias = {person.via for person in people}
    shared = next(iter(vias)) if len(vias) == 1 else None
    via = f", via {chain(shared, home)}" if shared else ""
    subject, names = _who(people, count, untold, home, each=shared is None)
    told = f"{verb} {', '.join(cans)}{on}{via}{names}"
    return told if count == 1 and not untold and people[0].who in known else f"{subject} {told}"


def _who(
    people: tuple[Person, ...], count: int | None, untold: tuple[str, ...], home: str, *, each: bool
) -> tuple[str, str]:
    """The subject, and the names that come at the end where they are many. `each` has a chain of its own."""
    if count is None:
        return _EVERYBODY[people[0].who], ""
    unread = f"whoever is in {', '.join(untold)} (members not read)" if untold else ""
    if not count:
        return unread, ""
    names = [
        f"{person.who} (via {chain(person.via, home)})" if each and person.via else person.who
        for person in people
    ]
    also = f", and {unread}" if unread else ""
    if count == 1:
        return names[0] + also, ""
    domain = f"@{home.rpartition('@')[2]}"
    return _people(count) + also, f": {_listed([name.replace(domain, '') for name in names], count)}"


def chain(via: Sequence[str], home: str) -> str:
    """Groups on the way, without the domain where it is the mailbox's own."""
    domain = f"@{home.rpartition('@')[2]}"
    return " › ".join(_EVERYBODY.get(group, group.removesuffix(domain)) for group in via)


def _listed(names: Sequence[str], count: int) -> str:
    shown = list(names[:_SHOWN])
    return ", ".join(shown) + (f" and {count - len(shown)} more" if count > len(shown) else "")


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def concerned(changes: Iterable[Change]) -> Iterator[Effect]:
    """The effects of some changes that take or give something."""
    for change in changes:
        yield from (e for e in change.impact.effects if e.turn in (Turn.GAINS, Turn.LOSES))
