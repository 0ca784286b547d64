"""Weathers that have a name, and how any of them is made.

The numbers of `usual` are those that the reference reports for real tenants; the others are for drills.
"""

from __future__ import annotations

from datetime import timedelta

from controller.sandbox.clock import Clock
from controller.sandbox.forecast import FaultRule, Forecast, Latency
from controller.sandbox.state import FaultKind, Weather
from controller.sandbox.weather import FairWeather, ForecastWeather

# New objects within a minute, a converted type later, the audit log minutes behind; a new mailbox answers
# Graph after its user does, while what is in a mailbox has one copy and is never late
# [reference: Exchange admin API, consistency after writes; observed there].
PROPAGATION = {
    "object": timedelta(seconds=20),
    "type": timedelta(seconds=60),
    "permission": timedelta(seconds=5),
    "member": timedelta(seconds=10),
    "audit": timedelta(minutes=10),
    "mailbox": timedelta(seconds=40),
}
_USUAL = Forecast(latency=Latency(seconds=0.25, jitter=0.15), propagation=PROPAGATION, tenant_concurrency=10)
_QUICK = {what: lag / 10 for what, lag in PROPAGATION.items()}

NAMED: dict[str, tuple[str, Forecast | None]] = {
    "fair": ("nothing goes wrong, everything is seen at once", None),
    "usual": ("a tenant on an ordinary day: latency, replica lag, concurrency limits", _USUAL),
    "rough": (
        "one call in ten struck: throttling, 503, gateways, transient errors, lost answers",
        Forecast(
            propagation=_QUICK,
            retry_after=(0.1, 0.25, None),
            tenant_concurrency=10,
            faults=(
                FaultRule(kind=FaultKind.THROTTLED, rate=0.04),
                FaultRule(kind=FaultKind.UNAVAILABLE, rate=0.02),
                FaultRule(kind=FaultKind.TRANSIENT, rate=0.02),
                FaultRule(kind=FaultKind.GATEWAY, rate=0.01),
                FaultRule(kind=FaultKind.LOST_BEFORE, rate=0.01),
                FaultRule(kind=FaultKind.LOST_AFTER, rate=0.01),
            ),
        ),
    ),
    "throttled": (
        "every third call is answered 429",
        Forecast(
            retry_after=(0.2, 0.5, None),
            tenant_concurrency=4,
            faults=(FaultRule(kind=FaultKind.THROTTLED, rate=0.33),),
        ),
    ),
    "lossy": (
        "one connection in five is cut, half of them after the work was done",
        Forecast(
            faults=(
                FaultRule(kind=FaultKind.LOST_BEFORE, rate=0.1),
                FaultRule(kind=FaultKind.LOST_AFTER, rate=0.1),
            )
        ),
    ),
    "late": ("no reader sees a write in time, not even its writer", Forecast(
        propagation=PROPAGATION, pinned_reads=False)),
    "readonly": (
        "every write is refused with 403",
        Forecast(faults=(FaultRule(kind=FaultKind.DENIED, on="write"),)),
    ),
    "expired": (
        "Graph and Exchange each refuse the token of one call",
        Forecast(
            faults=(
                FaultRule(kind=FaultKind.EXPIRED, api="graph", times=1),
                FaultRule(kind=FaultKind.EXPIRED, api="exchange", times=1),
            )
        ),
    ),
    "outage": (
        "Graph and Exchange answer 503, sign-in works",
        Forecast(
            faults=(
                FaultRule(kind=FaultKind.UNAVAILABLE, api="graph"),
                FaultRule(kind=FaultKind.UNAVAILABLE, api="exchange"),
            )
        ),
    ),
}  # fmt: skip


def make(choice: str | Forecast | None, clock: Clock) -> Weather:
    """The weather of that name, or of that forecast; fair without a choice. KeyError: unknown name."""
    forecast = NAMED[choice][1] if isinstance(choice, str) else choice
    return FairWeather() if forecast is None else ForecastWeather(forecast, clock)


def choice_of(weather: Weather) -> str | Forecast:
    """What `make` makes this weather of."""
    return weather.forecast if isinstance(weather, ForecastWeather) else "fair"
