"""`mbx drift`: only what somebody changed behind the controller's back; where the audit log tells, who."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from controller.blame import Deed, blame, is_recorded
from controller.cli import outcome
from controller.cli.session import (
    FORMATS,
    Session,
    each_tenant,
    open_session,
    optional_journal,
    run,
    tenant_options,
)
from controller.errors import ServiceError, StateError, UsageError
from controller.guard import is_guard
from controller.journal import Journal
from controller.model import Cause, Change, Finding, Plan, Severity
from controller.reconciler import Prepared, prepare
from controller.report.as_json import change_document
from controller.report.text import described, plain
from controller.spec import TenantSpecs

_EXAMPLES = """\b
Examples:
  mbx drift
  mbx drift --target support@entreprise.example
  mbx drift --format json || test $? -eq 2
"""
_NO_RECORD = "No record: nothing was applied from here yet, so that nothing can be told to be drift."


@click.command("drift", epilog=_EXAMPLES)
@tenant_options
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
def command(form: str, **common: Any) -> int:
    """Shows what somebody changed since the controller last applied, and where the audit log tells, who
    and when. Changes that git is ahead with are not drift.

    Exit status: 0 none, 2 drift, 1 an error. Without a journal there is no record to hold it against.
    """
    return run(_drift(form, common))


async def _drift(form: str, common: dict[str, Any]) -> int:
    session = open_session(**common)
    if len(session.tenants) > 1 and form == "json":
        raise UsageError("several tenants: choose one with --tenant for --format json")
    journal = optional_journal(session.settings)
    return await each_tenant(session, lambda specs: _one(session, specs, journal, form))


async def _one(session: Session, specs: TenantSpecs, journal: Journal | None, form: str) -> int:
    setting = session.setting(specs, journal)
    async with session.connection(specs) as connection:
        prepared = await prepare(setting, connection.reader())
        drifted = [change for change in prepared.plan.changes if change.cause is Cause.DRIFT]
        deeds: Mapping[str, Deed] = {}
        if drifted:
            try:
                deeds = await blame(
                    connection.reader(),
                    drifted,
                    prepared.observed.directory,
                    since=prepared.memory.agreed,
                    until=setting.now(),
                    session_id=str(uuid.uuid4()),
                    own_app=session.identity(specs).client_id,
                )
            except ServiceError as error:
                click.echo(f"warning: the audit log cannot tell who: {error}", err=True)
    if journal is not None:
        _note(journal, setting.tenant_id, drifted, deeds, setting.now())
    _show(prepared, drifted, deeds, form)
    if _in_error(prepared.plan):
        return outcome.ERROR
    return outcome.CHANGES if drifted else outcome.GOOD


def _note(
    journal: Journal, tenant_id: str, drifted: list[Change], deeds: Mapping[str, Deed], at: datetime
) -> None:
    """What was seen goes on record; whoever only wants to look sees it all the same."""
    try:
        journal.record_drift(tenant_id, drifted, at=at, authors=deeds)
    except StateError as error:
        click.echo(f"warning: what was found could not be written down: {error}", err=True)


def _show(prepared: Prepared, drifted: list[Change], deeds: Mapping[str, Deed], form: str) -> None:
    if not prepared.memory.known:
        click.echo(_NO_RECORD, err=form == "json")
    if form == "json":
        click.echo(json.dumps([_plain(change, deeds) for change in drifted], ensure_ascii=False, indent=2))
        return
    plan = prepared.plan
    for finding in _in_error(plan):
        click.echo(plain(f"error: {finding.id}: {finding.message}"), err=True)
    if prepared.memory.known and not drifted and not _in_error(plan):
        click.echo(f"No drift in {plan.tenant}.")
    address = ""
    for change in drifted:
        if change.key.address != address:
            address = change.key.address
            click.echo(address)
        click.echo(f"  {described(change)}")
        click.echo(f"      {_by(change, deeds.get(change.id))}")


def _in_error(plan: Plan) -> list[Finding]:
    """What keeps drift from being seen whole. What the guard would hold back on the way home does not."""
    return [f for f in plan.findings if f.severity is Severity.ERROR and not is_guard(f.code)]


def _by(change: Change, deed: Deed | None) -> str:
    if deed is None and not is_recorded(change):
        return "by: nobody can tell, as the audit log does not record this"
    if deed is None:
        return "by: the audit log has no record of it yet (records come late)"
    return f"by {plain(deed.who)} at {deed.at:%Y-%m-%d %H:%M:%S} UTC ({deed.operation})"


def _plain(change: Change, deeds: Mapping[str, Deed]) -> dict[str, Any]:
    deed = deeds.get(change.id)
    by = {"who": deed.who, "at": deed.at.isoformat(), "operation": deed.operation} if deed else None
    return {**change_document(change), "by": by}
