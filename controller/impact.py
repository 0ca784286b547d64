"""What a change means to people, as nouns: who gains or loses what, on which mailbox, through which groups.

`controller.effects` computes them; the reports put them into words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NAMED: Final = 20  # people that an effect names, mailboxes that a change names; all are counted


class Turn(StrEnum):
    """What becomes of somebody's access."""

    GAINS = "gains"  # could not before, and can afterwards
    LOSES = "loses"  # could before, and cannot afterwards
    KEEPS = "keeps"  # it is taken here, and another way in is left
    HAS = "has"  # it is given here, and could before


class Can(StrEnum):
    """What it is about."""

    READ = "read"
    SEND_AS = "send-as"
    SEND_ON_BEHALF = "send-on-behalf"
    DELEGATE = "delegate"  # meeting requests are sent to them, too, and they answer


@dataclass(frozen=True, slots=True)
class Person:
    """By address, with the chain of groups that leads to them, the one that the mailbox names first; empty
    where the mailbox names them. Who keeps access: the chain that is left."""

    who: str
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """`count` people; `people` names the first of them. `count` is None where it is everybody in the
    organisation (`default`) or outside (`anonymous`). `folder` is None for the whole mailbox. `untold` are
    groups whose members were not read: whoever is in them, too. `mailbox` is None in the last effect of a
    change that concerns more mailboxes than are named: it stands for `mailboxes` of them."""

    turn: Turn
    can: Can
    mailbox: str | None
    people: tuple[Person, ...]
    count: int | None
    folder: str | None = None
    untold: tuple[str, ...] = ()
    mailboxes: int = 1


@dataclass(frozen=True, slots=True)
class Impact:
    """All that a change means to people. `when` says how long it takes until they notice, `lasting` what
    applying the old document again would not bring back."""

    effects: tuple[Effect, ...] = ()
    when: str | None = None
    lasting: tuple[str, ...] = ()


NO_IMPACT: Final = Impact()


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many different people gain, and how many lose, anything by what apply would do."""

    gaining: int = 0
    losing: int = 0


NO_CROWD: Final = Crowd()
