"""`mbx validate`: checks every document, touches no tenant, needs no credentials."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from controller.errors import Problem, SpecError, UsageError
from controller.log import set_up
from controller.model import Severity
from controller.spec import Document, Estate, TenantSpecs, load
from controller.spec.messages import meant
from controller.spec.show import addresses, show

_EXAMPLES = """\b
Examples:
  mbx validate                               the specs in ./specs (or MBX_SPECS)
  mbx validate specs/
  mbx validate --show support@entreprise.example
"""


@click.command("validate", epilog=_EXAMPLES)
@click.argument("specs", required=False, type=click.Path(path_type=Path))
@click.option(
    "--specs",
    "folder",
    type=click.Path(path_type=Path),
    help="The specs folder. Default: MBX_SPECS, else ./specs.",
)
@click.option(
    "--show", "shown", metavar="ADDRESS", help="Print one document, each value with its file and line."
)
@click.option("--tenant", metavar="NAME", help="Only this tenant, where the specs have several.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    default="warning",
    show_default=True,
    help="What is logged to stderr.",
)
@click.option(
    "--log-format",
    type=click.Choice(["auto", "console", "json"]),
    default="auto",
    show_default=True,
    help="auto: text on a terminal, JSON elsewhere.",
)
def command(
    specs: Path | None,
    folder: Path | None,
    shown: str | None,
    tenant: str | None,
    log_level: str,
    log_format: str,
) -> int:
    """Checks every document without touching a tenant.

    Every problem of every file is printed on stderr, as file:line:column: message. Needs no credentials.
    Policies are judged as far as documents tell; those that ask for changes wait for a plan.

    Exit status: 0 all documents are right; 1 something is wrong, or breaks a policy.
    """
    set_up(level=log_level, form=log_format)
    where = specs or folder or _default()
    try:
        estate = load(where)
    except SpecError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        return 1
    tenants = _chosen(estate, tenant)
    broken = _told_of_policies(tenants)
    if shown is not None:
        click.echo(show(_found(tenants, shown, where)), nl=False)
    elif not broken:
        click.echo(f"{where}: {_counted(tenants)}, no problems")
    return 1 if broken else 0


def _told_of_policies(tenants: Iterable[TenantSpecs]) -> bool:
    """Prints what breaks a policy, as far as documents alone tell; returns whether that is an error."""
    if not any(specs.policies for specs in tenants):
        return False
    from controller.guard import Bench  # noqa: PLC0415 - most of the product comes with it
    from controller.policies import of_specs  # noqa: PLC0415 - the same

    broken = False
    for specs in tenants:
        tenant: Any = specs.tenant.spec
        bench = Bench(specs.tenant, specs.approvals, datetime.now(UTC), tenant.zone)
        for finding in of_specs(specs):
            if bench.approved(finding):
                continue
            broken |= finding.severity is Severity.ERROR
            assert finding.origin is not None
            text = f"{finding.severity}: {finding.message} [{finding.id}]"
            click.echo(str(Problem(finding.origin, text)), err=True)
    return broken


def _default() -> Path:
    from controller.settings import load_settings  # noqa: PLC0415 - nobody who names the folder needs them

    return load_settings().specs


def _chosen(estate: Estate, name: str | None) -> tuple[TenantSpecs, ...]:
    if name is None:
        return estate.tenants
    found = tuple(one for one in estate.tenants if _name(one) == name)
    if not found:
        names = [_name(one) for one in estate.tenants]
        raise UsageError(
            f"--tenant {name}: no such tenant here{meant(name, names)}; there is {', '.join(names)}"
        )
    return found


def _found(tenants: tuple[TenantSpecs, ...], address: str, where: Path) -> Document:
    """The document that an address belongs to, be it an alias or a previous one."""
    wanted = address.lower()
    known: dict[str, Document] = {}
    for specs in tenants:
        for document in specs.documents:
            for each in addresses(document):
                known.setdefault(each.lower(), document)
    if wanted not in known:
        raise UsageError(f"--show {address}: no document in {where} has that address{meant(address, known)}")
    return known[wanted]


def _name(specs: TenantSpecs) -> str:
    tenant: Any = specs.tenant.spec
    return str(tenant.name)


def _counted(tenants: tuple[TenantSpecs, ...]) -> str:
    documents = sum(len(specs.documents) for specs in tenants)
    parts = [_many(len(tenants), "tenant"), _many(documents, "document")]
    for noun, plural in (("profile", "profiles"), ("policy", "policies"), ("approval", "approvals")):
        if count := sum(len(getattr(specs, plural)) for specs in tenants):
            parts.append(_many(count, noun, plural))
    return ", ".join(parts)


def _many(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
