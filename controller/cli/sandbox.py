"""`mbx sandbox`: runs a simulated tenant. The commands that talk to a running one are `sandbox_remote`'s.

The settings file is written when the sandbox answers, not before: whoever waits for the file may go on.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from typing import Any, TypeVar

import click
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from controller.cli.sandbox_remote import COMMANDS
from controller.sandbox import build, company, document, files, server, weathers
from controller.sandbox.document import FileError
from controller.sandbox.forecast import LAGS, Forecast, Latency, duration
from controller.sandbox.scenario import Scenario
from controller.sandbox.state import Sandbox
from controller.sandbox.tls import LOOPBACK_NAMES, TlsFiles, prepare, write_private

_STOPS = (signal.SIGINT, signal.SIGTERM)
Command = TypeVar("Command", bound=Callable[..., Any])


class _Spelt(click.ParamType[Any]):
    """A value in the sandbox's own spelling: a duration or a moment."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except (ValueError, ValidationError):
            return self.fail(f"{value!r} is not a {self.name}", param, ctx)


_DURATION = _Spelt("duration (0.2, 30s, 5m)", duration)
_MOMENT = _Spelt("moment with a time zone (2026-12-01T09:00:00Z)", TypeAdapter(AwareDatetime).validate_python)

_OPTIONS = (
    click.option("--scenario", metavar="FILE|NAME", help="The tenant; default: entreprise, shipped."),
    click.option("--mailboxes", type=click.IntRange(0), metavar="N", help="A made-up company of that size."),
    click.option("--state", type=click.Path(path_type=Path, dir_okay=False),
                 help="Load the tenant from here if it exists; save it here at the end."),
    click.option("--env-file", type=click.Path(path_type=Path, dir_okay=False),
                 help="Write the MBX_ settings that point at this sandbox, once it answers."),
    click.option("--listen", default="127.0.0.1", show_default=True, metavar="ADDRESS"),
    click.option("--port", default=0, type=click.IntRange(0, 65535), help="Default: a free one."),
    click.option("--seed", type=int, help="Of the company and of the weather."),
    click.option("--clock", type=_MOMENT, metavar="ISO", help="When the tenant's time starts."),
    click.option("--weather", metavar="NAME|FILE", help=f"What goes wrong: {', '.join(weathers.NAMED)}."),
    click.option("--latency", type=_DURATION, metavar="DURATION", help="Before every answer."),
    click.option("--propagation", type=_DURATION, metavar="DURATION",
                 help="How late a write is seen, by the audit log too."),
    click.option("--real-hosts", is_flag=True, help="Certificate for Microsoft's host names, too."),
    click.option("--tls-folder", type=click.Path(path_type=Path, file_okay=False),
                 help="Where authority and certificate are kept; default: the user's state folder."),
    click.option("--log-requests", is_flag=True, help="Each call on stderr."),
)  # fmt: skip


