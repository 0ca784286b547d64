"""What the journal answers with: frozen rows, in the words of the model.

Values come back as JSON gives them (lists for tuples, text for dates and for the keys of mappings): compare
them with `as_recorded(value)`, not with the value itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.model import Action, Cause, Condition, Key, Mode, Status


@dataclass(frozen=True, slots=True)
class Applied:
    """The value that the controller last put in place, since when, and from which commit.

    `at` and `commit` are those of the run that brought this value: a later run that finds it in place
    leaves them as they are.
    """

    value: Any
    at: datetime
    commit: str | None


@dataclass(frozen=True, slots=True)
class Managed:
    """A resource under the controller's care. `object_id` is the directory's identifier, where known;
    `last_at` is when it was last seen to be as recorded."""

    object_id: str | None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that went out and whose end was not seen.

    `status` None: nobody wrote down an answer (the process was killed, or the answer was lost), so the
    world has to be looked at before the request is repeated. PROPAGATING: accepted, not visible yet.
    """

    intent_id: str
    change_id: str
    key: Key
    path: tuple[str, ...]
    action: Action
    after: Any
    intended_at: datetime
    status: Status | None
    run_id: str


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """The access list of one address, as observed from `first_seen` until at least `last_seen`."""

    rows: tuple[Mapping[str, Any], ...]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change that was attempted. `status` None: its end was never written down."""

    intent_id: str
    run_id: str
    change_id: str
    key: Key
    path: tuple[str, ...]
    action: Action
    before: Any
    after: Any
    step: int
    at: datetime
    commit: str | None
    mode: Mode
    status: Status | None
    concluded_at: datetime | None
    error: str | None
    request_ids: tuple[str, ...]
    cause: Cause | None = None  # None: written before this was recorded


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `condition` and `finished_at` None: it is still going on, or was killed."""

    run_id: str
    at: datetime
    commit: str | None
    specs_digest: str
    mode: Mode
    finished_at: datetime | None
    condition: Condition | None
