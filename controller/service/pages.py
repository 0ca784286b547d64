"""The figures for people and for programs: text and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from controller.service.figures import Figures, Period
from controller.service.reading import Read


def document(
    address: str, figures: Figures, read: Read, period: Period, *, within: timedelta, people: bool
) -> dict[str, Any]:
    """Times are working minutes. `people` is left out unless asked for."""
    response, backlog = figures.response, figures.backlog
    told: dict[str, Any] = {
        "mailbox": address,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "response": {
            "requests": response.requests,
            "answered": response.answered,
            "medianMinutes": _minutes(response.median),
            "p90Minutes": _minutes(response.p90),
            "withinMinutes": _minutes(within),
            "answeredWithin": response.within,
            "fromOwnAddress": response.from_own_address,
        },
        "backlog": {
            "waiting": backlog.waiting,
            "claimed": backlog.claimed,
            "unclaimed": backlog.unclaimed,
            "oldestMinutes": _minutes(backlog.oldest),
        },
        "days": [
            {"day": one.day.isoformat(), "received": one.received, "sent": one.sent, "backlog": one.backlog}
            for one in figures.days
        ],
        "hours": [
            {"hour": hour, "received": received, "sent": sent}
            for hour, (received, sent) in enumerate(
                zip(figures.received_by_hour, figures.sent_by_hour, strict=True)
            )
        ],
        "automaticLeftOut": figures.automatic,
        "warnings": list(read.warnings),
    }
    if people:
        told["people"] = [{"who": who, "answers": count} for who, count in figures.answered_by]
    return told


def text(
    address: str, figures: Figures, read: Read, period: Period, *, within: timedelta, people: bool
) -> Iterator[str]:
    response, backlog, hours = figures.response, figures.backlog, read.hours
    first, last = hours.local(period.since), hours.local(period.until)
    yield f"{address}  {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} ({hours.zone})"
    for warning in read.warnings:
        yield f"  warning: {warning}."
    yield f"  requests       {response.requests}, of which {response.answered} answered"
    if response.answered:
        yield f"  first answer   half within {span(response.median)}, nine of ten within {span(response.p90)}"
        share = round(100 * response.within / response.answered)
        yield f"  within {span(within):<8}{response.within} ({share} % of those answered)"
    if response.from_own_address:
        yield f"  answered from people's own address: {response.from_own_address}"
    yield f"  waiting        {backlog.waiting}: {backlog.claimed} claimed, {backlog.unclaimed} unclaimed"
    if backlog.oldest is not None:
        yield f"  oldest         waits for {span(backlog.oldest)}"
    yield f"  left out       {figures.automatic} automatic"
    yield ""
    yield "  day         received  sent  waiting at its end"
    for one in figures.days:
        yield f"  {one.day}  {one.received:>8}  {one.sent:>4}  {one.backlog:>7}"
    yield ""
    yield "  hour   received  sent"
    for hour, received in enumerate(figures.received_by_hour):
        if received or figures.sent_by_hour[hour]:
            yield f"  {hour:02}:00  {received:>8}  {figures.sent_by_hour[hour]:>4}"
    if people:
        yield ""
        yield from (f"  {count:>4}  {who}" for who, count in figures.answered_by)
    yield ""
    yield "  Times count working hours only, holidays left out."


def span(value: timedelta | None) -> str:
    hours, minutes = divmod(_minutes(value) or 0, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"


def _minutes(value: timedelta | None) -> int | None:
    return None if value is None else round(value.total_seconds() / 60)
