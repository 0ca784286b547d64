"""When to look at a tenant again: pure but for the chance that spreads tenants over time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from controller.model import Upcoming
from controller.spec import TenantSpecs
from controller.spec.dates import ends_at, next_opening
from controller.turn import Reason, Restraint, Turn

_SPREAD: Final = 0.1  # of the interval: many tenants, one service, and no two of them in step
_SOON: Final = timedelta(minutes=1)  # after the first failure; doubled for each one more, up to the interval
_LEASE: Final = timedelta(seconds=15)  # between tries to lead: as soon is a dead leader replaced
_USUAL: Final = timedelta(minutes=15)  # where no specs could be read that would say
_SHOWN: Final = 100  # dates that a turn carries


@dataclass(frozen=True, slots=True)
class Timetable:
    rng: random.Random

    def next_look(self, turn: Turn, failures: int, known: TenantSpecs | None) -> datetime:
        """At the interval; earlier after a failure, when a date in the specs comes, and when a window opens.
        `failures` counts the turns in a row, this one included, that could not do their work; `known` are
        the last specs that were read."""
        tenant: Any = known.tenant.spec if known else None
        interval = tenant.interval if tenant else _USUAL
        if turn.reason is Reason.NOT_LEADING:
            return turn.ended_at + _LEASE * (1 + _SPREAD * self.rng.random())
        moments = [turn.ended_at + interval * (1 + _SPREAD * self.rng.random())]
        if failures:
            wait = min(interval, _SOON * 2 ** min(failures - 1, 10))
            moments.append(turn.ended_at + wait * (1 + _SPREAD * self.rng.random()))
        if turn.prepared:
            moments += [each.at for each in coming(turn)[:1]]
            moments += _ends_of_approvals(known, turn.prepared.plan.created_at)
        if tenant and turn.restraint is Restraint.WINDOW:
            opening = next_opening(tenant.apply_windows, turn.started_at, tenant.zone)
            moments += [opening] if opening else []
        return min(moments)


def _ends_of_approvals(known: TenantSpecs | None, after: datetime) -> Iterator[datetime]:
    """What was let through until then is held from then on, and people are told."""
    if known is None:
        return
    tenant: Any = known.tenant.spec
    for document in known.approvals:
        spec: Any = document.spec
        if spec.until is not None and (at := ends_at(spec.until, tenant.zone)) > after:
            yield at


def coming(turn: Turn) -> tuple[Upcoming, ...]:
    """The dates that come after the moment that the plan was made for. One that came while the turn was
    still going on is among them: it is looked at next."""
    if turn.prepared is None:
        return ()
    plan = turn.prepared.plan
    return tuple(each for each in plan.upcoming if each.at > plan.created_at)[:_SHOWN]
