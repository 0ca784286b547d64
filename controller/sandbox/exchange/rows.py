"""How an object becomes a row: constants, what the object stores, and what is worked out.

An unselected mailbox row has hundreds of keys, so only what `$select` names is worked out. References are
stored as object ids and shown as Names; their `…WithDisplayNames` companions stay empty unless the switch
of that name was sent [reference: section 14].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from controller.sandbox.exchange import directory
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.exchange.values import parse_date, parse_size, print_size, print_span
from controller.sandbox.world import Entry

Column = Callable[[Invocation, Entry], Any]

# Properties whose values are object ids.
REFERENCES = (
    "AcceptMessagesOnlyFrom",
    "AcceptMessagesOnlyFromDLMembers",
    "RejectMessagesFrom",
    "RejectMessagesFromDLMembers",
    "ModeratedBy",
    "BypassModerationFromSendersOrMembers",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The keys of one kind of row. `stored` gives the default of what an object may store under the
    key; `worked_out` computes the rest and wins."""

    stored: Mapping[str, Any]
    worked_out: Mapping[str, Column]
    sizes: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    _names: dict[str, str] = field(default_factory=dict)

    def names(self) -> dict[str, str]:
        if not self._names:
            self._names.update({name.lower(): name for name in (*self.worked_out, *self.stored)})
        return self._names

    def row(self, call: Invocation, seen: Entry) -> dict[str, Any]:
        """The row of an entry as seen, reduced to what the call selects."""
        names = self.names()
        wanted = names if call.select is None else [name for name in names if name in call.select]
        return {names[name]: self.value(call, seen, names[name]) for name in wanted}

    def value(self, call: Invocation, seen: Entry, name: str) -> Any:
        column = self.worked_out.get(name)
        if column is not None:
            return column(call, seen)
        return self.printed(name, seen.properties.get(name, self.stored.get(name)))

    def printed(self, name: str, value: Any) -> Any:
        """A stored value as it shows: a size as text with its bytes, a date as one."""
        if name in self.sizes and value is not None:
            size = value if isinstance(value, int) else parse_size(str(value))
            return print_size(size) if size is not None else value
        if isinstance(value, timedelta):
            return print_span(value)
        if name in self.dates and isinstance(value, str):
            return parse_date(value)
        return value


def references(name: str) -> Column:
    """A list of references, as Names."""
    return _names(stored_ids(name))


def _names(ids: Callable[[Entry], list[str]]) -> Column:
    return lambda call, seen: directory.names_of(call, ids(seen))


def companion(name: str, ids: Callable[[Entry], list[str]]) -> Column:
    """`(smtp, Display Name)` of each, only where `Include…WithDisplayNames` was sent [doc]."""

    def column(call: Invocation, seen: Entry) -> list[str]:
        if not call.arguments.on(f"Include{name}WithDisplayNames"):
            return []
        return directory.display_names_of(call, ids(seen))

    return column


def stored_ids(*names: str) -> Callable[[Entry], list[str]]:
    """The object ids that an entry stores under these names, together."""
    return lambda seen: [oid for name in names for oid in seen.properties.get(name, ())]


def reference_columns() -> dict[str, Column]:
    """The delivery and moderation lists that mailboxes, groups and contacts share."""
    columns: dict[str, Column] = {name: references(name) for name in REFERENCES}
    columns["GrantSendOnBehalfTo"] = lambda call, seen: directory.names_of(call, seen.send_on_behalf)
    for kind in ("AcceptMessagesOnlyFrom", "RejectMessagesFrom"):
        both = stored_ids(kind, f"{kind}DLMembers")
        columns[f"{kind}SendersOrMembers"] = _names(both)
        columns[f"{kind}SendersOrMembersWithDisplayNames"] = companion(f"{kind}SendersOrMembers", both)
    for name in REFERENCES:
        columns[f"{name}WithDisplayNames"] = companion(name, stored_ids(name))
    columns["GrantSendOnBehalfToWithDisplayNames"] = companion(
        "GrantSendOnBehalfTo", lambda seen: seen.send_on_behalf
    )
    return columns
