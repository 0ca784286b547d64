"""`mbx suspend`, `mbx resume`, `mbx accept`: what an operator tells the loop, kept in the journal."""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from controller.cli.session import open_session
from controller.errors import UsageError
from controller.journal import Journal, Order, Will
from controller.settings import load_settings

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SUSPEND: Final = """\b
Examples:
  mbx suspend --reason "Migration, ticket 4711"        the whole tenant
  mbx suspend support@entreprise.example --reason "Being looked into"
"""
_RESUME: Final = """\b
Examples:
  mbx resume
  mbx resume support@entreprise.example
"""
_ACCEPT: Final = """\b
Example:
  mbx accept 9f3c5e0d6a1b2c3d4e5f60718293a4b5c6d7e8f9 --reason "History rewritten, ticket 4711"
"""


def _whose(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which tenant an order is about."""
    options = (
        click.option("--specs", "folder", type=click.Path(path_type=Path),
                     help="The specs folder that names the tenant. Default: MBX_SPECS, else ./specs."),
        click.option("--tenant", metavar="NAME", help="The tenant, where the specs have several."),
        click.option("--tenant-id", metavar="ID",
                     help="The tenant by its id, where no specs folder is at hand. Default: MBX_TENANT_ID."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why: shown in plans and kept.")


@click.command("suspend", epilog=_SUSPEND)
@click.argument("address", required=False)
@_REASON
@_whose
def suspend(address: str | None, reason: str, **whose: Any) -> int:
    """Leaves a tenant, or one resource, alone until `mbx resume`: it is looked at and told, and nothing of
    it is applied, neither by the loop nor by `mbx apply`."""
    journal, tenant_id, name = _open(address, **whose)
    with journal:
        _give(journal, tenant_id, Will.SUSPEND, (address or "").lower(), reason)
    click.echo(
        f"Suspended: {address or name}. Nothing of it is applied until `mbx resume{_behind(address)}`."
    )
    return 0


@click.command("resume", epilog=_RESUME)
@click.argument("address", required=False)
@_whose
def resume(address: str | None, **whose: Any) -> int:
    """Ends `mbx suspend`. What was suspended by address is resumed by address."""
    journal, tenant_id, name = _open(None, **whose)
    with journal:
        suspended = journal.orders.suspended(tenant_id)
        subject = (address or "").lower()
        if subject not in suspended:
            others = ", ".join(sorted(each or name for each in suspended)) or "nothing"
            raise UsageError(f"{address or name} is not suspended; {others} is")
        _give(journal, tenant_id, Will.RESUME, subject, "")
    click.echo(f"Resumed: {address or name}.")
    return 0


@click.command("accept", epilog=_ACCEPT)
@click.argument("commit")
@_REASON
@_whose
def accept(commit: str, reason: str, **whose: Any) -> int:
    """Lets the loop go on from a commit that it refuses: one that is older than what was applied last or
    beside it, or not signed as it must be. It counts as what was applied last, whatever came before."""
    if not _COMMIT.fullmatch(commit):
        raise UsageError(f"{commit}: expected the whole id of a commit, as the refusal names it")
    journal, tenant_id, name = _open(None, **whose)
    with journal:
        _give(journal, tenant_id, Will.ACCEPT, commit, reason)
    click.echo(f"Accepted for {name}: {commit}. The loop goes on from there at its next look.")
    return 0


def _give(journal: Journal, tenant_id: str, will: Will, subject: str, reason: str) -> None:
    order = Order(will, subject, " ".join(reason.split()), getpass.getuser(), datetime.now(UTC))
    journal.orders.give(tenant_id, order)


def _open(
    address: str | None, folder: Path | None, tenant: str | None, tenant_id: str | None
) -> tuple[Journal, str, str]:
    """The journal, and the tenant's id and name. Specs, where there are any, must know the address."""
    settings = load_settings()
    chosen = tenant_id or (settings.tenant_id if folder is None and tenant is None else None)
    if chosen:
        return Journal.open(settings.journal_url), chosen, chosen
    target = [address] if address else []
    session = open_session(None, folder, target, [], tenant, None, None)
    if len(session.tenants) > 1:
        raise UsageError("several tenants: choose one with --tenant")
    spec: Any = session.tenants[0].tenant.spec
    return Journal.open(settings.journal_url), spec.tenant_id, spec.name


def _behind(address: str | None) -> str:
    return f" {address}" if address else ""
