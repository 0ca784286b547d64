"""The two weathers: fair, and one that follows a forecast.

What goes wrong is drawn from a seed and from how often *this* call has been made, not from the order in which
different calls arrive: concurrency does not change who is struck. Concurrency limits count what is in flight,
so a request must be open (see `open_request`) from its first call to its answer.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from controller.sandbox.clock import Clock
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import Call, Fault, FaultKind

# [observed: ExoHelper; the older text named another limit]
TENANT_BUSY = (
    "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
)
# [observed: several Graph clients and their tests]
MAILBOX_BUSY = "Application is over its MailboxConcurrency limit."
# The limit of four is Outlook's; users and groups have quotas of another kind [doc: graph/throttling-limits].
_OUTLOOK = re.compile(
    r"mailfolders|messagerules|mailboxsettings|outlook|messages|sendmail|calendar|events|contacts|photo|people",
    re.IGNORECASE,
)
_COUNTERS_KEPT = 200_000


@dataclass(slots=True)
class OpenRequest:
    """One HTTP request from its arrival to its answer: the calls it made and what they hold."""

    calls: list[Call] = field(default_factory=list)
    releases: list[Callable[[], None]] = field(default_factory=list)


_open: ContextVar[OpenRequest | None] = ContextVar("open_request", default=None)


@contextmanager
def open_request() -> Iterator[OpenRequest]:
    """Marks the span of one HTTP request; whatever its calls occupy is given back at the end."""
    request = OpenRequest()
    token = _open.set(request)
    try:
        yield request
    finally:
        _open.reset(token)
        for release in request.releases:
            release()


class FairWeather:
    """Nothing goes wrong, everything is seen at once."""

    def fault(self, call: Call) -> Fault:
        request = _open.get()
        if request is not None:
            request.calls.append(call)
        return Fault()

    def latency(self, call: Call) -> float:
        return 0.0

    def lag(self, api: str, what: str) -> timedelta:
        return timedelta()

    @property
    def pinned_reads(self) -> bool:
        return True


class ForecastWeather:
    """Follows a Forecast. Times in it that are offsets count from when this weather began."""

    def __init__(self, forecast: Forecast, clock: Clock) -> None:
        self.forecast = forecast
        self._clock = clock
        self._began = clock.now()
        self._made: Counter[str] = Counter()
        self._matched: Counter[int] = Counter()
        self._struck: Counter[int] = Counter()
        self._in_flight: dict[str, dict[int, int]] = {}  # limit's key -> request -> slots

    def fault(self, call: Call) -> Fault:
        request = _open.get()
        if request is not None:
            request.calls.append(call)
        nth = self._count(call)
        busy = self._occupy(call, request) if request is not None else None
        if busy is not None:
            return Fault(FaultKind.THROTTLED, self._retry_after(call, nth), busy)
        for index, rule in enumerate(self.forecast.rules):
            if self._applies(rule, call) and self._strikes(index, rule, call, nth):
                return Fault(rule.kind, rule.retry_after or self._retry_after(call, nth))
        return Fault()

    def latency(self, call: Call) -> float:
        latency = self.forecast.latency
        if not latency.seconds and not latency.jitter:
            return 0.0
        draw = self._draw("latency", call, self._made[_key(call)])
        return max(0.0, latency.seconds + latency.jitter * (2 * draw.random() - 1))

    def lag(self, api: str, what: str) -> timedelta:
        delays = self.forecast.propagation
        return delays.get(f"{api}/{what}", delays.get(what, timedelta()))

    @property
    def pinned_reads(self) -> bool:
        return self.forecast.pinned_reads

    # --- drawing -------------------------------------------------------------------------------------

    def _count(self, call: Call) -> int:
        key = _key(call)
        if len(self._made) > _COUNTERS_KEPT:
            self._made.clear()
        self._made[key] += 1
        return self._made[key]

    def _draw(self, purpose: str, call: Call, nth: int) -> random.Random:
        return random.Random(f"{self.forecast.seed}|{purpose}|{_key(call)}|{nth}")  # noqa: S311

    def _retry_after(self, call: Call, nth: int) -> float | None:
        return self._draw("retry-after", call, nth).choice(self.forecast.retry_after)

    def _strikes(self, index: int, rule: FaultRule, call: Call, nth: int) -> bool:
        self._matched[index] += 1
        if self._matched[index] <= rule.after or (
            rule.times is not None and self._struck[index] >= rule.times
        ):
            return False
        if self._draw(f"rule{index}", call, nth).random() >= rule.rate:
            return False
        self._struck[index] += 1
        return True

    def _applies(self, rule: FaultRule, call: Call) -> bool:
        return (
            rule.api in ("any", call.api)
            and rule.on in ("any", "write" if call.write else "read")
            and rule.inner in (None, call.inner)
            and (not rule.operations or _matches(call.operation, rule.operations))
            and (not rule.targets or _matches(call.target, rule.targets))
            and self._due(rule)
        )

    def _due(self, rule: FaultRule) -> bool:
        now = self._clock.now()
        begins = self._moment(rule.begins) if rule.begins is not None else now
        ends = self._moment(rule.ends) if rule.ends is not None else None
        return begins <= now and (ends is None or now < ends)

    def _moment(self, at: datetime | timedelta) -> datetime:
        return self._began + at if isinstance(at, timedelta) else at

    # --- concurrency ---------------------------------------------------------------------------------

    def _occupy(self, call: Call, request: OpenRequest) -> str | None:
        """Takes a slot for the call; the service's sentence if there is none left."""
        if call.api == "graph" and call.target and _OUTLOOK.search(call.operation):
            # A batch runs its unordered members four at a time, so alone it never exceeds the limit;
            # two at once do [doc: graph/throttling-limits, Outlook and batches].
            limit, key, sentence = self.forecast.mailbox_concurrency, call.target.lower(), MAILBOX_BUSY
            most = 1 if call.serial else 4
        elif call.api == "exchange":
            # A batch is one request to the front door, whatever it holds [inferred].
            limit, key, sentence, most = self.forecast.tenant_concurrency, "tenant", TENANT_BUSY, 1
        else:
            return None
        if limit is None:
            return None
        holders = self._in_flight.setdefault(f"{call.api}/{key}", {})
        mine = id(request)
        if mine not in holders:
            request.releases.append(lambda: self._release(f"{call.api}/{key}", mine))
        wanted = min(holders.get(mine, 0) + 1, most)
        others = sum(slots for holder, slots in holders.items() if holder != mine)
        holders[mine] = min(wanted, max(limit - others, 0))
        return sentence if others + wanted > limit else None

    def _release(self, key: str, request: int) -> None:
        holders = self._in_flight.get(key, {})
        holders.pop(request, None)
        if not holders:
            self._in_flight.pop(key, None)


def _key(call: Call) -> str:
    return f"{call.api}|{call.operation}|{call.target.lower()}|{call.inner}"


def _matches(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text.lower(), pattern.lower()) for pattern in patterns)
