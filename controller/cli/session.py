"""What plan, apply and drift have in common: options, specs, settings, one connection for each tenant."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from controller.cli import outcome
from controller.clients import Connection, connect
from controller.errors import ControllerError, StateError, UsageError
from controller.journal import Journal
from controller.log import set_up
from controller.reconciler import Setting
from controller.settings import Settings, for_credentials, load_settings
from controller.source import commit_of
from controller.spec import Estate, TenantSpecs, load

FORMATS = click.Choice(["text", "json"])
LEVELS = click.Choice(["debug", "info", "warning", "error"], case_sensitive=False)
LOG_FORMATS = click.Choice(["auto", "console", "json"])


def tenant_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that looks at a tenant, and the specs folder as argument."""
    return click.argument("specs", required=False, type=click.Path(path_type=Path))(chosen_options(command))


def chosen_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same options, for a command whose argument is something else."""
    choosing = (
        click.option(
            "--target",
            multiple=True,
            metavar="ADDRESS",
            help="Only the document with this address. May be repeated.",
        ),
        click.option(
            "--selector",
            multiple=True,
            metavar="KEY=VALUE",
            help="Only documents with this label. Repeated: with all of them.",
        ),
    )
    return place_options(_with(command, choosing))


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where the specs are, which tenant is meant, and what is logged: for a command about one address."""
    options = (
        click.option(
            "--specs",
            "folder",
            type=click.Path(path_type=Path),
            help="The specs folder. Default: MBX_SPECS, else ./specs.",
        ),
        click.option("--tenant", metavar="NAME", help="Only this tenant, where the specs have several."),
        click.option(
            "--log-level", type=LEVELS, help="What is logged to stderr. Default: MBX_LOG_LEVEL, else warning."
        ),
        click.option(
            "--log-format",
            type=LOG_FORMATS,
            help="auto: text on a terminal, JSON elsewhere. Default: MBX_LOG_FORMAT, else auto.",
        ),
    )
    return _with(command, options)


def _with(command: Callable[..., Any], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Session:
    """The estate that a command is about, and how to reach its tenants."""

    settings: Settings
    folder: Path
    tenants: tuple[TenantSpecs, ...]
    targets: frozenset[str]
    selector: dict[str, str]

    def setting(self, specs: TenantSpecs, journal: Journal | None, **rest: Any) -> Setting:
        return Setting(
            specs=specs,
            commit=commit_of(self.folder),
            now=lambda: datetime.now(UTC),
            journal=journal,
            targets=self.targets,
            selector=self.selector,
            deadline=self.settings.propagation_deadline,
            patience=self.settings.propagation_wait,
            **rest,
        )

    def identity(self, specs: TenantSpecs) -> Settings:
        return identity(self.settings, specs)

    def connection(self, specs: TenantSpecs) -> AbstractAsyncContextManager[Connection]:
        return connection(self.settings, specs)


def identity(settings: Settings, specs: TenantSpecs) -> Settings:
    """The settings with which a tenant is signed in to."""
    tenant: Any = specs.tenant.spec
    return for_credentials(settings, tenant.credentials).require_sign_in()


@asynccontextmanager
async def connection(settings: Settings, specs: TenantSpecs) -> AsyncIterator[Connection]:
    tenant: Any = specs.tenant.spec
    own = identity(settings, specs)
    async with connect(own, tenant_id=tenant.tenant_id, cloud=str(tenant.cloud)) as opened:
        yield opened


def open_session(
    specs: Path | None,
    folder: Path | None,
    target: Sequence[str],
    selector: Sequence[str],
    tenant: str | None,
    log_level: str | None,
    log_format: str | None,
    root: Path | None = None,
) -> Session:
    """Reads the settings and the specs; `root` is what places are told relative to, as `load` has it. Raises
    UserError with everything that is wrong in them."""
    settings = load_settings()
    set_up(level=log_level or settings.log_level, form=log_format or settings.log_format)
    where = specs or folder or settings.specs
    estate = load(where, root=root)
    session = Session(
        settings,
        where,
        _chosen(estate, tenant),
        frozenset(address.lower() for address in target),
        dict(_label(text) for text in selector),
    )
    _check_targets(session)
    return session


def _chosen(estate: Estate, name: str | None) -> tuple[TenantSpecs, ...]:
    if name is None:
        return estate.tenants
    found = tuple(one for one in estate.tenants if _name(one) == name)
    if not found:
        names = ", ".join(sorted(map(_name, estate.tenants)))
        raise UsageError(f"--tenant {name}: no such tenant in these specs; there is {names}")
    return found


def _name(specs: TenantSpecs) -> str:
    tenant: Any = specs.tenant.spec
    return str(tenant.name)


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--selector {text}: expected KEY=VALUE, such as team=support")
    return name, value


def _check_targets(session: Session) -> None:
    known = {d.key.address for specs in session.tenants for d in specs.documents if d.key}
    for address in sorted(session.targets - known):
        near = difflib.get_close_matches(address, known, 1)
        meant = f" — did you mean {near[0]}?" if near else ""
        raise UsageError(f"--target {address}: no document in {session.folder} has that address{meant}")


async def each_tenant(session: Session, one: Callable[[TenantSpecs], Awaitable[int]]) -> int:
    """The exit status over all tenants. One that cannot be signed in to does not stop the others."""
    if len(session.tenants) == 1:
        return await one(session.tenants[0])
    statuses = []
    for specs in session.tenants:
        try:
            statuses.append(await one(specs))
        except ControllerError as error:
            click.echo(f"Error: tenant {_name(specs)}: {error}", err=True)
            statuses.append(outcome.ERROR)
    return outcome.first(statuses)


def optional_journal(settings: Settings) -> Journal | None:
    """The journal for a command that only looks; without it, every cause is first-seen."""
    try:
        return Journal.open(settings.journal_url)
    except StateError as error:
        click.echo(f"warning: no journal, every difference counts as first-seen: {error}", err=True)
        return None


def run(coroutine: Coroutine[Any, Any, int]) -> int:
    return asyncio.run(coroutine)
