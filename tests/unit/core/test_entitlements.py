"""Answers about people, held against brute force over random groups that hold groups and each other."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from controller.entitlements import Answers, Notes

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
RIGHTS = ("full-access", "send-as", "send-on-behalf")


def random_lists(seed: int) -> dict[str, list[dict[str, Any]]]:
    draw = random.Random(seed)
    people = [f"p{n}@x.example" for n in range(draw.randint(2, 8))]
    groups = [f"g{n}@x.example" for n in range(draw.randint(0, 7))]
    lists: dict[str, list[dict[str, Any]]] = {
        group: [
            {"who": who, "right": "member"}
            for who in draw.sample(people + groups, draw.randint(0, min(4, len(people + groups))))
        ]
        for group in groups
    }
    for group in groups:
        lists[group] = lists[group] or [{"who": "DistributionList", "right": "is"}]
    for number in range(3):
        rows = [{"who": "SharedMailbox", "right": "is"}]
        rows += [
            {"who": who, "right": right}
            for who in draw.sample(people + groups, draw.randint(0, min(5, len(people + groups))))
            for right in draw.sample(RIGHTS, draw.randint(1, 3))
        ]
        lists[f"box{number}@x.example"] = rows
    return lists


def brute_force(lists: dict[str, list[dict[str, Any]]], box: str) -> set[tuple[str, str, str]]:
    """(person, right, the group that the mailbox names or "")."""
    found = set()
    for row in lists[box]:
        if row["right"] not in RIGHTS:
            continue
        reached, frontier = set(), {row["who"]}
        while frontier:
            reached |= frontier
            frontier = {
                member["who"]
                for group in frontier
                for member in lists.get(group, ())
                if member["right"] == "member"
            } - reached
        found |= {
            (who, row["right"], row["who"] if row["who"].startswith("g") else "")
            for who in reached
            if who.startswith("p")
        }
    return found


@pytest.mark.parametrize("seed", range(200))
def test_who_can_is_what_walking_every_group_finds(seed: int) -> None:
    lists = random_lists(seed)
    answers = Answers(Notes.of_now(lists, NOON))
    by_person: dict[str, set[tuple[str, str, str]]] = {}
    for box in (address for address in lists if address.startswith("box")):
        opening = answers.opening(box)
        assert opening is not None
        told = {
            (holder.who, right, chain[0] if chain else "")
            for holder in opening.people
            for right, chains in holder.rights.items()
            for chain in chains
        }
        truth = brute_force(lists, box)
        assert told == truth
        assert answers.readers(box) == {who for who, right, _ in truth if right == "full-access"}
        for holder in opening.people:
            assert holder.via == sorted({group for who, _, group in truth if who == holder.who and group})
            by_person.setdefault(holder.who, set()).update((box, right, "") for right in holder.rights)
    for who, boxes in by_person.items():
        told = {(o.address, right, "") for o, holder in answers.of_person(who) for right in holder.rights}
        assert told == boxes


def test_every_chain_leads_there() -> None:
    for seed in range(60):
        lists = random_lists(seed)
        answers = Answers(Notes.of_now(lists, NOON))
        for box in answers.mailboxes:
            opening = answers.opening(box)
            assert opening is not None
            for holder in opening.people:
                for chains in holder.rights.values():
                    for chain in chains:
                        steps = [*chain, holder.who]
                        for group, member in pairwise(steps):
                            assert {"who": member, "right": "member"} in lists[group]


def test_a_person_is_known_by_every_address() -> None:
    lists = {
        "box@x.example": [
            {"who": "SharedMailbox", "right": "is"},
            {"who": "alice@x.example", "right": "send-as"},
            {"who": "contact@x.example", "right": "address"},
        ],
        "alice@x.example": [{"who": "a.martin@x.example", "right": "address"}],
    }
    answers = Answers(Notes.of_now(lists, NOON))
    assert [o.address for o, _ in answers.of_person("A.Martin@x.example")] == ["box@x.example"]
    assert answers.opening("Contact@x.example") == answers.opening("box@x.example")
    assert answers.opening("alice@x.example") is None
    assert answers.primary("nobody@x.example") is None


def test_deleted_people_unread_groups_and_everybody_are_told() -> None:
    lists = {
        "box@x.example": [
            {"who": "SharedMailbox", "right": "is"},
            {"who": "S-1-5-21-1-2-3-4", "right": "full-access"},
            {"who": "g@x.example", "right": "full-access"},
            {"who": "default", "right": "folder", "folder": "Calendar", "role": "reviewer"},
            {"who": "anonymous", "right": "folder", "folder": "Calendar", "role": "none"},
            {"who": "alice@x.example", "right": "folder", "folder": "Inbox", "role": "editor"},
        ],
        "g@x.example": [{"who": "g@x.example", "right": "unread"}],
    }
    opening = Answers(Notes.of_now(lists, NOON)).opening("box@x.example")
    assert opening is not None
    assert opening.orphans == ("S-1-5-21-1-2-3-4",)
    assert opening.untold == ("g@x.example",)
    assert opening.everybody == (("default", "Calendar", "reviewer"),)
    (alice,) = opening.people
    assert alice.folders == {("Inbox", "editor"): [()]}
    assert alice.rights == {}
