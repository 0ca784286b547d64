"""`mbx history`: what was applied, when, from which commit, with which result; what was changed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from controller.cli import outcome
from controller.cli.session import Session, chosen_options, open_session
from controller.errors import UsageError
from controller.journal import HistoryRow, Journal, Sighting
from controller.report.text import plain, short

_EXAMPLES = """\b
Examples:
  mbx history support@entreprise.example
  mbx history --limit 20 --format json
  mbx history --verify                     exit status 1 where the record was tampered with
"""


@click.command("history", epilog=_EXAMPLES)
@click.argument("address", required=False)
@chosen_options
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many, the newest."
)
@click.option("--verify", is_flag=True, help="Check that nothing was altered, taken away or put in.")
@click.option("--head", metavar="HEX", help="With --verify: a head noted earlier, to be found in it.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(address: str | None, limit: int, form: str, verify: bool, head: str | None, **common: Any) -> int:
    """Shows what was applied, when, from which commit, with which result, and what was seen to be changed by
    hand, and by whom, if the audit log told; the newest first.

    ADDRESS: of one resource, also of one whose document is gone. Left out: of all.
    """
    folder = None if address is None or "@" in address else Path(address)  # as with the commands beside it
    session = open_session(folder, **common)
    if head and not verify:
        raise UsageError("--head belongs to --verify")
    if verify:
        return _verify(session, head)
    address = None if folder else address
    rows = _rows(session, address, limit)
    if form == "json":
        click.echo(json.dumps([_plain(row) for row in rows], ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        if isinstance(row, Sighting):
            _show_sighting(row)
        else:
            _show_applied(row)
    if not rows:
        click.echo("Nothing was applied yet.")
    return 0


def _show_applied(row: HistoryRow) -> None:
    status = row.status or "cut off"
    commit = f"  {short(row.commit)}" if row.commit else ""
    click.echo(f"{row.at:%Y-%m-%d %H:%M:%S}  {status:<11}  {row.action:<7} {row.change_id}{commit}")
    if row.error:
        click.echo(f"    {row.error}")


def _show_sighting(row: Sighting) -> None:
    values = f"{json.dumps(row.before, ensure_ascii=False)} → {json.dumps(row.after, ensure_ascii=False)}"
    click.echo(plain(f"{row.at:%Y-%m-%d %H:%M:%S}  {'by hand':<11}  seen    {row.change_id}  {values}"))
    if row.author:
        told = f"{row.author.who} at {row.author.at:%Y-%m-%d %H:%M:%S} UTC ({row.author.operation})"
        click.echo(f"    by {plain(told)}")


def _verify(session: Session, noted: str | None) -> int:
    status = outcome.GOOD
    if noted and len(session.tenants) > 1:
        raise UsageError("several tenants: choose one with --tenant for --head")
    with Journal.open(session.settings.journal_url) as journal:
        for specs in session.tenants:
            tenant: Any = specs.tenant.spec
            proof = journal.verify(tenant.tenant_id, head=noted)
            if proof.misfit is None:
                click.echo(f"{tenant.name}: {proof.links} links, each fits. Head: {proof.head}")
                continue
            status = outcome.ERROR
            found = proof.misfit
            click.echo(f"{tenant.name}: does not fit at link {found.position}: {found.what}: {found.why}")
    return status


def _rows(session: Session, asked: str | None, limit: int) -> list[HistoryRow | Sighting]:
    addresses = {asked.lower()} if asked else session.targets
    rows: list[HistoryRow | Sighting] = []
    with Journal.open(session.settings.journal_url) as journal:
        for specs in session.tenants:
            tenant: Any = specs.tenant.spec
            for address in addresses or (None,):
                rows += journal.history(tenant.tenant_id, address, limit=limit)
                rows += journal.seen(tenant.tenant_id, address, limit=limit)
    return sorted(rows, key=lambda row: row.at, reverse=True)[:limit]


def _plain(row: HistoryRow | Sighting) -> dict[str, Any]:
    if isinstance(row, Sighting):
        one = row.author
        by = {"who": one.who, "at": one.at.isoformat(), "operation": one.operation} if one else None
        shown = {"at": row.at.isoformat(), "id": row.change_id, "before": row.before, "after": row.after}
        return {**shown, "action": "by-hand", "status": "seen", "by": by}
    return {
        "at": row.at.isoformat(),
        "id": row.change_id,
        "action": row.action,
        "before": row.before,
        "after": row.after,
        "status": row.status,
        "error": row.error,
        "commit": row.commit,
        "requestIds": list(row.request_ids),
    }
