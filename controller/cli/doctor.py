"""`mbx doctor`: what is wrong with the way to a tenant, or with one mailbox."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from controller.cli import outcome
from controller.cli.session import FORMATS, LEVELS, LOG_FORMATS, optional_journal, run
from controller.clients import connect
from controller.doctor import setup
from controller.doctor.examine import examine
from controller.doctor.symptoms import SYMPTOMS, findings
from controller.doctor.verdicts import Line, Mark, all_well, as_json, as_text, bad, good
from controller.errors import SettingsError, SignInError, SpecError, UsageError
from controller.log import set_up
from controller.settings import Settings, for_credentials, load_settings, where_from
from controller.source import commit_of
from controller.spec import TenantSpecs, load

_EXAMPLES = """\b
Examples:
  mbx doctor                               the way to the tenant, and each permission
  MBX_TENANT_ID=7f1b2c3d-… mbx doctor      before there are any specs
  mbx doctor support@entreprise.example    every known symptom of one mailbox
  mbx doctor support@entreprise.example --symptom cannot-send-as --user alice@entreprise.example
"""
_SPECS = "Specs"


@click.command("doctor", epilog=_EXAMPLES)
@click.argument("address", required=False)
@click.option(
    "--symptom", type=click.Choice(list(SYMPTOMS)), help="Only this one of what people complain of."
)
@click.option("--user", "who", metavar="WHO", help="Only what concerns this person, by any address.")
@click.option(
    "--specs", "folder", type=click.Path(path_type=Path), help="The specs folder. Default: MBX_SPECS."
)
@click.option("--tenant", metavar="NAME", help="The tenant, where the specs have several.")
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
@click.option("--log-level", type=LEVELS, help="What is logged to stderr. Default: MBX_LOG_LEVEL.")
@click.option("--log-format", type=LOG_FORMATS, help="auto: text on a terminal, JSON elsewhere.")
def command(address: str | None, symptom: str | None, who: str | None, **rest: Any) -> int:
    """Tells why it does not work, and what to do. Never writes to the tenant.

    Without ADDRESS: settings, sign-in, services, clock, each permission that the specs in use need, limits,
    journal. With the ADDRESS of a shared mailbox: what people complain of, each with its likely causes on
    this mailbox, the likeliest first; with --symptom also what only the person can look at in Outlook.

    Exit status: 0 nothing is broken (there may be warnings); 1 something is, or it could not be asked.
    """
    if address is None and (symptom or who):
        raise UsageError("--symptom and --user are about one mailbox: name its address")
    return run(_doctor(address, symptom, who, **rest))


async def _doctor(
    address: str | None,
    symptom: str | None,
    who: str | None,
    folder: Path | None,
    tenant: str | None,
    form: str,
    log_level: str | None,
    log_format: str | None,
) -> int:
    settings = load_settings()
    set_up(level=log_level or settings.log_level, form=log_format or settings.log_format)
    where = folder or settings.specs
    specs, told = _specs(where, tenant, settings, asked=folder is not None)
    model: Any = specs.tenant.spec if specs else None
    tenant_id = model.tenant_id if model else settings.tenant_id
    if address is None:
        lines = [*setup.settings_lines(settings, where_from()), *told]
        lines += await _way(settings, specs, tenant_id, where)
        return _show(lines, form)
    if not tenant_id:
        raise UsageError(f"{where} has no Tenant document: set MBX_TENANT_ID")
    own = for_credentials(settings, model.credentials if model else None)
    journal = optional_journal(settings)
    cloud = str(model.cloud) if model else "global"
    async with connect(own, tenant_id=tenant_id, cloud=cloud) as connection:
        await connection.sign_in()
        case = await examine(connection.reader(), address, who, specs, journal, tenant_id, datetime.now(UTC))
    return _show(findings(case, symptom), form)


async def _way(
    settings: Settings, specs: TenantSpecs | None, tenant_id: str | None, where: Path
) -> list[Line]:
    model: Any = specs.tenant.spec if specs else None
    lines: list[Line] = []
    if not tenant_id:
        return [bad(setup.SETTINGS, "no tenant is named", "Write a Tenant document, or set MBX_TENANT_ID.")]
    try:
        own = for_credentials(settings, model.credentials if model else None)
        lines += setup.sign_in_lines(own, datetime.now(UTC))
        cloud = str(model.cloud) if model else "global"
        async with connect(own, tenant_id=tenant_id, cloud=cloud) as connection:
            documents = (specs.tenant, *specs.documents) if specs else ()
            lines += await setup.services_lines(connection, own, tenant_id, model, documents)
    except SettingsError:  # the settings have told of it
        pass
    except SignInError as error:
        lines.append(bad(setup.SIGN_IN, str(error), error.advice))
    lines += setup.journal_lines(settings, tenant_id)
    if specs:
        lines += setup.source_lines(model, commit_of(where))
    return lines


def _specs(
    where: Path, name: str | None, settings: Settings, *, asked: bool
) -> tuple[TenantSpecs | None, list[Line]]:
    """The tenant that is meant; None before there are any specs. Specs that do not hold are told."""
    if not where.exists() and settings.tenant_id and not asked:
        return None, [good(_SPECS, f"none yet; the tenant is the one of MBX_TENANT_ID, {settings.tenant_id}")]
    try:
        tenants: tuple[Any, ...] = load(where).tenants
    except SpecError as error:
        told = f"{where}: {len(error.problems)} problems, the first: {error.problems[0]}"
        return None, [bad(_SPECS, told, "mbx validate shows all of them.")]
    chosen = [one for one in tenants if name is None or one.tenant.spec.name == name]
    if len(chosen) != 1:
        names = ", ".join(sorted(one.tenant.spec.name for one in tenants))
        raise UsageError(f"{where} has the tenants {names}: choose one with --tenant")
    count = len(chosen[0].documents)
    return chosen[0], [good(_SPECS, f"{where}: tenant {chosen[0].tenant.spec.name}, {count} documents")]


def _show(lines: list[Line], form: str) -> int:
    if form == "json":
        answer = {"well": all_well(lines), "checks": as_json(lines)}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(as_text(lines)))
        broken = sum(line.mark is Mark.BAD for line in lines)
        click.echo(f"\n{broken} to mend." if broken else "\nNothing is broken.")
    return outcome.GOOD if all_well(lines) else outcome.ERROR
