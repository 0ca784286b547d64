"""`mbx restore`: a mailbox as it was on another day, as a plan or as a change of its document."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from controller.cli import outcome
from controller.cli.diffs import show_diff
from controller.cli.plan import save, sealed
from controller.cli.session import Session, open_session, place_options, run
from controller.cli.terminal import paint, show_plan
from controller.errors import UsageError
from controller.intake import restored
from controller.journal import Journal, Said
from controller.reconciler import prepare
from controller.recorded import standing_at
from controller.report import FORMATS
from controller.report.text import plain, short
from controller.spec import TenantSpecs
from controller.spec.dates import ends_at, parse_moment
from controller.spec.files import repository_root

_EXAMPLES = """\b
Examples:
  mbx restore support@entreprise.example --at 2026-12-03
  mbx restore support@entreprise.example --at 2026-12-03T09:00 --out plan.json
                                             to be reviewed, then `mbx apply plan.json`
  mbx restore support@entreprise.example --at 2026-12-03 --spec
                                             the document instead, for a pull request
"""
_LOST = (
    "Not brought back: mail, folders' contents, what the document did not speak of, and access whose time "
    "is over."
)
_ALL = 1_000_000  # rows of one address


@click.command("restore", epilog=_EXAMPLES)
@click.argument("address")
@click.option(
    "--at", required=True, metavar="TIME", help="As its document was applied by then: a date or a timestamp."
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Also save the plan, for `mbx apply FILE`."
)
@click.option("--spec", is_flag=True, help="Write the document instead. Asks no tenant.")
@click.option("--diff", is_flag=True, help="With --spec: show what would be written, and write nothing.")
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True,
    help="Of the plan; as with `mbx plan`.",
)  # fmt: skip
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there is something to do.")
@place_options
def command(address: str, **rest: Any) -> int:
    """Shows the plan that makes a mailbox what its document said on another day. Never writes to the tenant:
    a person reviews the plan, and applies it.

    The limits, policies and approvals of today hold. As long as the document in git says otherwise, the next
    apply undoes what was restored: --spec writes it.

    Exit status: as of plan.
    """
    return run(_restore(address.lower(), **rest))


async def _restore(
    address: str, at: str, out: Path | None, spec: bool, diff: bool, form: str, detailed_exitcode: bool,
    **common: Any,
) -> int:  # fmt: skip
    if spec and out:
        raise UsageError("--spec writes the document, --out saves a plan: choose one")
    if diff and not spec:
        raise UsageError("--diff belongs to --spec")
    session = open_session(specs=None, target=(), selector=(), **common)
    if len(session.tenants) > 1:
        raise UsageError("several tenants: choose one with --tenant")
    (specs,) = session.tenants
    tenant: Any = specs.tenant.spec
    moment = _moment(at, tenant.zone)
    with Journal.open(session.settings.journal_url) as journal:
        said = _said(journal, tenant.tenant_id, address, moment)
        _tell(journal, tenant.tenant_id, said, moment)
        with tempfile.TemporaryDirectory(prefix="mbx-restore-") as scratch:
            folder = session.folder.resolve()
            root = (repository_root(folder) or Path.cwd()).resolve()
            texts, after = restored(specs, said.key, said.contents, folder, root, Path(scratch))
            if spec:
                return _write(texts, root, only_show=diff)
            session = replace(session, targets=frozenset({said.key.address}))
            status = _plan(session, after, journal, out, form, bool(texts), detailed_exitcode)
            return await status


async def _plan(
    session: Session, specs: TenantSpecs, journal: Journal, out: Path | None, form: str,
    changed: bool, detailed: bool,
) -> int:  # fmt: skip
    setting = session.setting(specs, journal)
    if changed:
        setting = replace(setting, commit=None)  # no commit says this
    async with session.connection(specs) as connection:
        plan = (await prepare(setting, connection.reader())).plan
    if out:
        save(out, sealed(session, specs, plan, committed=not changed))
    show_plan(plan, form, paint())
    click.echo(_LOST, err=True)
    if changed and plan.changes:
        click.echo(
            "The document of today says otherwise, and the next apply of it undoes this: --spec writes it.",
            err=True,
        )
    return outcome.of_plan(plan, detailed=detailed)


def _moment(text: str, zone: Any) -> datetime:
    try:
        return ends_at(parse_moment(text), zone)
    except ValueError as error:
        raise UsageError(f"--at: {error}") from None


def _said(journal: Journal, tenant_id: str, address: str, moment: datetime) -> Said:
    said = journal.documents.said_at(tenant_id, address, moment)
    if said is not None:
        return said
    since = journal.documents.known_since(tenant_id, address)
    if since is None:
        raise UsageError(f"no document of {address} was ever applied with this journal: check the address")
    raise UsageError(
        f"what the document of {address} said by then is not on record, which begins on "
        f"{since:%Y-%m-%d %H:%M:%S} UTC: name a later moment"
    )


def _tell(journal: Journal, tenant_id: str, said: Said, moment: datetime) -> None:
    address = said.key.address
    commit = f" from {short(said.commit)}" if said.commit else ""
    click.echo(
        f"{address} as its document said since {said.at:%Y-%m-%d %H:%M:%S} UTC, when it was applied{commit}.",
        err=True,
    )
    seen = journal.seen(tenant_id, address, limit=_ALL)
    for one in standing_at(seen, journal.history(tenant_id, address, limit=_ALL), moment):
        by = f" by {plain(one.author.who)}" if one.author else ""
        click.echo(
            f"{plain('.'.join(one.path))} was changed by hand at that time (seen {one.at:%Y-%m-%d %H:%M:%S} "
            f"UTC){by}: it is restored as the document said, not as it was found",
            err=True,
        )


def _write(texts: dict[Path, str], root: Path, *, only_show: bool) -> int:
    for path, text in texts.items():
        show_diff(path, text, root)
        if not only_show:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
    if not texts:
        click.echo("Nothing to write: the document says so today.")
    elif not only_show:
        click.echo("Written down. Next: review, commit, and plan.")
    return outcome.GOOD
