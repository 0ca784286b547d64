"""`mbx apply`: plans, asks, applies, and reads back."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from controller.cli import outcome
from controller.cli.session import Session, each_tenant, open_session, run, tenant_options
from controller.cli.terminal import closing, paint, show_plan, tell
from controller.errors import SpecError, StaleError, UsageError
from controller.journal import Journal
from controller.keys import public_key
from controller.reconciler import Setting, carry_out, expect_leave, may_start, prepare
from controller.saved import Saved, check, check_signer, open_sealed, unpack
from controller.settings import load_settings
from controller.source import check_merged
from controller.spec import Tenant, TenantSpecs, load

_EXAMPLES = """\b
Examples:
  mbx apply                                  shows the plan and asks
  mbx apply --yes                            in a pipeline
  mbx apply --target support@entreprise.example
  mbx apply plan.json --yes                  exactly the plan that was saved and reviewed
"""


@click.command("apply", epilog=_EXAMPLES)
@tenant_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(yes: bool, **common: Any) -> int:
    """Plans, asks, applies what the plan shows, and reads it back. Instead of specs it takes a plan that
    `mbx plan --out` saved, and applies it only if what it was made from still holds.

    Exit status: 0 all is as the specs say, or accepted; 1 nothing could be attempted; 3 something is not
    as the specs say: blocked, failed, unreadable; 4 the saved plan is stale, altered, applied already, of
    another commit or tenant, or not signed as wanted; 5 a safety limit or policy refuses something.
    """
    given: Path | None = common["specs"]
    if given is None or not given.is_file():
        return run(_apply(yes, common, None))
    saved = open_saved(given, common["folder"])
    with tempfile.TemporaryDirectory(prefix="mbx-plan-") as root:
        specs = unpack(saved, Path(root))
        chosen = {"specs": specs, "root": Path(root), "folder": None, "target": sorted(saved.targets)}
        chosen["selector"] = [f"{name}={value}" for name, value in saved.selector.items()]
        return run(_apply(yes, {**common, **chosen}, saved))


def open_saved(path: Path, specs: Path | None) -> Saved:
    """A saved plan, held against the specs, the checkout and the tenant at hand before anybody signs in."""
    try:
        saved = open_sealed(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    settings = load_settings()
    if settings.plan_public_key:
        check_signer(saved, public_key(settings.plan_public_key, "MBX_PLAN_PUBLIC_KEY"))
    wanted = settings.tenant_id
    if wanted and wanted.lower() != saved.tenant_id.lower():
        raise StaleError(f"the plan is for tenant {saved.tenant_id}, and MBX_TENANT_ID is {wanted}")
    if specs is not None:
        digests = {tenant.digest for tenant in load(specs).tenants}
        if saved.specs_digest not in digests:
            raise StaleError(f"the plan was made from other specs than those in {specs}")
        return saved
    _check_tenant(saved, settings.specs)
    if saved.plan["commit"]:
        check_merged(Path.cwd(), saved.plan["commit"], saved.specs_digest, saved.folder)
    return saved


def _check_tenant(saved: Saved, specs: Path) -> None:
    """Whether the specs at hand, if there are any, know the plan's tenant. What else they say is no matter:
    the plan carries its own."""
    try:
        tenants = [one.tenant.spec for one in load(specs).tenants]
    except (SpecError, UsageError):
        return
    known = {one.tenant_id.lower() for one in tenants if isinstance(one, Tenant)}
    if known and saved.tenant_id.lower() not in known:
        raise StaleError(f"the plan is for tenant {saved.tenant_id}, and the specs in {specs} are not")


async def _apply(yes: bool, common: dict[str, Any], saved: Saved | None) -> int:
    session = open_session(**common)
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody can be asked here: pass --yes to apply without a question")
    with Journal.open(session.settings.journal_url) as journal:
        return await each_tenant(session, lambda specs: _one(session, specs, journal, yes, saved))


async def _one(session: Session, specs: TenantSpecs, journal: Journal, yes: bool, saved: Saved | None) -> int:
    setting = session.setting(specs, journal, told=tell)
    if saved:
        setting = replace(setting, commit=saved.plan["commit"])
    with journal.lock(setting.tenant_id) as waited:
        if waited:
            click.echo("another apply was at work on this tenant; planning anew", err=True)
        async with session.connection(specs) as connection:
            return await _locked(setting, connection, yes, saved)


async def _locked(setting: Setting, connection: Any, yes: bool, saved: Saved | None) -> int:
    prepared = await prepare(setting, connection.reader())
    if saved and not prepared.observed.directory_error:
        check(saved, prepared.plan)
    show_plan(prepared.plan, "text", paint())
    if not may_start(prepared.plan) or prepared.observed.directory_error:
        return outcome.ERROR
    await expect_leave(connection.reader(), prepared.plan)
    if prepared.plan.open_changes and not yes and not click.confirm("\nApply this plan?"):
        click.echo("Nothing was changed.")
        return outcome.ERROR  # as terraform has it: what was asked for was not done
    done = await carry_out(setting, connection, prepared)
    held = sum(1 for change in done.plan.changes if change.blocked_by)
    click.echo(closing(done.outcomes, held))
    if done.powerless:
        click.echo("Error: this identity may only read: every write was denied, nothing changed", err=True)
    return outcome.of_cycle(done)
