"""What is reckoned of threads: time to the first answer, backlog, volume, claims, people. Pure.

A percentile is the nearest rank: of n values in order, the one at the place ceil(p·n), so that it is always a
time that somebody really waited.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from controller.service.hours import Hours
from controller.service.threads import Answer, Mail, Thread, threads

UNTOLD: Final = "sent as the mailbox, unclaimed"


@dataclass(frozen=True, slots=True)
class Period:
    """From one moment to before another; `now` where that is in the future."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Response:
    """Of the requests of the period: how many got an answer, and after how much working time."""

    requests: int
    answered: int
    median: timedelta | None
    p90: timedelta | None
    within: int
    from_own_address: int


@dataclass(frozen=True, slots=True)
class Day:
    """`backlog` is what waited when the day, or the period, ended."""

    day: date
    received: int
    sent: int
    backlog: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits at the end of the period. `oldest` is the working time that the oldest has waited."""

    waiting: int
    claimed: int
    unclaimed: int
    oldest: timedelta | None


@dataclass(frozen=True, slots=True)
class Figures:
    response: Response
    backlog: Backlog
    days: tuple[Day, ...]
    received_by_hour: tuple[int, ...]
    sent_by_hour: tuple[int, ...]
    answered_by: tuple[tuple[str, int], ...]
    automatic: int


def reckon(
    mails: Sequence[Mail],
    period: Period,
    hours: Hours,
    staff: frozenset[str] = frozenset(),
    *,
    within: timedelta = timedelta(hours=4),
    claim: str | None = None,
) -> Figures:
    """The figures of a period. `mails` may begin before it: threads that wait since then count as backlog.
    `claim` is the template of claim categories (`Pris par {givenName}`). Hours are those of the zone."""
    known = [mail for mail in mails if mail.at < period.until]
    found = threads(known, staff)
    inside = [mail for mail in known if mail.at >= period.since and not mail.automatic]
    claims = claim_pattern(claim)
    return Figures(
        response=_response(found, period, hours, within),
        backlog=_backlog(found, period, hours, claims),
        days=tuple(_days(inside, found, period, hours)),
        received_by_hour=_by_hour((mail for mail in inside if not mail.ours), hours),
        sent_by_hour=_by_hour((mail for mail in inside if mail.ours), hours),
        answered_by=_people(found, period, claims),
        automatic=sum(mail.automatic for mail in known if mail.at >= period.since),
    )


def claim_pattern(template: str | None) -> re.Pattern[str] | None:
    """What the names of claim categories look like."""
    if template is None:
        return None
    parts = re.split(r"(\{\w+\})", template)
    return re.compile("".join(".+" if part.startswith("{") else re.escape(part) for part in parts), re.I)


def percentile(values: Sequence[timedelta], share: float) -> timedelta | None:
    ranked = sorted(values)
    return ranked[max(math.ceil(share * len(ranked)), 1) - 1] if ranked else None


def _response(found: Iterable[Thread], period: Period, hours: Hours, within: timedelta) -> Response:
    asked = [thread for thread in found if thread.first >= period.since]
    pairs = [(thread, answer) for thread in asked if (answer := thread.first_answer)]
    waits = [hours.between(thread.first, answer.at) for thread, answer in pairs]
    return Response(
        requests=len(asked),
        answered=len(waits),
        median=percentile(waits, 0.5),
        p90=percentile(waits, 0.9),
        within=sum(wait <= within for wait in waits),
        from_own_address=sum(answer.own_address for _, answer in pairs),
    )


def _backlog(
    found: Iterable[Thread], period: Period, hours: Hours, claims: re.Pattern[str] | None
) -> Backlog:
    waiting = [
        (since, thread)
        for thread in found
        if not thread.gone and (since := thread.open_since(period.until)) is not None
    ]
    claimed = sum(_claim(thread, claims) is not None for _, thread in waiting)
    oldest = max((hours.between(since, period.until) for since, _ in waiting), default=None)
    return Backlog(len(waiting), claimed, len(waiting) - claimed, oldest)


def _days(inside: Sequence[Mail], found: Sequence[Thread], period: Period, hours: Hours) -> Iterable[Day]:
    received = Counter(hours.local(mail.at).date() for mail in inside if not mail.ours)
    sent = Counter(hours.local(mail.at).date() for mail in inside if mail.ours)
    kept = [thread for thread in found if not thread.gone]
    day = hours.local(period.since).date()
    while (begins := datetime.combine(day, time(), hours.zone).astimezone(UTC)) < period.until:
        following = day + timedelta(days=1)
        ends = min(datetime.combine(following, time(), hours.zone).astimezone(UTC), period.until)
        # What comes at the very stroke of midnight is the next day's.
        at = ends - timedelta(microseconds=1)
        yield Day(day, received[day], sent[day], sum(one.open_since(at) is not None for one in kept))
        assert begins < ends
        day = following


def _by_hour(mails: Iterable[Mail], hours: Hours) -> tuple[int, ...]:
    counted = Counter(hours.local(mail.at).hour for mail in mails)
    return tuple(counted[hour] for hour in range(24))


def _people(
    found: Iterable[Thread], period: Period, claims: re.Pattern[str] | None
) -> tuple[tuple[str, int], ...]:
    """Who gave the answers of the period: by their address where it is told, else by who claimed."""
    counted = Counter(
        _author(answer, thread, claims)
        for thread in found
        for answer in thread.answered
        if answer.at >= period.since
    )
    return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _author(answer: Answer, thread: Thread, claims: re.Pattern[str] | None) -> str:
    return answer.by or _claim(thread, claims) or UNTOLD


def _claim(thread: Thread, claims: re.Pattern[str] | None) -> str | None:
    fitting = (name for name in sorted(thread.categories) if claims and claims.fullmatch(name))
    return next(fitting, None)
