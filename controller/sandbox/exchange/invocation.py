"""One run of one cmdlet: its arguments, who asked, and the world as this caller sees it.

Cmdlets reach the world through here, so that replica lag, the audit log and warnings are one affair. The
fact to know: only a reader with the writer's own anchor sees the write at once [reference: section 12].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from controller.sandbox.exchange.binder import Arguments

if TYPE_CHECKING:
    from controller.sandbox.exchange.searches import AuditSearch
    from controller.sandbox.state import Sandbox
    from controller.sandbox.world import Entry, World

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who runs a cmdlet, as the audit log names them: an app by its name, a person by UPN."""

    name: str
    app_id: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A long answer of which only the pages asked for are rendered. `render` may give None for an item
    that is gone by then."""

    items: Sequence[Any]
    render: Callable[[Any], Row | None]

    def __len__(self) -> int:
        return len(self.items)

    def rows(self, start: int, count: int) -> list[Row]:
        rendered = (self.render(item) for item in self.items[start : start + count])
        return [row for row in rendered if row is not None]


Result = Listing | Sequence[Row] | None


@dataclass(slots=True)
class Invocation:
    sandbox: Sandbox
    cmdlet: str
    arguments: Arguments
    actor: Actor
    anchor: str
    now: datetime
    select: frozenset[str] | None = None  # lower-case names of the properties wanted; None is all
    searches: dict[str, AuditSearch] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    subject: str = ""  # what the audit log calls the object written to
    _lags: dict[str, timedelta] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)

    @property
    def world(self) -> World:
        return self.sandbox.world

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    # --- reading -------------------------------------------------------------------------------------

    def view(self, entry: Entry, what: str = "object") -> Entry | None:
        """The entry as this caller's replica has it; None where it has not heard of it yet."""
        if not entry.history:
            return entry
        anchor = self.anchor if self.sandbox.weather.pinned_reads else ""
        return self.world.seen(entry, self.now, self._lag(what), anchor)

    def type_of(self, entry: Entry) -> str:
        """RecipientTypeDetails: a conversion shows later than anything else, to its writer too
        [obs: MSP agent SOP D-99; for every anchor: inf]."""
        if not entry.history:
            return entry.type
        seen = self.world.seen(entry, self.now, self._lag("type"))
        if seen is None:  # younger than the lag: the type it was made with
            seen = next((former for _, _, former in entry.history if former is not None), entry)
        return seen.type

    def _lag(self, what: str) -> timedelta:
        if what not in self._lags:
            self._lags[what] = self.sandbox.weather.lag("exchange", what)
        return self._lags[what]

    # --- writing -------------------------------------------------------------------------------------

    def writing(self, entry: Entry, *, created: bool = False) -> Entry:
        """To be called before an entry is changed: readers that lag see what it was."""
        if entry.object_id not in self._touched:
            self._touched.add(entry.object_id)
            self.world.before_write(entry, self.now, self.anchor, created=created)
        return entry
