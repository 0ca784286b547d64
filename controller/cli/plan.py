"""`mbx plan`: what would change, and why."""

from __future__ import annotations

from datetime import datetime
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
from controller.cli.terminal import paint, show_plan
from controller.errors import UsageError
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
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there is something to do.")
def command(form: str, out: Path | None, at: str | None, detailed_exitcode: bool, **common: Any) -> int:
    """Shows what would change, and why. Never writes.

    Exit status: 0 it could be computed; 1 an error; 5 a safety limit or policy refuses something; with
    --detailed-exitcode 2 where there are changes.
    """
    return run(_plan(form, out, at, detailed_exitcode, common))


async def _plan(form: str, out: Path | None, at: str | None, detailed: bool, common: dict[str, Any]) -> int:
    session = open_session(**common)
    if len(session.tenants) > 1 and (form in SINGLE or out):
        asked = "--out" if out else f"--format {form}"
        raise UsageError(f"several tenants: choose one with --tenant for {asked}")
    if out and at:
        raise UsageError("--at shows another day's plan, which cannot be applied: leave out --out")
    journal = optional_journal(session.settings)

    async def one(specs: TenantSpecs) -> int:
        setting = session.setting(specs, journal, at=_moment(at, specs))
        async with session.connection(specs) as connection:
            prepared = await prepare(setting, connection.reader())
        if out:
            _save(out, _sealed(session, specs, prepared.plan))
        show_plan(prepared.plan, form, paint())
        return outcome.of_plan(prepared.plan, detailed=detailed)

    return await each_tenant(session, one)


def _sealed(session: Session, specs: TenantSpecs, plan: Plan) -> str:
    given = session.settings.plan_key
    key = private_key(given.get_secret_value(), "MBX_PLAN_KEY") if given else None
    folder = inside(session.folder)
    return seal(plan, specs, session.targets, session.selector, folder=folder, key=key)


def _save(path: Path, text: str) -> None:
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
