"""`mbx apply`: plans, asks, applies, and reads back."""

from __future__ import annotations

import sys
from typing import Any

import click

from controller.cli import outcome
from controller.cli.session import Session, open_session, run, tenant_options
from controller.cli.terminal import closing, paint, show_plan, tell
from controller.errors import UsageError
from controller.journal import Journal
from controller.reconciler import Setting, carry_out, may_start, prepare
from controller.spec import TenantSpecs

_EXAMPLES = """\b
Examples:
  mbx apply                                  shows the plan and asks
  mbx apply --yes                            in a pipeline
  mbx apply --target support@entreprise.example
"""


@click.command("apply", epilog=_EXAMPLES)
@tenant_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(yes: bool, **common: Any) -> int:
    """Plans, asks, applies what the plan shows, and reads it back.

    Exit status: 0 all is as the specs say, or accepted; 1 nothing could be attempted; 3 something is not
    as the specs say: blocked, failed, unreadable; 5 a safety limit or policy refuses something.
    """
    return run(_apply(yes, common))


async def _apply(yes: bool, common: dict[str, Any]) -> int:
    session = open_session(**common)
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody can be asked here: pass --yes to apply without a question")
    statuses = []
    with Journal.open(session.settings.journal_url) as journal:
        for specs in session.tenants:
            statuses.append(await _one(session, specs, journal, yes))
    return outcome.first(statuses)


async def _one(session: Session, specs: TenantSpecs, journal: Journal, yes: bool) -> int:
    setting = session.setting(specs, journal, told=tell)
    with journal.lock(setting.tenant_id) as waited:
        if waited:
            click.echo("another apply was at work on this tenant; planning anew", err=True)
        async with session.connection(specs) as connection:
            return await _locked(setting, connection, yes)


async def _locked(setting: Setting, connection: Any, yes: bool) -> int:
    prepared = await prepare(setting, connection.reader())
    show_plan(prepared.plan, "text", paint())
    if not may_start(prepared.plan) or prepared.observed.directory_error:
        return outcome.ERROR
    if prepared.plan.open_changes and not yes and not click.confirm("\nApply this plan?"):
        click.echo("Nothing was changed.")
        return outcome.GOOD
    done = await carry_out(setting, connection, prepared)
    held = sum(1 for change in done.plan.changes if change.blocked_by)
    click.echo(closing(done.outcomes, held))
    return outcome.of_cycle(done)
