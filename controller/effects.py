"""What a plan does to people: beside each change, who gains or loses what on which mailbox. Pure.

A mailbox is looked at if the plan changes who is named on it, or who is in a group that is named on it, by
however many other groups. Only what was observed counts: the mailboxes of this plan's documents, and the
groups whose members were read. What apply would do is reckoned without what is held back; what is held back,
as if all of the plan were let through.

One mailbox is worked on at a time, so that memory does not grow with the number of mailboxes, and each
change names only the first people and mailboxes, and counts the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from heapq import nsmallest
from typing import Final

from controller.aftermath import lasting, takes_effect
from controller.ahead import membership_after
from controller.impact import NAMED, Can, Crowd, Effect, Impact, Person, Turn
from controller.memory import Memory
from controller.model import Action, Change, Finding, Key, Kind, Plan, Present, Severity
from controller.observe import NAMING, Observed
from controller.people.membership import MEMBERS
from controller.ways import EVERYBODY, STRANGERS, Door, Doors, Reach, Ways, doors, doors_after, named, owner

_ALL: Final = frozenset({EVERYBODY, STRANGERS})
_NONE: Final[frozenset[str]] = frozenset()
_ANY: Final[Door] = (Can.READ, None)  # opens every folder, too


def weigh(plan: Plan, observed: Observed, memory: Memory) -> Plan:
    """The plan, with what each change means to people."""
    reckoned = _Reckoning(observed, plan.open_changes)
    held = any(change.blocked_by for change in plan.changes)
    wished = _Reckoning(observed, plan.changes) if held else reckoned
    changes = tuple(
        replace(
            change,
            impact=Impact(
                (wished if change.blocked_by else reckoned).effects(change),
                takes_effect(change),
                lasting(change, memory, observed.directory),
            ),
        )
        for change in plan.changes
    )
    crowd = Crowd(len(reckoned.gaining), len(reckoned.losing))
    unseen = _unseen(plan.tenant, observed) if _edits(observed, plan.changes) else []
    findings = sorted((*plan.findings, *unseen), key=lambda found: (found.id, found.message))
    return replace(plan, changes=changes, crowd=crowd, findings=tuple(findings))


def _unseen(tenant: str, observed: Observed) -> list[Finding]:
    """Mailboxes on which a changed list may be named, too, as far as anybody can tell without looking."""
    ours = {resource.principal.guid for resource in observed.resources if resource.principal}
    others = sum(
        1 for one in observed.directory.principals.values() if one.is_shared and one.guid not in ours
    )
    if not others:
        return []
    boxes = "1 shared mailbox was" if others == 1 else f"{others} shared mailboxes were"
    message = (
        f"lists change, and {boxes} not looked at, because no document of this plan is about them, nor were "
        "people's own mailboxes: who gains or loses something there is not told"
    )
    return [Finding("unseen-mailboxes", tenant, Severity.INFO, message)]


@dataclass(slots=True)
class _Tally:
    """The effects of one change while they are gathered; `rest` has those of mailboxes that are not named:
    how many, and who."""

    effects: list[Effect] = field(default_factory=list)
    mailboxes: set[str] = field(default_factory=set)
    rest: dict[tuple[Turn, Can], tuple[set[str], set[str]]] = field(default_factory=dict)

    def names(self, mailbox: str) -> bool:
        if mailbox not in self.mailboxes and len(self.mailboxes) < NAMED:
            self.mailboxes.add(mailbox)
        return mailbox in self.mailboxes

    def told(self) -> tuple[Effect, ...]:
        more = (
            Effect(turn, can, None, (), len(people), mailboxes=len(mailboxes))
            for (turn, can), (mailboxes, people) in sorted(self.rest.items())
        )
        return (*self.effects, *more)


@dataclass(frozen=True, slots=True)
class _Room:
    """One door of one mailbox: who is named for it, before (`was`) and after (`will`), for a folder with
    those who open the whole mailbox; who of them is `given` it or `taken` off by this plan. Of those behind
    that, who gains it and who loses it; nobody, where it is open to everybody anyway."""

    mailbox: str
    door: Door
    given: Set[str]
    taken: Set[str]
    was: Set[str]
    will: Set[str]
    gains: Set[str]
    loses: Set[str]


@dataclass(frozen=True, slots=True)
class _Edit:
    """A change of who is on a list: by GUID the list, and whoever comes or goes; all of it where it is
    deleted."""

    change: Change
    group: str
    member: str

    @property
    def adds(self) -> bool:
        return self.change.action is Action.ADD


class _Reckoning:
    """What some changes do, taken together."""

    def __init__(self, observed: Observed, changes: Sequence[Change]) -> None:
        self._observed = observed
        directory = membership_after(observed.resources, changes, observed.directory)
        self._before = Ways(observed.directory)
        self._after = self._before if directory is observed.directory else Ways(directory)
        self._tallies: dict[str, _Tally] = {}
        self.gaining: set[str] = set()
        self.losing: set[str] = set()
        self._edits = _edits(observed, changes)
        self._over = self._above(self._edits)
        own: dict[Key, list[Change]] = {}
        for change in changes:
            if named(change.path) or (change.action is Action.DELETE and not change.path):
                own.setdefault(change.key, []).append(change)
        for key in sorted(own.keys() | self._reached()):
            self._mailbox(key, own.get(key, ()))

    def effects(self, change: Change) -> tuple[Effect, ...]:
        tally = self._tallies.get(change.id)
        return tally.told() if tally else ()

    def _above(self, edits: Iterable[str]) -> dict[str, set[str]]:
        """By the address of each group that holds an edited list, before or after: those lists."""
        holders: dict[str, set[str]] = {}
        for ways in (self._before, self._after):
            for group, members in ways.directory.members.items() if edits else ():
                for member in members:
                    holders.setdefault(member, set()).add(group)
        above: dict[str, set[str]] = {}
        for edited in edits:
            seen, queue = {edited}, [edited]
            while queue:
                for group in holders.get(queue.pop(), _NONE) - seen:
                    seen.add(group)
                    queue.append(group)
            for group in seen:
                above.setdefault(self._after.address(group), set()).add(edited)
        return above

    def _reached(self) -> Iterator[Key]:
        """The mailboxes on which a group is named that the changes of lists reach."""
        for aspect in NAMING if self._over else ():
            for key, seen in self._observed.seen.get(aspect, {}).items():
                if isinstance(seen, Present) and not self._over.keys().isdisjoint(seen.ids):
                    yield key

    def _mailbox(self, key: Key, changes: Sequence[Change]) -> None:
        was = doors(key, self._observed)
        will = doors_after(was, changes)
        if (one := owner(key, self._observed)) is not None:
            for trustees in (*was.values(), *will.values()):
                trustees.add(one)
        for door in sorted(was.keys() | will.keys(), key=str):
            room = self._room(key, door, was, will)
            self.gaining |= room.gains
            self.losing |= room.loses
            for change in changes:
                self._own(change, room)
            lists = {edited for t in room.was | room.will for edited in self._over.get(t, ())}
            for edited in sorted(lists):
                self._list(edited, room)

    def _room(self, key: Key, door: Door, was: Doors, will: Doors) -> _Room:
        sides: list[Set[str]] = []
        for doors_, ways in ((was, self._before), (will, self._after)):
            trustees = doors_.get(door, _NONE) | (doors_.get(_ANY, _NONE) if door[1] else _NONE)
            sides += [trustees, frozenset().union(*(ways.behind(t).people for t in trustees - _ALL))]
        old, before, new, after = sides
        mine, still = was.get(door, _NONE), will.get(door, _NONE)
        gains = _NONE if EVERYBODY in old else after - before
        loses = _NONE if EVERYBODY in new else before - after
        return _Room(key.address, door, still - mine, mine - still, old, new, gains, loses)

    def _own(self, change: Change, room: _Room) -> None:
        """The mailbox's own list: somebody is named there, or no more."""
        if change.action is Action.DELETE:
            self._tell(change, room, Turn.LOSES, room.loses, self._way(room.was, self._before))
            return
        who, possible = named(change.path) or ("", ())
        given = who in room.given
        if room.door not in possible or not (given or who in room.taken):
            return
        if who in _ALL:
            turn, (can, folder) = Turn.GAINS if given else Turn.LOSES, room.door
            self._add(change, room, Effect(turn, can, room.mailbox, (Person(who),), None, folder))
        elif given:
            reach = self._after.behind(who)
            news, olds = reach.people.keys() & room.gains, reach.people.keys() - room.gains
            self._tell(change, room, Turn.GAINS, news, self._way({who}, self._after), reach.untold)
            self._tell(change, room, Turn.HAS, olds, self._way(room.was, self._before))
        else:
            reach = self._before.behind(who)
            gone, stay = reach.people.keys() & room.loses, reach.people.keys() - room.loses
            self._tell(change, room, Turn.LOSES, gone, self._way({who}, self._before), reach.untold)
            self._tell(change, room, Turn.KEEPS, stay, self._way(room.will, self._after))

    def _list(self, group: str, room: _Room) -> None:
        """A group that is named there, or is in one that is: somebody comes or goes."""
        for adds, ways, trustees in ((True, self._after, room.will), (False, self._before, room.was)):
            edits = [edit for edit in self._edits[group] if edit.adds is adds]
            above = {t for t in trustees - _ALL if group in ways.behind(t).groups} if edits else _NONE
            if above:
                way = self._through(group, above, ways)
                for edit in edits:
                    self._edit(edit, room, ways.behind_guid(edit.member), way)

    def _edit(self, edit: _Edit, room: _Room, reach: Reach, way: Callable[[str], tuple[str, ...]]) -> None:
        if edit.adds:
            self._tell(edit.change, room, Turn.GAINS, reach.people.keys() & room.gains, way, reach.untold)
            return
        gone, stay = reach.people.keys() & room.loses, reach.people.keys() - room.loses
        self._tell(edit.change, room, Turn.LOSES, gone, way, reach.untold)
        self._tell(edit.change, room, Turn.KEEPS, stay, self._way(room.will, self._after))

    def _way(self, trustees: Set[str], ways: Ways) -> Callable[[str], tuple[str, ...]]:
        """The shortest chain of groups from any of the trustees to somebody; by name it is empty."""

        def way(guid: str) -> tuple[str, ...]:
            chains = (ways.behind(t).people.get(guid) for t in trustees - _ALL)
            found = [chain for chain in chains if chain is not None]
            if not found:
                return (EVERYBODY,)
            return min(found, key=lambda chain: (len(chain), chain))

        return way

    def _through(self, group: str, trustees: Set[str], ways: Ways) -> Callable[[str], tuple[str, ...]]:
        """The chain to somebody that passes an edited list."""
        chains = (ways.behind(t).groups[group] for t in trustees)
        first = min(chains, key=lambda chain: (len(chain), chain))
        inner = ways.behind_guid(group).people
        return lambda guid: (*first[:-1], *inner.get(guid, ()))

    def _tell(
        self,
        change: Change,
        room: _Room,
        turn: Turn,
        guids: Set[str],
        way: Callable[[str], tuple[str, ...]],
        untold: tuple[str, ...] = (),
    ) -> None:
        if not (guids or untold):
            return
        tally = self._tallies.setdefault(change.id, _Tally())
        can, folder = room.door
        if not tally.names(room.mailbox):
            mailboxes, people = tally.rest.setdefault((turn, can), (set(), set()))
            mailboxes.add(room.mailbox)
            people.update(guids)
            return
        first = nsmallest(NAMED, ((self._after.address(guid), guid) for guid in guids))
        told = tuple(Person(who, way(guid)) for who, guid in first)
        tally.effects.append(Effect(turn, can, room.mailbox, told, len(guids), folder, untold))

    def _add(self, change: Change, room: _Room, effect: Effect) -> None:
        tally = self._tallies.setdefault(change.id, _Tally())
        if tally.names(room.mailbox):
            tally.effects.append(effect)


def _edits(observed: Observed, changes: Iterable[Change]) -> Mapping[str, list[_Edit]]:
    """What the plan changes of lists, by their GUIDs; one that it creates goes by its address."""
    lists = {
        resource.key: resource.principal.guid if resource.principal else str(resource.spec.identity())
        for resource in observed.resources
        if resource.key.kind is Kind.DISTRIBUTION_LIST
    }
    found: dict[str, list[_Edit]] = {}
    for change in changes:
        group = lists.get(change.key)
        if group is None:
            continue
        if change.action is Action.DELETE and not change.path:
            found.setdefault(group, []).append(_Edit(change, group, group))
        elif change.path[:1] == MEMBERS and change.action in (Action.ADD, Action.REMOVE):
            member = str(change.requests[0].parameters["Member"])
            found.setdefault(group, []).append(_Edit(change, group, member))
    return found
