"""`mbx snapshot`: what a tenant answered, signed, for plans where nobody can sign in; and such plans' side of
it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from controller.cli.session import Session, open_session, optional_journal, run, tenant_options
from controller.clients import Connection, download
from controller.errors import SettingsError, SnapshotError, UsageError
from controller.keys import private_key, public_key
from controller.model import Plan
from controller.reconciler import Setting
from controller.settings import Settings, duration
from controller.snapshot import LARGEST, Offline, check_age, open_snapshot, plan_offline, seal, take
from controller.spec import TenantSpecs

_KEY, _PUBLIC = "MBX_SNAPSHOT_KEY", "MBX_SNAPSHOT_PUBLIC_KEY"
_EXAMPLES = """\b
Examples:
  mbx snapshot --out tenant.snapshot                where somebody may sign in, after each apply or every hour
  mbx plan --snapshot tenant.snapshot               anywhere else: needs MBX_SNAPSHOT_PUBLIC_KEY alone
  mbx plan --snapshot https://artifacts.entreprise.example/tenant.snapshot --max-age 6h
"""


@click.command("snapshot", epilog=_EXAMPLES)
@tenant_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file; replaced as a whole.",
)
@click.option("--all", "everything", is_flag=True, help="Also mailboxes and lists that no document is about.")
def command(out: Path, everything: bool, **common: Any) -> int:
    """Reads the tenant and writes a signed file from which `mbx plan --snapshot` plans without signing in.
    Signs with MBX_SNAPSHOT_KEY. Writes nothing to the tenant.

    Exit status: 0; 1 an error: the tenant could not be read, there is no key.
    """
    return run(_snapshot(out, everything, common))


# A snapshot is of all documents.
command.params = [option for option in command.params if option.name not in ("target", "selector")]


async def _snapshot(out: Path, everything: bool, common: dict[str, Any]) -> int:
    session = open_session(target=(), selector=(), **common)
    if len(session.tenants) > 1:
        raise UsageError("several tenants: choose one with --tenant, a snapshot is of one")
    (specs,) = session.tenants
    key = _signing_key(session.settings)
    setting = session.setting(specs, optional_journal(session.settings))
    async with session.connection(specs) as connection:
        content = await take(setting, connection.reader(), everything=everything)
    file = seal(content, key)
    replace_file(out, file)
    click.echo(f"{out}: {len(content['about'])} mailboxes and lists, {len(file):,} bytes")
    return 0


def publisher(settings: Settings) -> Callable[[Setting, Connection], Awaitable[None]]:
    """What the loop does after a good turn: writes MBX_SNAPSHOT_FILE where that is set. Raises SettingsError
    where there is no key for it."""
    if settings.snapshot_file is None:
        return _nothing
    template, key = settings.snapshot_file, _signing_key(settings)
    tenants: dict[Path, str] = {}

    async def publish(setting: Setting, connection: Connection) -> None:
        path = Path(template.replace("{tenant}", setting.tenant.name.replace("/", "_")))
        if tenants.setdefault(path, setting.tenant_id) != setting.tenant_id:
            raise SettingsError("MBX_SNAPSHOT_FILE is one file for several tenants: put {tenant} into it")
        content = await take(setting, connection.reader())
        await asyncio.to_thread(replace_file, path, seal(content, key))

    return publish


async def _nothing(setting: Setting, connection: Connection) -> None:
    pass


def _signing_key(settings: Settings) -> Ed25519PrivateKey:
    if settings.snapshot_key is None:
        raise SettingsError(
            f"{_KEY} is not set, which signs snapshots: make one with `openssl genpkey -algorithm ed25519`"
        )
    return private_key(settings.snapshot_key.get_secret_value(), _KEY)


def replace_file(path: Path, content: bytes) -> None:
    """Whoever reads it meanwhile has the old file or the new one. Raises UsageError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def trusted_key(settings: Settings) -> Ed25519PublicKey:
    """Whose snapshots are believed. Raises SettingsError."""
    if settings.snapshot_public_key:
        return public_key(settings.snapshot_public_key, _PUBLIC)
    if settings.snapshot_key:  # whoever signs believes himself
        return private_key(settings.snapshot_key.get_secret_value(), _KEY).public_key()
    raise SettingsError(
        f"{_PUBLIC} is not set: the public half of the key that signs snapshots "
        "(`openssl pkey -in mbx.key -pubout`)"
    )


def longest_age(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(f"--max-age: {error}") from None


async def fetch_snapshot(settings: Settings, where: str) -> Offline:
    """From a file or an address. Raises SnapshotError, SettingsError or UsageError."""
    trusted = trusted_key(settings)
    if "://" in where:
        return open_snapshot(await download(settings, where, largest=LARGEST), trusted)
    return open_snapshot(_read(Path(where)), trusted)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"--snapshot {path}: {error.strerror}") from None
    if len(content) > LARGEST:
        raise SnapshotError(f"{path} is larger than {LARGEST // 1024**2} MiB: no snapshot is")
    return content


async def planned_from(
    session: Session, specs: TenantSpecs, where: str, longest: timedelta, **rest: Any
) -> Plan:
    """The plan of one tenant from a snapshot. Raises SnapshotError too for one that is too old."""
    offline = await fetch_snapshot(session.settings, where)
    setting = session.setting(specs, None, **rest)
    check_age(offline.taken_at, setting.now(), longest)
    return await plan_offline(setting, offline)
