"""What every part of the sandbox is handed: the world, its time, its weather, its secrets.

The services (sign-in, Graph, Exchange, Dataverse) are strangers to each other and meet only here.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from controller.sandbox.clock import Clock
    from controller.sandbox.world import App, World


LOG_KEPT = 200_000
SENT_KEPT = 1000


class FaultKind(StrEnum):
    """What can go wrong with one call. Each service renders it in its own error shapes."""

    NONE = "none"
    THROTTLED = "throttled"  # 429, with or without Retry-After (decimals too)
    UNAVAILABLE = "unavailable"  # 503
    GATEWAY = "gateway"  # 502/504 with a body that is not JSON
    TRANSIENT = "transient"  # Exchange: 400 with a transient type; Graph: 500 transient
    DENIED = "denied"  # 403
    EXPIRED = "expired"  # 401: token no longer accepted
    LOST_BEFORE = "lost-before"  # connection gone before anything was done
    LOST_AFTER = "lost-after"  # done, but the answer is lost
    CUT_PAGE = "cut-page"  # the next page's link is refused as expired


@dataclass(frozen=True, slots=True)
class Fault:
    kind: FaultKind = FaultKind.NONE
    retry_after: float | None = None
    text: str = ""  # the service's own sentence, where the cause has one (concurrency limits)


class ConnectionLostError(Exception):
    """Raised by a handler to cut the connection without an answer; the server turns it into a reset."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the weather sees it: `operation` is a cmdlet, or `GET /users/{id}`-like; `target` the
    mailbox it concerns, if one; `inner` whether it came inside a batch."""

    api: str  # "entra" | "graph" | "exchange" | "dataverse"
    operation: str
    target: str = ""
    write: bool = False
    inner: bool = False
    serial: bool = False  # an inner call that waits for the one before it (`dependsOn`)


class Weather(Protocol):
    """Decides what goes wrong, and how late replicas are. A seed makes it repeat."""

    def fault(self, call: Call) -> Fault: ...

    def latency(self, call: Call) -> float:
        """Seconds before the answer."""
        ...

    def lag(self, api: str, what: str) -> timedelta:
        """How long after a write a reader that is not pinned to the writer's replica sees it. `what`
        is `object`, `type` (RecipientTypeDetails), `permission`, `member`, `audit` (the log), `mailbox`
        (from a mailbox's creation to its first use by Graph), `store` (what lives in a mailbox)."""
        ...

    @property
    def pinned_reads(self) -> bool:
        """Whether a reader with the writer's own anchor sees its work at once (as the reference says);
        off, every reader lags."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token stands for."""

    app: App
    roles: frozenset[str]
    token_id: str


@dataclass(slots=True)
class Sandbox:
    world: World
    clock: Clock
    weather: Weather
    base_url: str = "https://127.0.0.1:8443"  # where it is reached; links in answers start with it
    real_hosts: bool = False
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    signing_key: Any = None  # RSA private key that signs access tokens
    log: list[tuple[str, str, str, bool]] = field(default_factory=list)  # (api, operation, target, write)
    recording: bool = False  # whether `log` is kept; the newest LOG_KEPT calls at most
    log_dropped: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)  # mails, the newest SENT_KEPT at most
    watch: Callable[[str], None] | None = None  # is told of every answer, one line each
    revoked: set[str] = field(default_factory=set)  # token ids (`uti`) no longer accepted
    revoked_before: datetime | None = None  # tokens issued earlier are no longer accepted
    token_lifetime: timedelta = timedelta(seconds=3599)
    outside: Callable[[], datetime] | None = None  # the clients' clock, where the tenant's was moved

    def admit(self, call: Call) -> Fault:
        """Puts a call on record and asks the weather about it. To be called once for each call that a
        service understood, before anything is done."""
        if self.recording:
            if len(self.log) >= LOG_KEPT:
                del self.log[: LOG_KEPT // 2]
                self.log_dropped += LOG_KEPT // 2
            self.log.append((call.api, call.operation, call.target, call.write))
        return self.weather.fault(call)

    def new_request_id(self) -> str:
        """For `request-id` headers and token ids. Not drawn from the world's random numbers, so that mere
        reading leaves the tenant's future ids as they are."""
        return str(uuid.uuid4())
