"""`mbx plan`: what would change, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from controller.cli import outcome
from controller.cli.session import (
    Session,
    each_tenant,
    open_session,
    optional_journal,
    run,
    tenant_options,
)
from controller.cli.snapshot import longest_age, planned_from
from controller.cli.terminal import paint, show_plan
from controller.errors import UsageError
from controller.journal import Journal
from controller.keys import private_key
from controller.model import Plan
from controller.reconciler import prepare
from controller.report import FORMATS, SINGLE
from controller.saved import seal
from controller.source import inside
from controller.spec import TenantSpecs
from controller.spec.dates import parse_moment, starts_at

_EXAMPLES = """\b
Examples:
  mbx plan                                   the specs in ./specs
  mbx plan --target support@entreprise.example
  mbx plan --selector team=support --format json
  mbx plan --format html > plan.html         to be read in a browser; markdown: for a pull request
  mbx plan --at 2027-02-01                   the plan of that day
  mbx plan --out plan.json                   to be reviewed, then `mbx apply plan.json`
  mbx plan --snapshot tenant.snapshot        in a pull request's job, which cannot sign in
  mbx plan --detailed-exitcode               0 nothing to do, 2 changes
"""


@click.command("plan", epilog=_EXAMPLES)
@tenant_options
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True,
    help="markdown: a comment on a pull request. html: one file. sarif, github, gitlab: remarks on the lines "
    "of the specs.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Also save the plan, for `mbx apply FILE`."
)
@click.option("--at", metavar="TIME", help="Plan as if it were then: a date or a timestamp.")
@click.option(
    "--snapshot", "where", metavar="FILE|URL", help="Plan from what `mbx snapshot` wrote, without signing in."
)
@click.option(
    "--max-age", default="24h", show_default=True, metavar="SPAN", help="How old a snapshot may be."
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there is something to do.")
def command(
    form: str,
    out: Path | None,
    at: str | None,
    where: str | None,
    max_age: str,
    detailed_exitcode: bool,
    **common: Any,
) -> int:
    """Shows what would change, and why. Never writes.

    Exit status: 0 it could be computed; 1 an error; 5 a safety limit or policy refuses something; with
    --detailed-exitcode 2 where there are changes.
    """
    return run(_plan(_Wish(form, out, at, where, longest_age(max_age)), detailed_exitcode, common))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for: which form, saved where, as of when, from which snapshot."""

    form: str
    out: Path | None
    at: str | None
    snapshot: str | None
    longest: timedelta


async def _plan(wish: _Wish, detailed: bool, common: dict[str, Any]) -> int:
    session = open_session(**common)
    if len(session.tenants) > 1 and (wish.form in SINGLE or wish.out or wish.snapshot):
        asked = "--out" if wish.out else "--snapshot" if wish.snapshot else f"--format {wish.form}"
        raise UsageError(f"several tenants: choose one with --tenant for {asked}")
    if wish.out and wish.at:
        raise UsageError("--at shows another day's plan, which cannot be applied: leave out --out")
    journal = None if wish.snapshot else optional_journal(session.settings)

    async def one(specs: TenantSpecs) -> int:
        plan = await _planned(session, specs, wish, journal)
        if wish.out:
            save(wish.out, sealed(session, specs, plan))
        show_plan(plan, wish.form, paint())
        return outcome.of_plan(plan, detailed=detailed)

    return await each_tenant(session, one)


async def _planned(session: Session, specs: TenantSpecs, wish: _Wish, journal: Journal | None) -> Plan:
    at = _moment(wish.at, specs)
    if wish.snapshot:
        return await planned_from(session, specs, wish.snapshot, wish.longest, at=at)
    async with session.connection(specs) as connection:
        return (await prepare(session.setting(specs, journal, at=at), connection.reader())).plan


def sealed(session: Session, specs: TenantSpecs, plan: Plan, *, committed: bool = True) -> str:
    """The text of a saved plan. `committed` is False where no folder in git has these specs."""
    given = session.settings.plan_key
    key = private_key(given.get_secret_value(), "MBX_PLAN_KEY") if given else None
    folder = inside(session.folder) if committed else None
    return seal(plan, specs, session.targets, session.selector, folder=folder, key=key)


def save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {path}: {error.strerror}") from None


def _moment(text: str | None, specs: TenantSpecs) -> datetime | None:
    if text is None:
        return None
    tenant: Any = specs.tenant.spec
    try:
        return starts_at(parse_moment(text), tenant.zone)
    except ValueError as error:
        raise UsageError(f"--at: {error}") from None
