"""What is known of one mailbox when somebody complains: plain facts, so that causes are pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from controller.model import Path
from controller.people.grants import FULL_ACCESS


class Likelihood(IntEnum):
    """How surely a cause that was found explains the complaint."""

    CERTAIN = 3  # with this it cannot work
    LIKELY = 2
    POSSIBLE = 1


@dataclass(frozen=True, slots=True)
class Cause:
    """Why it may be so: `evidence` is what the tenant or our record says, `todo` what mends it."""

    likelihood: Likelihood
    evidence: str
    todo: str


@dataclass(frozen=True, slots=True)
class Right:
    """One right of one person. `through`: the groups that lead there, the one that the mailbox names first.
    `since`: when we granted it, `mapped`: AutoMapping as we set it; None where no record tells."""

    who: str
    right: str
    through: tuple[str, ...] = ()
    since: datetime | None = None
    mapped: bool | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An inbox rule, in its compared form. `state`: "", "readOnly" or "inError"."""

    name: str
    number: int
    enabled: bool
    conditions: Mapping[str, Any]
    actions: Mapping[str, Any]
    state: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """`values` is what was read, by path of the spec; `kinds` the type of each group and person by address;
    `unread` why a side of the mailbox could not be read. `who` narrows it to one person. `hidden` tells of
    rules that Outlook does not show; `rules_size` and `rules_room` are bytes."""

    address: str
    now: datetime
    values: Mapping[Path, Any] = field(default_factory=dict)
    rights: tuple[Right, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    hidden: tuple[str, ...] = ()
    rules_size: int = 0
    rules_room: int | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    who: str | None = None
    send_from_alias: bool | None = None
    used: int | None = None  # bytes
    accepted: bool | None = None  # whether the tenant takes mail for its domain
    replies_outside: bool | None = None  # whether the default remote domain lets automatic replies out

    def value(self, *path: str) -> Any:
        return self.values.get(path)

    def of(self, right: str) -> tuple[Right, ...]:
        """Whoever has it; of those, `who` alone where one is asked about."""
        return tuple(r for r in self.rights if r.right == right and self.who in (None, r.who))

    def has(self, who: str, right: str) -> bool:
        return any(r.who == who and r.right == right for r in self.rights)

    @property
    def people(self) -> tuple[str, ...]:
        """Who is asked about: `who`, else everybody who can open it."""
        if self.who is not None:
            return (self.who,)
        return tuple(dict.fromkeys(r.who for r in self.rights if r.right == FULL_ACCESS))

    @property
    def running(self) -> Iterator[Rule]:
        """Rules that run, in their order."""
        return (r for r in sorted(self.rules, key=lambda r: r.number) if r.enabled and r.state != "inError")
