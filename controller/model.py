"""The nouns everything else is written in: frozen, free of I/O, and careful to keep "absent" and
"could not look" apart.

Nothing here knows a service, a file format or a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from controller.impact import NO_CROWD, NO_IMPACT, Crowd, Impact

FORMAT: Final = 1  # the version of the plan's JSON form

_WAITING: Final = ("report-only/", "suspended/")  # how findings begin that somebody asked for

_NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})

Path = tuple[str, ...]
"""What a value is called inside its resource: `()` is the resource itself, `("displayName",)` a field,
`("access", "alice@entreprise.example", "send-as")` one member of a collection."""


class Kind(StrEnum):
    """The kinds of document that describe something in the tenant, or rule over it."""

    SHARED_MAILBOX = "SharedMailbox"
    DISTRIBUTION_LIST = "DistributionList"
    MAILBOX_DELEGATION = "MailboxDelegation"
    PROFILE = "Profile"
    POLICY = "Policy"
    APPROVAL = "Approval"
    TENANT = "Tenant"


class Mode(StrEnum):
    """What the controller may do: tell, or tell and write."""

    REPORT = "report"
    APPLY = "apply"


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    CONVERT = "convert"
    RENAME = "rename"
    GRANT = "grant"
    REVOKE = "revoke"
    ADD = "add"
    REMOVE = "remove"


class Risk(StrEnum):
    """low: nobody loses anything · medium: somebody loses something · high: mail or a mailbox can be
    lost, or mail leaves the organisation."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return ("low", "medium", "high").index(self.value)


class Cause(StrEnum):
    """Why a difference exists, as far as the journal can tell."""

    SPEC = "spec"  # the document changed
    DRIFT = "drift"  # the tenant changed since the controller last applied
    TIME = "time"  # a date written in the document came
    FIRST_SEEN = "first-seen"  # never applied before


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a document is about: `SharedMailbox/support@entreprise.example` (address in lower case)."""

    kind: Kind
    address: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.address}"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where a value was written. `path` is relative to the repository (outside git: to the working
    directory); `line` and `column` count from 1."""

    path: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def ident(key: Key, path: Path) -> str:
    """The id of a value in plans: `SharedMailbox/support@entreprise.example/access/…`."""
    return "/".join((str(key), *path))


