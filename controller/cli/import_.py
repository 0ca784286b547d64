"""`mbx import`: specs from what a tenant has."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import click

from controller.cli.session import LEVELS, LOG_FORMATS, run
from controller.clients import connect
from controller.directory import Directory
from controller.errors import UsageError
from controller.intake import Choice, Specs, Taken, choose, take
from controller.log import set_up
from controller.settings import for_credentials, load_settings
from controller.spec import TenantSpecs, load
from controller.spec.models.document import DocumentModel
from controller.survey import read_directory

_EXAMPLES = """\b
Examples:
  mbx import --all --out specs               every shared mailbox and list
  mbx import support@entreprise.example --out specs
  mbx import --filter 'support*' --out specs
  mbx import direction@entreprise.example --out specs
                                             a person's mailbox: a MailboxDelegation
  mbx plan specs                             changes nothing
"""
_TENANT = """\
kind: Tenant
name: {name}
tenantId: {tenant_id}
mode: report # the loop only reports; apply lets it write
# timeZone: Europe/Paris   in which dates count; UTC where it is left out
"""


@click.command("import", epilog=_EXAMPLES)
@click.argument("addresses", nargs=-1, metavar="[ADDRESS…]")
@click.option("--all", "everything", is_flag=True, help="Every shared mailbox and every distribution list.")
@click.option(
    "--filter",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    help="Shared mailboxes and lists with an address or a display name like this: * stands for anything.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The specs folder to write to. What is managed there already is left as it is.",
)
@click.option("--no-profiles", is_flag=True, help="Say everything in each document, even what all share.")
@click.option("--tenant", metavar="NAME", help="The tenant, where the specs folder has several.")
@click.option("--log-level", type=LEVELS, help="What is logged to stderr. Default: MBX_LOG_LEVEL.")
@click.option("--log-format", type=LOG_FORMATS, help="auto: text on a terminal, JSON elsewhere.")
def command(addresses: tuple[str, ...], everything: bool, patterns: tuple[str, ...], **rest: Any) -> int:
    """Writes specs from what exists; planning them changes nothing. Never writes to the tenant.

    Where the folder has no Tenant document yet, MBX_TENANT_ID names the tenant, and tenant.yaml is written.
    What a document cannot say, or a person has to decide, stands in it as a comment.

    Exit status: 0 done; 1 an error.
    """
    if not (addresses or everything or patterns):
        raise UsageError("name what to import: addresses, --filter PATTERN, or --all")
    return run(_import(addresses, everything, patterns, **rest))


async def _import(
    addresses: tuple[str, ...],
    everything: bool,
    patterns: tuple[str, ...],
    out: Path,
    no_profiles: bool,
    tenant: str | None,
    log_level: str | None,
    log_format: str | None,
) -> int:
    settings = load_settings()
    set_up(level=log_level or settings.log_level, form=log_format or settings.log_format)
    specs = _written(out, tenant)
    of_tenant: Any = specs.tenant.spec if specs else None
    tenant_id = of_tenant.tenant_id if of_tenant else settings.tenant_id
    if not tenant_id:
        raise UsageError(f"{out} has no Tenant document: set MBX_TENANT_ID, and one is written there")
    who = for_credentials(settings, of_tenant.credentials if of_tenant else None).require_sign_in()
    cloud = str(of_tenant.cloud) if of_tenant else "global"
    async with connect(who, tenant_id=tenant_id, cloud=cloud) as connection:
        reader = connection.reader()
        directory = await read_directory(reader)
        choices, known = _new(choose(directory, addresses, patterns, everything=everything), specs)
        if known:
            click.echo(f"{len(known)} managed in {out} already, and left as they are.", err=True)
        if not choices:
            click.echo("Nothing to import.")
            return 0
        beginning = {} if specs else {"tenant.yaml": _tenant(directory, tenant_id)}
        place = Specs(out if specs else None, beginning)
        total = len(choices)
        taken = await take(
            reader, directory, choices, place, datetime.now(UTC), with_profiles=not no_profiles,
            told=lambda count: click.echo(f"Looked at {count} of {total}…", err=True),
        )  # fmt: skip
    _deliver(taken, out)
    return 0


def _written(out: Path, name: str | None) -> TenantSpecs | None:
    """The tenant of the folder, with what it manages already; None where there is none yet."""
    if not out.exists() or not any(out.iterdir()):
        return None
    tenants = load(out).tenants
    if name is not None:
        tenants = tuple(one for one in tenants if _name(one) == name)
    if len(tenants) != 1:
        names = ", ".join(map(_name, load(out).tenants))
        raise UsageError(f"{out} has the tenants {names}: choose one with --tenant, and give its own folder")
    return tenants[0]


def _name(specs: TenantSpecs) -> str:
    tenant: Any = specs.tenant.spec
    return str(tenant.name)


def _new(choices: list[Choice], specs: TenantSpecs | None) -> tuple[list[Choice], list[Choice]]:
    """Those that no document of the folder claims, by any of their addresses; and the others."""
    claimed = {
        address.lower()
        for document in (specs.documents if specs else ())
        for _, address in cast(DocumentModel, document.spec).claims()
    }
    new = [one for one in choices if not claimed & set(one.principal.addresses)]
    return new, [one for one in choices if one not in new]


def _tenant(directory: Directory, tenant_id: str) -> str:
    """The first Tenant document, called after the default domain."""
    name = directory.default_domain.partition(".")[0] or "tenant"
    return _TENANT.format(name=name, tenant_id=tenant_id)


def _deliver(taken: Taken, out: Path) -> None:
    for name in taken.files:
        path = out / name
        if path.exists():
            raise UsageError(f"{path} is there already, and about something else: move it, and import again")
    for name, text in taken.files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    click.echo(_summary(taken, out))


def _summary(taken: Taken, out: Path) -> str:
    documents = len(taken.plan.documents)
    lines = [f"Wrote {_count(documents, 'document')} to {out}. Planning them changes nothing."]
    if taken.remarks:
        lines.append(f"{_count(len(taken.remarks), 'document')} with something to decide:")
        for key, texts in sorted(taken.remarks.items()):
            lines += [f"  {key.address}", *(f"    {text}" for text in texts)]
    lines.append(f"Next: mbx plan {out}, then commit it.")
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
