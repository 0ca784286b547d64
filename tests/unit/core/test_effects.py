"""Who gains and loses, held against a recount by brute force: each person walked to each mailbox, before the
plan and after it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.aspect import Resource
from controller.directory import Directory, Principal
from controller.effects import weigh
from controller.impact import NAMED, Can, Effect, Turn
from controller.memory import Memory
from controller.model import Action, Change, Key, Kind, Plan, Present, Request
from controller.observe import Observed

RIGHTS = {"full-access": Can.READ, "send-as": Can.SEND_AS}
PEOPLE = [f"p{number}@a.example" for number in range(4)]
GROUPS = [f"g{number}@a.example" for number in range(4)]
BOXES = [Key(Kind.SHARED_MAILBOX, f"box{number}@a.example") for number in range(2)]


def principal(address: str) -> Principal:
    kind = "MailUniversalSecurityGroup" if address in GROUPS or address.startswith("g") else "UserMailbox"
    guid = f"guid-{address.partition('@')[0]}"
    return Principal(guid, guid, kind, "", "", address, "", (address,))


def guid(address: str) -> str:
    return principal(address).guid


def world(
    members: dict[str, set[str]], entries: set[tuple[Key, str, str]], boxes: list[Key] = BOXES
) -> Observed:
    """Groups with their members, and who is named on which mailbox for what."""
    directory = Directory()
    for address in {*PEOPLE, *GROUPS, *members, *(m for each in members.values() for m in each),
                    *(who for _, who, _ in entries)}:  # fmt: skip
        directory.add(principal(address))
    for group, inside in members.items():
        directory.members[guid(group)] = tuple(guid(one) for one in sorted(inside))
    seen = {}
    for box in boxes:
        named = [(who, right) for key, who, right in entries if key == box]
        fields = {("access", who, right): True for who, right in sorted(named)}
        seen[box] = Present(fields, {who: guid(who) for who, _ in named})
    lists = [resource(Key(Kind.DISTRIBUTION_LIST, group), principal(group)) for group in members]
    return Observed(
        directory, (*(resource(box, principal(box.address)) for box in boxes), *lists), {"access": seen}
    )


def resource(key: Key, one: Principal | None) -> Resource:
    spec: Any = SimpleNamespace(identity=lambda: key.address, is_unwanted=False)
    return Resource(key, spec, None, one)


def granted(box: Key, who: str, right: str, action: Action = Action.GRANT, **rest: Any) -> Change:
    value = True if action is Action.GRANT else None
    return Change(box, "access", action, ("access", who, right), not value or None, value, None, **rest)


def put_on(group: str, member: str, action: Action = Action.ADD, **rest: Any) -> Change:
    request = Request("exchange", "Add-DistributionGroupMember", {"Member": guid(member)})
    return Change(
        Key(Kind.DISTRIBUTION_LIST, group), "members", action, ("members", member), None, None, None,
        requests=(request,), **rest,
    )  # fmt: skip


def planned(observed: Observed, *changes: Change) -> Plan:
    plan = Plan(
        tenant="a", tenant_id="t", commit=None, specs_digest="", observed_digest="",
        created_at=datetime(2026, 12, 1, tzinfo=UTC), changes=changes, findings=(), upcoming=(), resources=(),
    )  # fmt: skip
    return weigh(plan, observed, Memory())


def told(plan: Plan, turn: Turn) -> set[tuple[str, Can, str]]:
    return {
        (effect.mailbox or "", effect.can, person.who)
        for change in plan.changes
        for effect in change.impact.effects
        if effect.turn is turn
        for person in effect.people
    }


def brute(members: dict[str, set[str]], entries: set[tuple[Key, str, str]]) -> set[tuple[str, Can, str]]:
    """Everything that anybody can do, by walking from each mailbox until nothing new is met."""
    found = set()
    for key, who, right in entries:
        met: set[str] = set()
        while True:
            near = {who} | {one for group in met for one in members.get(group, ())}
            if near <= met:
                break
            met |= near
        found |= {(key.address, RIGHTS[right], person) for person in met if person in PEOPLE}
    return found


graphs = st.dictionaries(
    st.sampled_from(GROUPS), st.sets(st.sampled_from([*PEOPLE, *GROUPS]), max_size=4), min_size=4
)
lists_of_access = st.sets(
    st.tuples(st.sampled_from(BOXES), st.sampled_from([*PEOPLE, *GROUPS]), st.sampled_from(sorted(RIGHTS))),
    max_size=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs, graphs, lists_of_access, lists_of_access)
def test_what_is_told_is_what_a_recount_finds(
    was_in: dict[str, set[str]],
    will_be_in: dict[str, set[str]],
    named: set[tuple[Key, str, str]],
    to_be_named: set[tuple[Key, str, str]],
) -> None:
    changes = [
        *(granted(*entry) for entry in to_be_named - named),
        *(granted(*entry, action=Action.REVOKE) for entry in named - to_be_named),
        *(put_on(group, one) for group in GROUPS for one in will_be_in[group] - was_in[group]),
        *(put_on(group, one, Action.REMOVE) for group in GROUPS for one in was_in[group] - will_be_in[group]),
    ]
    before, after = brute(was_in, named), brute(will_be_in, to_be_named)
    plan = planned(world(was_in, named), *changes)
    assert told(plan, Turn.GAINS) == after - before
    assert told(plan, Turn.LOSES) == before - after
    assert told(plan, Turn.KEEPS) <= before & after
    assert told(plan, Turn.HAS) <= before & after
    assert plan.crowd.gaining == len({who for *_, who in after - before})
    assert plan.crowd.losing == len({who for *_, who in before - after})
    sides = ((Turn.GAINS, will_be_in, to_be_named), (Turn.LOSES, was_in, named),
             (Turn.KEEPS, will_be_in, to_be_named), (Turn.HAS, was_in, named))  # fmt: skip
    for turn, members, entries in sides:
        for effect in (e for c in plan.changes for e in c.impact.effects if e.turn is turn):
            assert_chains_are_there(effect, members, entries)


def assert_chains_are_there(
    effect: Effect, members: dict[str, set[str]], entries: set[tuple[Key, str, str]]
) -> None:
    """Each step of a chain is a membership, and the mailbox names the first."""
    assert effect.count == len(effect.people)
    for person in effect.people:
        steps = [*person.via, person.who]
        assert (effect.mailbox, steps[0], effect.can) in {(k.address, w, RIGHTS[r]) for k, w, r in entries}
        assert all(inner in members[outer] for outer, inner in pairwise(steps))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs, lists_of_access, st.randoms())
def test_no_order_of_the_service_changes_what_is_told(members: Any, named: Any, random: Any) -> None:
    def shuffled() -> Plan:
        observed = world(members, named)
        for group, inside in observed.directory.members.items():
            mixed = list(inside)
            random.shuffle(mixed)
            observed.directory.members[group] = tuple(mixed)
        return planned(observed, granted(BOXES[0], "g0@a.example", "full-access"),
                       put_on("g1@a.example", "g2@a.example", Action.REMOVE))  # fmt: skip

    first, second = shuffled(), shuffled()
    assert [c.impact for c in first.changes] == [c.impact for c in second.changes]


def test_a_person_who_leaves_a_list_keeps_what_another_way_leads_to() -> None:
    observed = world(
        {"g0@a.example": {"g1@a.example", "p1@a.example"}, "g1@a.example": {"p0@a.example", "p1@a.example"}},
        {(BOXES[0], "g0@a.example", "full-access"), (BOXES[1], "g1@a.example", "full-access")},
    )
    plan = planned(observed, put_on("g1@a.example", "p1@a.example", Action.REMOVE))
    keeps, loses = plan.changes[0].impact.effects
    assert (keeps.turn, keeps.mailbox, keeps.people[0].via) == (
        Turn.KEEPS,
        BOXES[0].address,
        ("g0@a.example",),
    )
    assert (loses.turn, loses.mailbox, loses.people[0].via) == (
        Turn.LOSES,
        BOXES[1].address,
        ("g1@a.example",),
    )


def test_what_is_held_back_is_told_as_if_it_were_let_through() -> None:
    observed = world({}, {(BOXES[0], "p0@a.example", "full-access")})
    held = granted(BOXES[0], "p0@a.example", "full-access", Action.REVOKE, blocked_by=("last-reader/x",))
    plan = planned(observed, held)
    assert [effect.turn for effect in plan.changes[0].impact.effects] == [Turn.LOSES]
    assert plan.crowd.losing == 0  # apply would take it from nobody


def test_a_group_that_could_not_be_read_is_named_instead_of_its_people() -> None:
    observed = world({"g0@a.example": {"g1@a.example"}}, {(BOXES[0], "p0@a.example", "send-as")})
    plan = planned(observed, granted(BOXES[0], "g0@a.example", "full-access"))
    (effect,) = plan.changes[0].impact.effects
    assert (effect.turn, effect.count, effect.untold) == (Turn.GAINS, 0, ("g1@a.example",))


def test_a_crowd_is_counted_and_the_first_are_named() -> None:
    crowd = {f"x{number:03}@a.example" for number in range(50)}
    boxes = [Key(Kind.SHARED_MAILBOX, f"m{number:03}@a.example") for number in range(30)]
    observed = world(
        {"g0@a.example": {"g1@a.example"}, "g1@a.example": crowd},
        {(box, "g9@a.example", "full-access") for box in boxes},
        boxes,
    )
    observed.directory.members[guid("g9@a.example")] = ()
    observed = Observed(
        observed.directory,
        (
            *observed.resources,
            resource(Key(Kind.DISTRIBUTION_LIST, "g9@a.example"), principal("g9@a.example")),
        ),
        observed.seen,
    )
    *first, last = planned(observed, put_on("g9@a.example", "g0@a.example")).changes[0].impact.effects
    assert [effect.mailbox for effect in first] == [box.address for box in boxes[:NAMED]]
    assert all(effect.count == 50 and len(effect.people) == NAMED for effect in first)
    assert (last.mailbox, last.mailboxes, last.count) == (None, 10, 50)
    assert first[0].people[0].via == ("g9@a.example", "g0@a.example", "g1@a.example")


def folder_change(folder: str, who: str, before: str | None, after: str | None) -> Change:
    action = Action.GRANT if before is None else Action.UPDATE if after else Action.REVOKE
    return Change(
        BOXES[0], "folderPermissions", action, ("folderPermissions", folder, who), before, after, None
    )


def test_folders_are_read_by_role_by_default_and_by_whoever_reads_everything() -> None:
    observed = world({}, {(BOXES[0], "p0@a.example", "full-access")})
    fields = {
        ("folderPermissions", "Calendar", "p1@a.example"): "availability-only",
        ("folderPermissions", "Inbox", "default"): "none",
    }
    seen = {
        **observed.seen,
        "folderPermissions": {BOXES[0]: Present(fields, {"p1@a.example": guid("p1@a.example")})},
    }
    plan = planned(
        Observed(observed.directory, observed.resources, seen),
        folder_change("Calendar", "p0@a.example", None, "reviewer"),
        folder_change("Calendar", "p1@a.example", "availability-only", "editor + Delegate"),
        folder_change("Calendar", "p2@a.example", None, "limited-details"),
        folder_change("Inbox", "default", "none", "reviewer"),
    )
    effects = [
        [(e.turn, e.can, e.folder, e.people[0].who, e.count) for e in change.impact.effects]
        for change in plan.changes
    ]
    assert effects == [
        [(Turn.HAS, Can.READ, "Calendar", "p0@a.example", 1)],
        [
            (Turn.GAINS, Can.DELEGATE, "Calendar", "p1@a.example", 1),
            (Turn.GAINS, Can.READ, "Calendar", "p1@a.example", 1),
        ],
        [],  # free/busy with subject and place: no item is read
        [(Turn.GAINS, Can.READ, "Inbox", "default", None)],
    ]
