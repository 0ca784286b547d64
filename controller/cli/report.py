"""`mbx report`: how a team answers its mail."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import click

from controller.cli import outcome
from controller.cli.session import Session, open_session, place_options, run
from controller.errors import UsageError
from controller.service import Period, html, pages, read, reckon
from controller.service.hours import Span
from controller.settings import duration
from controller.spec import TenantSpecs
from controller.spec.dates import ends_at, parse_moment, starts_at
from controller.survey import read_directory

_EXAMPLES = """\b
Examples:
  mbx report service support@entreprise.example
  mbx report service support@entreprise.example --since 2026-11-01 --until 2026-11-30
  mbx report service support@entreprise.example --format html --out report.html
"""
_BEFORE: Final = timedelta(days=30)  # threads that were waiting already when the period began
_USUAL: Final = timedelta(days=30)


@click.group("report", epilog=_EXAMPLES)
def command() -> None:
    """Figures about mailboxes, from the headers of their mail. Never writes to the tenant."""


@command.command("service", epilog=_EXAMPLES)
@click.argument("address")
@place_options
@click.option("--since", metavar="DATE", help="From the start of this day. Default: 30 days before the end.")
@click.option("--until", metavar="DATE", help="To the end of this day. Default: now.")
@click.option("--within", default="4h", show_default=True, help="How soon a first answer is in time.")
@click.option("--holiday", multiple=True, metavar="DATE", help="A day on which nobody works. Repeatable.")
@click.option("--by-person", is_flag=True, help="Also who answered how often. Ask your works council first.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    show_default=True,
    help="json: minutes as numbers. html: a page with charts.",
)
@click.option(
    "--out", type=click.File("w", encoding="utf-8", lazy=True), help="Write it to this file instead."
)
def service(address: str, **rest: Any) -> int:
    """Tells how soon a mailbox answers, what waits, and how much comes in, in its own working hours.

    From headers alone: no subject and no body is asked for. Automatic mail is left out, and so are the
    periods of its automaticReplies and every --holiday.

    Exit status: 0 told; 1 an error.
    """
    return run(_service(address, **rest))


async def _service(
    address: str,
    since: str | None,
    until: str | None,
    within: str,
    holiday: Sequence[str],
    by_person: bool,
    form: str,
    out: Any,
    **common: Any,
) -> int:
    session = open_session(specs=None, target=(), selector=(), **common)
    specs = _tenant(session)
    tenant: Any = specs.tenant.spec
    period = _period(since, until, tenant.zone, datetime.now(UTC))
    try:
        soon = duration(within)
    except ValueError as error:
        raise UsageError(f"--within {within}: {error}") from None
    spec = _spec(specs, address)
    holidays = (*_periods(spec, tenant.zone), *(_day(one, tenant.zone) for one in holiday))
    async with session.connection(specs) as connection:
        reader = connection.reader()
        span = (period.since - _BEFORE, period.until)
        found = await read(reader, await read_directory(reader), address, span, tenant.zone, holidays)
    claim = spec.claim_categories.name if spec is not None and spec.claim_categories else None
    figures = reckon(found.mails, period, found.hours, found.staff, within=soon, claim=claim)
    args: Any = (address, figures, found, period)
    if form == "text":
        text = "\n".join(pages.text(*args, within=soon, people=by_person))
    else:
        told = pages.document(*args, within=soon, people=by_person)
        text = html.page(told) if form == "html" else json.dumps(told, ensure_ascii=False, indent=2)
    click.echo(text, file=out)
    return outcome.GOOD


def _tenant(session: Session) -> TenantSpecs:
    if len(session.tenants) > 1:
        raise UsageError("several tenants: choose one with --tenant")
    return session.tenants[0]


def _spec(specs: TenantSpecs, address: str) -> Any:
    documents = (one for one in specs.documents if one.key and one.key.address == address.lower())
    return next((one.spec for one in documents if hasattr(one.spec, "claim_categories")), None)


def _periods(spec: Any, zone: Any) -> list[Span]:
    replies = getattr(spec, "automatic_replies", None)
    return [(one.begins(zone), one.ends(zone)) for one in replies.periods] if replies else []


def _day(text: str, zone: Any) -> Span:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--holiday {text}: expected a date such as 2026-12-25") from None
    return starts_at(day, zone), ends_at(day, zone)


def _period(since: str | None, until: str | None, zone: Any, now: datetime) -> Period:
    try:
        end = min(ends_at(parse_moment(until), zone), now) if until else now
        begin = starts_at(parse_moment(since), zone) if since else end - _USUAL
    except ValueError as error:
        raise UsageError(f"--since, --until: {error}") from None
    if begin >= end:
        raise UsageError("--since is not before --until (or now): nothing lies between")
    return Period(begin.astimezone(UTC), end.astimezone(UTC))
