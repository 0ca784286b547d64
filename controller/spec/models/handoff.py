"""Handing mail on: to a help desk's address, to a Teams channel's address, or to a Power Automate flow.

Whether the first two become Exchange's forwarding or an inbox rule is decided in `controller.handoff`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final

from annotated_types import MinLen
from pydantic import Field, StringConstraints

from controller import canon
from controller.spec.models.document import Path, Trouble
from controller.spec.models.mailbox_settings import NONE, Forwarding, OrNone
from controller.spec.models.rules import InboxRule, RulePredicates
from controller.spec.models.scalars import ONE_LINE_PATTERN, Address, Flag, Maybe, SpecModel

ENVIRONMENT_PATTERN = r"^https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+/?$"
Environment = Annotated[str, StringConstraints(pattern=ENVIRONMENT_PATTERN)]
Title = Annotated[str, StringConstraints(pattern=ONE_LINE_PATTERN, max_length=256)]

# What the rules are called that hand mail on, whatever language anybody speaks.
RULE_NAMES: Final = {"teamsChannel": "mbx handoff teamsChannel", "ticketing": "mbx handoff ticketing"}


class _ByMail(OrNone):
    """What both hand-offs by mail have; `none` (or {}) ends one."""

    address: Maybe[Address] = Field(
        default=None, description="Where it goes: the address that takes it in. Outside, mail leaves."
    )
    conditions: Maybe[RulePredicates] = Field(
        default=None, description="Which mail is handed on, with the words of `rules`. Left out: all."
    )

    @property
    def keeps(self) -> bool:
        """Whether the mailbox keeps what it hands on."""
        return True


class Ticketing(_ByMail):
    """Mail goes on to a help desk's address. `none` (or {}): no longer."""

    keep_copy: Flag = Field(
        default=True, description="Whether the mailbox keeps what it hands on. Default true."
    )

    @property
    def keeps(self) -> bool:
        return self.keep_copy


class TeamsChannel(_ByMail):
    """Mail goes on to a Teams channel's own address; the mailbox keeps it. `none` (or {}): no longer."""


class PlannerBucket(SpecModel):
    """Where in Planner a task is made for each mail."""

    plan: Title = Field(description="The plan's title, of the same team.")
    bucket: Title = Field(description="The bucket's name in that plan.")


class HandoffFlow(SpecModel):
    """A Power Automate cloud flow: new mail is posted in a channel, with mentions, and becomes a task."""

    environment: Environment = Field(
        description="The address of the Power Platform environment that keeps the flow (Dataverse).",
        examples=["https://entreprise.crm.example"],
    )
    team: Title = Field(description="The team's display name in Teams.")
    channel: Title = Field(description="The channel's display name in that team.")
    mentions: Maybe[Annotated[tuple[Address, ...], MinLen(1)]] = Field(
        default=None, description="Who is mentioned in the post, by any address. Left out: nobody."
    )
    planner: Maybe[PlannerBucket] = Field(
        default=None, description="Where a task is made for each mail. Left out: none is made."
    )


class Handoff(SpecModel):
    """Where new mail goes besides this mailbox. What is left out is unmanaged."""

    ticketing: Maybe[Ticketing] = Field(
        default=None, description="To a help desk's address: {address, keepCopy, conditions}, or none."
    )
    teams_channel: Maybe[TeamsChannel] = Field(
        default=None, description="To a Teams channel's own address: {address, conditions}, or none."
    )
    flow: Maybe[HandoffFlow] = Field(
        default=None,
        description="By a cloud flow, deployed and switched on. Left out: unmanaged; the flow stays.",
    )

    @property
    def by_mail(self) -> dict[str, _ByMail]:
        """The parts that are written, `none` included; the channel first, as ticketing may keep no copy."""
        found: tuple[tuple[str, _ByMail | None], ...] = (
            ("teamsChannel", self.teams_channel), ("ticketing", self.ticketing)
        )  # fmt: skip
        return {name: part for name, part in found if part is not None}


def handoff_troubles(
    handoff: Handoff | None, forwarding: Forwarding | None, rules: Iterable[InboxRule], own: Iterable[str]
) -> Iterator[Trouble]:
    """`own` are the mailbox's addresses. Where two fields contradict each other, both lines are told."""
    taken = {RULE_NAMES[part] for part in handoff.by_mail} if handoff else set()
    for index, rule in enumerate(rules):
        if rule.name in taken:
            yield (
                ("rules", str(index), "name"),
                f"{rule.name!r} is what the rule of a hand-off is called: choose another name",
            )
    mine = {canon.address(address) for address in own}
    seen: dict[str, str] = {}
    for name, part in (handoff.by_mail if handoff else {}).items():
        place: Path = ("handoff", name)
        if part.address is None:
            if part.model_fields_set:
                yield place, f"expected 'address': where is mail handed on to? {NONE!r} ends it"
            continue
        address = canon.address(part.address)
        if address in mine:
            yield (*place, "address"), f"{part.address} is this mailbox itself: its mail would go in circles"
        if address in seen:
            yield (*place, "address"), f"{part.address} gets this mail by 'handoff.{seen[address]}' already"
        seen[address] = name
        yield from _against_forwarding(name, part, forwarding)


def says_the_same(part: _ByMail, forwarding: Forwarding) -> bool:
    """Whether a hand-off and the forwarding are one wish, written twice: all mail, as much kept."""
    if part.address is None or forwarding.to is None or part.conditions is not None:
        return False
    same_place = canon.address(part.address) == canon.address(forwarding.to)
    return same_place and part.keeps == forwarding.keep_copy


def _against_forwarding(name: str, part: _ByMail, forwarding: Forwarding | None) -> Iterator[Trouble]:
    if forwarding is None or forwarding.to is None or says_the_same(part, forwarding):
        return
    place: Path = ("handoff", name)
    if canon.address(forwarding.to) == canon.address(part.address or ""):
        what = "send the same mail to the same address in two ways: let them say the same, or leave one out"
        yield ("forwarding", "to"), f"'forwarding' and 'handoff.{name}' {what}"
        yield (*place, "address"), f"'handoff.{name}' and 'forwarding' {what}"
    elif not forwarding.keep_copy:
        yield (
            ("forwarding", "keepCopy"),
            f"'forwarding' keeps no copy, so that 'handoff.{name}' never sees a mail: write 'keepCopy: true'",
        )
        yield place, "never sees a mail, as 'forwarding' keeps no copy: write 'keepCopy: true' there"
