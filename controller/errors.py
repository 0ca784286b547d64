"""The errors, as a tree. The class says what happens next; the text says where, why and what to do.

ControllerError
├── UserError                    the user's to fix; printed without a traceback, exit 1
│   ├── SpecError                a document is wrong: carries every problem of every file
│   ├── SettingsError            a setting is missing, double or malformed
│   ├── UsageError               a command line that cannot be meant
│   ├── SnapshotError            a snapshot that is none, too old, or signed by somebody else
│   └── StaleError               a saved plan that does not, or no longer, hold: exit 4
├── SourceError                  the specs cannot be had, or not be trusted: nothing is written
├── StateError                   the journal cannot be reached or does not hold
│   └── LeadLostError            another replica leads the tenant by now: nothing more may be sent
├── ReadOnlyError                a read-only client was asked to write (a bug, never the weather)
└── ServiceError                 a service answered, or failed to
    ├── SignInError              no token: nothing can be asked              → abort the cycle
    ├── DeniedError              401/403, a cmdlet or permission not granted → stall this object
    ├── NotFoundError            the service says that it does not exist
    ├── ConflictError            held, already there, more than one          → stall this object
    ├── InvalidError             refused as malformed or not allowed         → stall this object
    ├── ThrottledError           429 after the last attempt                  → next cycle
    ├── TransientError           5xx, connection, time-out, cut answer       → next cycle
    ├── UnknownOutcomeError      a write whose answer was lost               → look before repeating
    └── UnseenError              a snapshot was asked what it did not look at
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.model import Origin


class ControllerError(Exception):
    """Root of everything this package raises on purpose."""


class UserError(ControllerError):
    """Something the user can mend; the text alone must be enough to do it."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a document, where it stands, and what was probably meant."""

    origin: Origin
    message: str

    def __str__(self) -> str:
        return f"{self.origin.path}:{self.origin.line}:{self.origin.column}: {self.message}"


class SpecError(UserError):
    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingsError(UserError):
    pass


class UsageError(UserError):
    pass


class SnapshotError(UserError):
    pass


class StaleError(UserError):
    pass


class SourceError(ControllerError):
    """`reason` is one of the stable words that alerts go by (`controller.turn.Reason`)."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class StateError(ControllerError):
    pass


class LeadLostError(StateError):
    pass


class ReadOnlyError(ControllerError):
    pass


@dataclass(eq=False)
class ServiceError(ControllerError):
    """What a service said. `message` is the service's own words; `request_id` is what its support asks
    for; `code` is the service's code or exception type (last segment); `status` the HTTP status, 0 when
    there was none; `target` what the call was about; `advice` what to do."""

    api: str
    call: str
    message: str
    status: int = 0
    code: str = ""
    request_id: str = ""
    target: str = ""
    advice: str = ""
    retry_after: float | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        super().__init__(str(self))

    def __str__(self) -> str:
        status = f"HTTP {self.status}" if self.status else ""
        where = " ".join(part for part in (f"{self.api}: {self.call}", status, self.code) if part)
        about = f" ({self.target})" if self.target else ""
        ident = f" [request-id {self.request_id}]" if self.request_id else ""
        advice = f" — {self.advice}" if self.advice else ""
        return f"{where}{about}: {self.message}{ident}{advice}"


class SignInError(ServiceError):
    pass


class DeniedError(ServiceError):
    pass


class NotFoundError(ServiceError):
    pass


class ConflictError(ServiceError):
    pass


class InvalidError(ServiceError):
    pass


class ThrottledError(ServiceError):
    pass


class TransientError(ServiceError):
    pass


class UnknownOutcomeError(ServiceError):
    pass


class UnseenError(ServiceError):
    pass
