"""Automatic replies: what stands all year, and what replaces it for a while.

Exchange wants an internal text wherever replies are on, and an external one for every audience but none
[doc: Set-MailboxAutoReplyConfiguration].
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from enum import StrEnum
from itertools import pairwise

from pydantic import Field

from controller.spec.dates import ends_at, starts_at
from controller.spec.models.document import Path, Trouble
from controller.spec.models.scalars import Maybe, Moment, Name, SpecModel
from controller.spec.models.wording import Wording


class ReplyState(StrEnum):
    """enabled: everybody who writes gets an answer. disabled: nobody does."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class ReplyAudience(StrEnum):
    """Who outside the organisation gets the external text: all, those among the contacts, none."""

    ALL = "all"
    KNOWN = "known"
    NONE = "none"


class ReplyPeriod(SpecModel):
    """A time in which replies are on, with texts of their own. What it leaves out stays as it is."""

    name: Name = Field(description="What you call it; shown in plans.", examples=["Fêtes"])
    from_: Moment = Field(
        alias="from",
        description="In place from this date on (start of the day in the tenant's time zone), or from a "
        "timestamp.",
    )
    until: Moment = Field(
        description="Taken back after this date (the day is included, in the tenant's time zone), or at a "
        "timestamp.",
    )
    internal: Maybe[Wording] = Field(default=None, description="Instead of the standing internal text.")
    external: Maybe[Wording] = Field(default=None, description="Instead of the standing external text.")

    def begins(self, zone: tzinfo) -> datetime:
        return starts_at(self.from_, zone)

    def ends(self, zone: tzinfo) -> datetime:
        return ends_at(self.until, zone)


class AutomaticReplies(SpecModel):
    """What whoever writes to the mailbox gets back. What is left out is unmanaged."""

    state: Maybe[ReplyState] = Field(
        default=None,
        description="enabled or disabled. With periods and no standing text, left out means disabled "
        "outside the periods.",
    )
    external_audience: Maybe[ReplyAudience] = Field(
        default=None,
        description="Who outside the organisation gets the external text: all, known (its contacts) or none.",
    )
    internal: Maybe[Wording] = Field(
        default=None,
        description="The text for people of the organisation: text, HTML, or a file beside the spec.",
        examples=["Bonjour, nous répondons sous 4 h ouvrées."],
    )
    external: Maybe[Wording] = Field(
        default=None,
        description="The text for everybody else.",
        examples=[{"file": "replies/standard.html"}],
    )
    periods: tuple[ReplyPeriod, ...] = Field(
        default=(),
        description="Holiday versions: each is put in place when it begins and taken back when it ends. "
        "They must not overlap.",
    )

    def wordings(self, path: Path) -> Iterator[tuple[Path, Wording]]:
        parts: list[tuple[Path, AutomaticReplies | ReplyPeriod]] = [(path, self)]
        parts += [((*path, "periods", str(at)), period) for at, period in enumerate(self.periods)]
        for where, part in parts:
            for name, wording in (("internal", part.internal), ("external", part.external)):
                if wording is not None:
                    yield (*where, name), wording

    def troubles(self, path: Path, zone: tzinfo) -> Iterator[Trouble]:
        if self.state is ReplyState.ENABLED and self._addresses_strangers() and self.external is None:
            yield (
                (*path, "externalAudience"),
                f"'externalAudience: {self.external_audience}' sends people outside a text, and there is "
                "none: write 'external', or externalAudience: none",
            )
        if self.periods and self.state is None and (self.internal or self.external):
            yield (
                (*path, "periods"),
                "'periods' needs 'state': say whether replies are enabled or disabled outside them",
            )
        for at, period in enumerate(self.periods):
            yield from self._period_troubles((*path, "periods", str(at)), period, zone)
        yield from _overlaps((*path, "periods"), self.periods, zone)

    def _addresses_strangers(self) -> bool:
        return self.external_audience in (ReplyAudience.ALL, ReplyAudience.KNOWN)

    def _period_troubles(self, path: Path, period: ReplyPeriod, zone: tzinfo) -> Iterator[Trouble]:
        if period.begins(zone) >= period.ends(zone):
            yield (
                (*path, "until"),
                f"'until' ({period.until.isoformat()}) is not after 'from' ({period.from_.isoformat()}): "
                "it would never be in place",
            )
        if period.internal is None and self.internal is None:
            yield path, f"{period.name!r} turns replies on, and there is no internal text: write 'internal'"
        if period.external is None and self.external is None and self._addresses_strangers():
            yield (
                path,
                f"{period.name!r} turns replies on, and there is no external text for externalAudience: "
                f"{self.external_audience}: write 'external', or externalAudience: none",
            )
        for name, own, standing in (
            ("internal", period.internal, self.internal),
            ("external", period.external, self.external),
        ):
            if own and standing is None and self.state is ReplyState.ENABLED:
                yield (
                    (*path, name),
                    f"replies stay enabled after {period.name!r}, and there is no {name} text to go back "
                    f"to: write one under automaticReplies, too",
                )


def _overlaps(path: Path, periods: tuple[ReplyPeriod, ...], zone: tzinfo) -> Iterator[Trouble]:
    timed = sorted((period.begins(zone), period.ends(zone), at) for at, period in enumerate(periods))
    for (_, end, first), (begin, _, second) in pairwise(timed):
        if begin < end:
            later, earlier = (second, first) if second > first else (first, second)
            yield (
                (*path, str(later)),
                f"{periods[later].name!r} overlaps {periods[earlier].name!r}: only one can be in place",
            )
    names: dict[str, int] = {}
    for at, period in enumerate(periods):
        if names.setdefault(period.name.casefold(), at) != at:
            yield (*path, str(at), "name"), f"there is a period {period.name!r} already: rename one"