def _run_options(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group(
    "sandbox",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  mbx sandbox --env-file .env                  then, in another shell: mbx plan
  mbx sandbox --scenario tenant.yaml --weather rough
  mbx sandbox --mailboxes 10000 --port 8443
  mbx sandbox poke -h                          change the tenant by hand
""",
)
@_run_options
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """A simulated Microsoft 365 tenant on loopback: Entra sign-in, Graph, Exchange admin API, Dataverse.

    Without a subcommand it runs until it is told to stop (Ctrl-C, SIGTERM).
    """
    if ctx.invoked_subcommand is None:
        _run(**options)
    else:
        ctx.obj = options["env_file"]


@command.command(
    "run",
    epilog="""\b
Example:
  mbx sandbox run --scenario entreprise --port 8443 --env-file .env
""",
)
@_run_options
def run(**options: Any) -> None:
    """Run it (the same as `mbx sandbox` alone)."""
    _run(**options)


@command.command(
    "specs",
    epilog="""\b
Example:
  mbx sandbox specs --mailboxes 1000 --out specs    then: mbx sandbox --mailboxes 1000
""",
)
@click.option(
    "--mailboxes", type=click.IntRange(0), required=True, metavar="N", help="How many the company has."
)
@click.option("--seed", type=int, default=1, show_default=True, help="As of the sandbox that plays it.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write to."
)
@click.option("--groups", is_flag=True, help="A DistributionList for each group, too.")
def specs(*, mailboxes: int, seed: int, out: Path, groups: bool) -> None:
    """Write the specs that a made-up company of N mailboxes is in sync with."""
    out.mkdir(parents=True, exist_ok=True)
    for name, text in company.specs(build.build(company.make(mailboxes, seed)), groups=groups):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


for each in COMMANDS:
    command.add_command(each)


def _run(**options: Any) -> None:
    """Runs it; a signal ends it well, also while a large tenant is still being built."""
    usual = {name: signal.signal(name, lambda *_: sys.exit(0)) for name in _STOPS}
    try:
        _serve(**options)
    finally:
        for name, reaction in usual.items():
            signal.signal(name, reaction)


def _serve(
    *,
    env_file: Path | None,
    listen: str,
    port: int,
    state: Path | None,
    real_hosts: bool,
    tls_folder: Path | None,
    log_requests: bool,
    **choices: Any,
) -> None:
    if env_file is not None:
        _clear(env_file)
    try:
        sandbox = _tenant(state=state, **choices)
        folder = tls_folder or _state_folder(listen, real_hosts=real_hosts)
        names = server.certificate_names(listen, real_hosts=real_hosts)
        certificates = prepare(folder.absolute(), names, datetime.now(UTC))
        opened = _listening(listen, port)
    except FileError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot start: {error}") from error
    sandbox.real_hosts, sandbox.recording = real_hosts, True
    sandbox.base_url = server.address_of(opened)
    if log_requests:
        sandbox.watch = lambda line: click.echo(line, err=True)

    def ready() -> None:
        if env_file is not None:
            write_private(env_file.absolute(), _settings(sandbox, certificates).encode())
        click.echo(sandbox.base_url)
        sys.stdout.flush()

    asyncio.run(_until_told(sandbox, opened, certificates, ready))
    if state is not None:
        write_private(state.absolute(), files.save(sandbox).encode())


async def _until_told(
    sandbox: Sandbox, opened: Any, certificates: TlsFiles, ready: Callable[[], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in _STOPS:
        loop.add_signal_handler(name, stop.set)
    with opened:
        await server.serve(sandbox, opened, certificates, stop, ready)


def _listening(listen: str, port: int) -> socket:
    """The socket to serve on; a usage error that names what is taken."""
    try:
        return server.bind(listen, port)
    except OSError as error:
        text = f"cannot listen on {listen} port {port}: {error.strerror or error}"
        raise click.ClickException(f"{text}. Choose another --port; 0 is a free one.") from error


def _tenant(
    *,
    scenario: str | None,
    mailboxes: int | None,
    state: Path | None,
    seed: int | None,
    clock: datetime | None,
    weather: str | None,
    latency: timedelta | None,
    propagation: timedelta | None,
) -> Sandbox:
    """The tenant that the options describe; FileError for files that are not right."""
    if scenario is not None and mailboxes is not None:
        raise click.UsageError("give --scenario or --mailboxes, not both")
    if state is not None and state.exists():
        chosen, name = files.read(state), str(state)
    elif mailboxes is not None:
        chosen, name = company.make(mailboxes, seed if seed is not None else 1), "company"
    else:
        chosen, name = _scenario(scenario or "entreprise")
    changes: dict[str, Any] = {"seed": seed, "clock": clock}
    changes["weather"] = _forecast(weather, chosen, seed, latency, propagation)
    given = {field: value for field, value in changes.items() if value is not None}
    return files.open_sandbox(chosen.model_copy(update=given), name)


def _scenario(choice: str) -> tuple[Scenario, str]:
    if choice in files.SHIPPED and not Path(choice).exists():
        return files.parse(files.shipped(choice), f"{choice}.yaml"), f"{choice}.yaml"
    return files.read(Path(choice)), choice


def _forecast(
    weather: str | None,
    scenario: Scenario,
    seed: int | None,
    latency: timedelta | None,
    propagation: timedelta | None,
) -> Forecast | None:
    """The weather asked for, else the scenario's, with what the other options change in it."""
    choice: str | Forecast | None = weather if weather is not None else scenario.weather
    if isinstance(choice, str) and choice not in weathers.NAMED:
        choice = _read_forecast(Path(choice))
    forecast = weathers.NAMED[choice][1] if isinstance(choice, str) else choice
    changes: dict[str, Any] = {}
    if seed is not None:
        changes["seed"] = seed
    if latency is not None:
        changes["latency"] = Latency(seconds=latency.total_seconds())
    if propagation is not None:
        changes["propagation"] = dict.fromkeys(LAGS, propagation)
    if forecast is None and set(changes) <= {"seed"}:
        return Forecast(mailbox_concurrency=None) if weather is not None else None
    return (forecast or Forecast(mailbox_concurrency=None)).model_copy(update=changes)


def _read_forecast(path: Path) -> Forecast:
    if not path.exists():
        known = ", ".join(weathers.NAMED)
        raise click.UsageError(f"no weather and no file is called '{path}' (there are {known})")
    try:
        return document.read(path.read_text(encoding="utf-8"), str(path), Forecast)
    except UnicodeDecodeError as error:
        raise FileError([f"{path}: {error}"]) from error


def _state_folder(listen: str, *, real_hosts: bool) -> Path:
    """One authority for each set of host names: trusting the everyday sandbox must not extend to
    Microsoft's names, and one sandbox must not replace the authority that another one's clients trust."""
    root = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    own = server.certificate_names(listen, real_hosts=False) == LOOPBACK_NAMES
    parts = ["sandbox", *(["real-hosts"] if real_hosts else []), *([] if own else [listen])]
    return Path(root) / "mailbox-controller" / "-".join(parts)


def _clear(env_file: Path) -> None:
    """Takes away what an earlier sandbox wrote, so that the file's presence means something; somebody
    else's settings are not overwritten."""
    try:
        text = env_file.read_text(encoding="utf-8") if env_file.exists() else ""
        if text.strip() and "MBX_SANDBOX_URL=" not in text:
            raise click.ClickException(f"{env_file} holds settings that no sandbox wrote; name another file")
        env_file.unlink(missing_ok=True)
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"cannot write {env_file}: {error}") from error


def _settings(sandbox: Sandbox, certificates: TlsFiles) -> str:
    """Dotenv lines that point a controller at this sandbox."""
    app = next((app for app in sandbox.world.apps.values() if app.secrets and app.enabled), None)
    settings = {
        "MBX_TENANT_ID": sandbox.world.tenant_id,
        "MBX_CLIENT_ID": app.client_id if app else None,
        "MBX_CLIENT_SECRET": app.secrets[0] if app else None,
        "MBX_AUTHORITY_URL": sandbox.base_url,
        "MBX_GRAPH_URL": sandbox.base_url,
        "MBX_EXCHANGE_URL": sandbox.base_url,
        "MBX_DATAVERSE_URL": sandbox.base_url,
        "MBX_CA_BUNDLE": str(certificates.authority.absolute()),
        "MBX_SANDBOX_URL": sandbox.base_url,
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items() if value is not None)


if __name__ == "__main__":
    command()
