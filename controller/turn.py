"""What one turn of the loop ended in, for one tenant: handed to everybody who listens.

A turn is a look at the source and, where that may be trusted, one cycle. Frozen; nothing here knows how it
came about or who is told of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from controller.blame import Deed
from controller.clients import ServiceStats
from controller.model import Condition, Cycle, Mode, Upcoming
from controller.reconciler import Prepared
from controller.spec import TenantSpecs


class Reason(StrEnum):
    """Why a turn could not do its work. Stable: metrics, notifications and people's alerts name them."""

    SOURCE_UNREACHABLE = "source-unreachable"  # the repository does not answer, or not like one
    BRANCH_GONE = "branch-gone"
    NOT_FAST_FORWARD = "not-fast-forward"  # older than what was applied, or beside it
    UNTRUSTED_COMMIT = "untrusted-commit"
    UNSAFE_TREE = "unsafe-tree"  # too large, submodules, names that no folder should have
    BAD_SPECS = "bad-specs"  # what `mbx validate` refuses; also an empty or vanished folder
    BAD_SETTINGS = "bad-settings"  # no way to sign in is set, or more than one
    SIGN_IN_FAILED = "sign-in-failed"
    TENANT_UNREACHABLE = "tenant-unreachable"  # signed in, and not even the directory could be read
    DENIED = "denied"  # this identity may only read, and the plan has changes
    JOURNAL_UNREACHABLE = "journal-unreachable"
    NOT_LEADING = "not-leading"  # another replica leads this tenant: nothing is wrong
    STOPPED = "stopped"  # the controller is being shut down
    FAILED = "failed"  # something that should not happen; the message and the log say what


class Restraint(StrEnum):
    """Why a turn only reports."""

    MODE = "mode"  # the Tenant says `mode: report`, or nothing
    WINDOW = "window"  # outside `applyWindows`
    SUSPENDED = "suspended"  # `mbx suspend`


@dataclass(frozen=True, slots=True)
class Turn:
    """`id` joins the lines of the log. `prepared` and `cycle` are None where `reason` kept the turn from
    planning; a turn that was stopped, or lost its lead, may have both and a reason. `cycle.run_id` is the run
    in the journal, where something was to be written. `deeds` tell who drifted what, by change id, as far as
    the audit log knows. `next_at` is the next look.

    A source that cannot be read before any tenant is known is told with an empty `tenant` and `tenant_id`.
    """

    id: str
    tenant: str
    tenant_id: str
    started_at: datetime
    ended_at: datetime
    mode: Mode = Mode.REPORT
    restraint: Restraint | None = None
    specs: TenantSpecs | None = None
    commit: str | None = None
    prepared: Prepared | None = None
    cycle: Cycle | None = None
    reason: Reason | None = None
    error: str | None = None
    deeds: Mapping[str, Deed] = field(default_factory=lambda: MappingProxyType({}))
    stats: Mapping[str, ServiceStats] = field(default_factory=lambda: MappingProxyType({}))
    next_at: datetime | None = None
    next_dates: tuple[Upcoming, ...] = ()

    @property
    def duration(self) -> timedelta:
        return self.ended_at - self.started_at

    @property
    def looked(self) -> bool:
        """Whether the tenant was seen: its plan tells something."""
        return self.prepared is not None and self.prepared.observed.directory_error is None

    @property
    def condition(self) -> Condition | None:
        """None where another replica leads, or the controller is being stopped: that is no trouble."""
        if self.reason in (Reason.NOT_LEADING, Reason.STOPPED):
            return None
        return Condition.STALLED if self.reason or self.cycle is None else self.cycle.condition


Listener = Callable[[Turn], Awaitable[None]]
"""Told after each turn, within a bound of time; what it raises is logged and stops nothing."""
