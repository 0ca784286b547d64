"""`mbx adopt`: drift accepted into git."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from controller.cli.diffs import show_diff
from controller.cli.session import chosen_options, each_tenant, open_session, optional_journal, run
from controller.clients import Reader
from controller.errors import SpecError, UsageError
from controller.intake import Adopted, adopt
from controller.reconciler import Setting, prepare
from controller.spec import TenantSpecs, load
from controller.spec.files import repository_root

_EXAMPLES = """\b
Examples:
  mbx adopt support@entreprise.example       what the tenant has, into its document
  mbx adopt support@entreprise.example --diff
                                             only show what would be written
  git diff && git commit -am "Bob stays"     then a pull request, as ever
"""


@click.command("adopt", epilog=_EXAMPLES)
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS…")
@chosen_options
@click.option("--diff", is_flag=True, help="Show what would be written, and write nothing.")
def command(addresses: tuple[str, ...], diff: bool, target: tuple[str, ...], **common: Any) -> int:
    """Writes what the tenant has into the documents that say otherwise. Never writes to the tenant.

    Only the lines concerned change; comments, order and style stay. A text kept in a file beside the
    document is written there.

    Exit status: 0 everything that differs is written down; 1 something is not, or an error.
    """
    return run(_adopt((*addresses, *target), diff, common))


async def _adopt(addresses: tuple[str, ...], only_show: bool, common: dict[str, Any]) -> int:
    session = open_session(specs=None, target=addresses, **common)
    journal = optional_journal(session.settings)
    folder = session.folder.resolve()
    root = (repository_root(folder) or Path.cwd()).resolve()

    async def one(specs: TenantSpecs) -> int:
        setting = session.setting(specs, journal)
        keys = frozenset(d.key for d in specs.documents if d.key and d.key.address in session.targets)
        if not keys:
            return 0
        async with session.connection(specs) as connection:
            reader = connection.reader()
            prepared = await prepare(setting, reader)
            adopted = adopt(prepared, folder, root, keys)
            unread = sorted(key.address for key in prepared.plan.unreadable & keys)
            still = await _still_differs(adopted, folder, setting, reader) if adopted.files else []
        for path, text in adopted.files.items():
            show_diff(path, text, root)
            if not only_show:
                path.write_text(text, encoding="utf-8", newline="")
        return _told(adopted, still, unread, only_show=only_show)

    return await each_tenant(session, one)


async def _still_differs(adopted: Adopted, folder: Path, setting: Setting, reader: Reader) -> list[str]:
    """What a plan of the new texts would still change, of what was written down."""
    left = {change.id for change, _ in adopted.left}
    with tempfile.TemporaryDirectory(prefix="mbx-adopt-") as scratch:
        copy = Path(scratch) / "specs"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".git"))
        for path, text in adopted.files.items():
            (copy / path.relative_to(folder)).write_text(text, encoding="utf-8", newline="")
        try:
            tenants = load(copy, root=copy).tenants
        except SpecError as error:
            raise UsageError(
                f"what the tenant has cannot be said in these documents, and nothing was written:\n{error}"
            ) from None
        name = setting.tenant.name
        (specs,) = (each for each in tenants if getattr(each.tenant.spec, "name", "") == name)
        plan = (await prepare(replace(setting, specs=specs), reader)).plan
    return [change.id for change in plan.changes if change.id not in left]


def _told(adopted: Adopted, still: list[str], unread: list[str], *, only_show: bool) -> int:
    for change, why in adopted.left:
        click.echo(f"not adopted: {change.key.address} {change.field}: {why}", err=True)
    for ident in still:
        click.echo(f"not adopted in full: {ident} would still change", err=True)
    for address in unread:
        click.echo(f"not looked at: {address} could not be read", err=True)
    count = len(adopted.done)
    differences = "1 difference" if count == 1 else f"{count} differences"
    if not count and not adopted.left and not unread:
        click.echo("Nothing to adopt: the documents say what the tenant has.")
    elif count and not only_show:
        click.echo(f"{differences} written down. Next: review, commit, and plan: nothing is left to change.")
    return 1 if adopted.left or still or unread else 0
