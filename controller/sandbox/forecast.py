"""What a weather is to do, as it stands in a scenario file, a weather file or the control endpoint.

Plain values with checks; drawing from them is `weather`'s business. Durations are written `90`, `90s`, `15m`,
`1h`, `2d`; moments as an offset with a plus (`+5m`) from when the weather began, or ISO 8601 with a zone.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    field_validator,
)
from pydantic.alias_generators import to_camel

from controller.sandbox.state import FaultKind

LAGS = ("object", "type", "permission", "member", "audit", "mailbox", "store")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*")
_MOMENT = TypeAdapter(AwareDatetime)


def duration(value: Any) -> timedelta:
    """`90`, `90s`, `15m`, `1h`, `2d` as a timedelta; ValueError otherwise."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(str(value))
    if isinstance(value, bool) or found is None:
        raise ValueError(f"not a duration: {value!r} (write 90, 90s, 15m, 1h or 2d)")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def moment(value: Any) -> datetime | timedelta:
    """`+15m` as a timedelta, an ISO timestamp with a zone as a datetime; ValueError otherwise."""
    if isinstance(value, str) and value.strip().startswith("+"):
        return duration(value.strip()[1:])
    if isinstance(value, timedelta):
        return value
    return _MOMENT.validate_python(value)


def spell_duration(value: timedelta) -> str:
    seconds = f"{value.total_seconds():.6f}".rstrip("0").rstrip(".")  # never 1.7e-05, which is no duration
    return f"{seconds}s"


def _spell_moment(value: datetime | timedelta) -> str:
    return f"+{spell_duration(value)}" if isinstance(value, timedelta) else value.isoformat()


Duration = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(spell_duration)]
Moment = Annotated[datetime | timedelta, BeforeValidator(moment), PlainSerializer(_spell_moment)]


class Part(BaseModel):
    """A part of a scenario file: camelCase names, nothing unknown."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, use_enum_values=False
    )


class Latency(Part):
    seconds: float = Field(0.0, ge=0, description="Mean time before an answer.")
    jitter: float = Field(0.0, ge=0, description="Up to so much more or less, evenly spread.")


class FaultRule(Part):
    """One thing that goes wrong, with what it concerns. All conditions must hold."""

    kind: FaultKind
    rate: float = Field(1.0, ge=0, le=1, description="Share of the matching calls that are struck.")
    api: Literal["any", "entra", "graph", "exchange", "dataverse"] = "any"
    on: Literal["any", "read", "write"] = "any"
    inner: bool | None = Field(None, description="true: only calls inside a batch; false: only others.")
    operations: tuple[str, ...] = Field((), description="Cmdlets or `GET /users/…`, with * and ?.")
    targets: tuple[str, ...] = Field((), description="Addresses, with * and ?.")
    begins: Moment | None = Field(None, alias="from", description="From when on.")
    ends: Moment | None = Field(None, alias="until", description="Until when.")
    after: int = Field(0, ge=0, description="Leave the first so many matching calls alone.")
    times: int | None = Field(None, ge=0, description="Strike at most so often.")
    retry_after: float | None = Field(None, ge=0, description="Instead of a draw from the forecast's.")


class Denied(Part):
    """What is refused with 403, every time."""

    operations: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


class Forecast(Part):
    """A weather in full. `propagation` is keyed by what was written (LAGS); a key may be narrowed to the
    reading service (`graph/object`)."""

    seed: int = 1
    latency: Latency = Latency()
    propagation: dict[str, Duration] = Field(default_factory=dict)
    pinned_reads: bool = True
    retry_after: tuple[float | None, ...] = Field((1.0, 2.128, None), min_length=1)
    mailbox_concurrency: int | None = Field(4, ge=1, description="Graph, per mailbox.")
    tenant_concurrency: int | None = Field(None, ge=1, description="Exchange, per tenant.")
    faults: tuple[FaultRule, ...] = ()
    denied: Denied = Denied()

    @field_validator("propagation")
    @classmethod
    def _known(cls, delays: dict[str, timedelta]) -> dict[str, timedelta]:
        for key in delays:
            service, _, what = key.rpartition("/")
            if what not in LAGS or service not in ("", "graph", "exchange"):
                raise ValueError(f"'{key}' does not propagate ({', '.join(LAGS)}; graph/object and so on)")
        return delays

    @property
    def rules(self) -> tuple[FaultRule, ...]:
        """The fault rules, what is denied first."""
        refused = [
            FaultRule(kind=FaultKind.DENIED, operations=operations, targets=targets)
            for operations, targets in ((self.denied.operations, ()), ((), self.denied.targets))
            if operations or targets
        ]
        return (*refused, *self.faults)