# --- observed ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Present:
    """It was read. `fields` holds what was seen, `ids` the identifiers needed to write to it, `spelt` what
    the service says in other words than are compared, for whoever writes it down."""

    fields: Mapping[Path, Any]
    ids: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    findings: tuple[Finding, ...] = ()
    spelt: Mapping[Path, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Absent:
    """The service was asked, answered completely, and does not have it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The service could not be asked, or did not answer completely: never a reason to change anything."""

    error: Exception


Observation = Present | Absent | Unreadable


# --- desired ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Want:
    """One value wished for. `value` is canonical: compared, and recorded as applied. `verbatim` is what
    is sent. `due` is the date in the document that brought it, `ref` whatever the aspect needs later."""

    value: Any
    verbatim: Any = None
    origin: Origin | None = None
    due: datetime | None = None
    ref: Any = None


@dataclass(frozen=True, slots=True)
class Desired:
    """What one aspect of a document asks for at one moment.

    `collections` tells which collections are managed, and whether each is the whole truth. `gone` are
    paths wished away one by one. `ended` are members that a date in the document took away. `origins`
    tells where a collection was written, for what is removed from it.
    """

    wants: Mapping[Path, Want] = field(default_factory=dict)
    collections: Mapping[Path, bool] = field(default_factory=dict)
    gone: frozenset[Path] = frozenset()
    ended: Mapping[Path, tuple[datetime, Origin]] = field(default_factory=dict)
    origins: Mapping[Path, Origin] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    upcoming: tuple[Upcoming, ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """One path on which desired and observed differ. `want` is None where it shall go."""

    path: Path
    before: Any
    after: Any
    want: Want | None = None
    origin: Origin | None = None
    due: datetime | None = None


# --- planned ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """One call to a service, as data: what the plan shows is what apply sends.

    exchange: `call` is the cmdlet, `parameters` its parameters.
    graph: `call` is verb and path (`PATCH /users/{id}`), `parameters` the body.
    dataverse: `call` is verb and address (`PATCH https://….dynamics.com/workflows(id)`), `parameters` the
    body.
    """

    api: str
    call: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference and the requests that settle it."""

    key: Key
    aspect: str
    action: Action
    path: Path
    before: Any
    after: Any
    origin: Origin | None
    risk: Risk = Risk.LOW
    cause: Cause = Cause.FIRST_SEEN
    requests: tuple[Request, ...] = ()
    depends_on: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what a reviewer must know: cannot be undone, by our own record…
    due: datetime | None = None  # the date written in the document that brings this change
    fades: bool = False  # the service drops it by itself after a while: its absence is nobody's doing
    rests_on: tuple[Path, ...] = ()  # what it takes away for a moment, and must be there again at the end
    obstacle: Finding | None = None  # what in the tenant stands in its way: shown, and not made
    impact: Impact = NO_IMPACT

    @property
    def id(self) -> str:
        return ident(self.key, self.path)

    @property
    def proof(self) -> frozenset[str]:
        """Ids of all that must be seen in place before it counts as done."""
        return frozenset({self.id, *(ident(self.key, path) for path in self.rests_on)})

    @property
    def only_told(self) -> bool:
        """Whether somebody wants it to wait, by `mode: report` or a suspension: that is no trouble."""
        return bool(self.blocked_by) and all(ident.startswith(_WAITING) for ident in self.blocked_by)

    @property
    def field(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something seen and deliberately not planned. `subject` is an address (with more behind a slash)
    or, for the whole plan, the tenant's name; `id` is what an Approval names.

    `stops_run`: wrong in the text, so nothing is written at all. `blocks`: the resource, or one aspect
    of it (`(key, "access")`), that must be left alone because of this.
    """

    code: str
    subject: str
    severity: Severity
    message: str
    key: Key | None = None
    origin: Origin | None = None
    stops_run: bool = False
    blocks: tuple[Key, str | None] | None = None

    @property
    def id(self) -> str:
        return f"{self.code}/{self.subject}"


@dataclass(frozen=True, slots=True, order=True)
class Upcoming:
    """A change that a date in the specs will bring."""

    at: datetime
    id: str
    action: Action


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything decided, before anything is touched."""

    tenant: str
    tenant_id: str
    commit: str | None
    specs_digest: str
    observed_digest: str
    created_at: datetime
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    upcoming: tuple[Upcoming, ...]
    resources: tuple[Key, ...]  # every resource looked at
    unreadable: frozenset[Key] = frozenset()
    emptied: frozenset[tuple[Key, str]] = frozenset()  # collections that a document wishes empty
    crowd: Crowd = NO_CROWD

    @property
    def documents(self) -> tuple[Key, ...]:
        """What people count: the Tenant's own settings are none of them."""
        return tuple(key for key in self.resources if key.kind is not Kind.TENANT)

    @property
    def open_changes(self) -> tuple[Change, ...]:
        """What apply would do."""
        return tuple(change for change in self.changes if not change.blocked_by)


# --- applied ----------------------------------------------------------------------------------------


class Status(StrEnum):
    APPLIED = "applied"  # read back, and it is so
    PROPAGATING = "propagating"  # accepted, not visible yet
    FAILED = "failed"
    SKIPPED = "skipped"  # something it depends on did not succeed


@dataclass(frozen=True, slots=True)
class Outcome:
    change: Change
    status: Status
    error: str | None = None
    request_ids: tuple[str, ...] = ()
    denied: bool = False  # the identity may not do it, as far as the service tells


class Condition(StrEnum):
    CLEAN = "clean"  # nothing to do
    DRIFTED = "drifted"  # something to do, and not done (report)
    CONVERGED = "converged"  # everything that was to do is done
    DEGRADED = "degraded"  # something failed, is blocked, or could not be read
    STALLED = "stalled"  # nothing could be attempted


@dataclass(frozen=True, slots=True)
class Cycle:
    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    applied: bool = False  # whether this cycle was meant to write
    run_id: str | None = None  # in the journal, where it was

    @property
    def powerless(self) -> bool:
        """Whether all that was tried was denied: this identity may only read."""
        failed = [outcome for outcome in self.outcomes if outcome.status is Status.FAILED]
        tried_in_vain = all(o.status in (Status.FAILED, Status.SKIPPED) for o in self.outcomes)
        return bool(failed) and tried_in_vain and all(outcome.denied for outcome in failed)

    @property
    def condition(self) -> Condition:
        if self.powerless or any(f.stops_run for f in self.plan.findings):
            return Condition.STALLED
        changes = self.plan.changes
        troubled = self.plan.unreadable or any(c.blocked_by and not c.only_told for c in changes)
        if troubled or any(o.status in (Status.FAILED, Status.SKIPPED) for o in self.outcomes):
            return Condition.DEGRADED
        if not changes:
            return Condition.CLEAN
        told = any(change.only_told for change in changes)
        return Condition.CONVERGED if self.applied and not told else Condition.DRIFTED
