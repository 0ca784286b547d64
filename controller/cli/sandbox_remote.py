"""The `mbx sandbox` subcommands that talk to a sandbox which is running, over its control endpoint.

Standard library only: the product's HTTP client is not for this, and the sandbox must not depend on it.
"""

from __future__ import annotations

import json
import os
import shlex
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import yaml

from controller.sandbox import poke as pokes
from controller.sandbox import weathers
from controller.sandbox.tls import write_private

Command = TypeVar("Command", bound=Callable[..., Any])
_DOTENV = Path(".env")
_TIMEOUT = 300.0  # seconds; a large tenant takes its time to save


class Remote:
    """The control endpoint of one running sandbox."""

    def __init__(self, url: str, ca_bundle: str | None) -> None:
        self._url = url.rstrip("/")
        try:
            self._context = ssl.create_default_context(cafile=ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise click.ClickException(f"cannot read the CA bundle {ca_bundle}: {error}") from error

    def call(self, verb: str, path: str, body: Any = None, **query: str) -> Any:
        """The decoded answer; ClickException for a refusal or where nothing answers."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        answer = self.exchange(verb, path, raw, **query)
        return json.loads(answer) if answer else None

    def exchange(self, verb: str, path: str, raw: bytes | None = None, **query: str) -> bytes:
        url = f"{self._url}/_sandbox{f'/{path}' if path else ''}"
        if query:
            url += f"?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, raw, {"Content-Type": "application/json"}, method=verb)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT, context=self._context) as answer:  # noqa: S310
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            raise click.ClickException(_refusal(error.read())) from error
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise click.ClickException(f"no sandbox answers at {self._url}: {reason}") from error


def _refusal(raw: bytes) -> str:
    try:
        return str(json.loads(raw)["error"])
    except (ValueError, KeyError, TypeError):
        return raw.decode("utf-8", "replace")[:500] or "refused without a reason"


def read_env_file(path: Path) -> dict[str, str]:
    """The settings in a file that `--env-file` wrote."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise click.ClickException(f"cannot read {path}: {error.strerror}") from error
    pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): "".join(shlex.split(value)) for name, _, value in pairs}


def remote(command: Command) -> Command:
    """Adds `--env-file` to a command and hands it a Remote as its first argument."""

    def run(env_file: Path | None, **given: Any) -> Any:
        env_file = env_file or click.get_current_context().obj
        if env_file:
            settings = dict(os.environ) | read_env_file(env_file)
        else:  # as everywhere else: the environment, then .env
            settings = (read_env_file(_DOTENV) if _DOTENV.is_file() else {}) | dict(os.environ)
        url = settings.get("MBX_SANDBOX_URL")
        if not url:
            raise click.UsageError(
                "which sandbox? give --env-file FILE (as written by `mbx sandbox --env-file FILE`), "
                "or set MBX_SANDBOX_URL and MBX_CA_BUNDLE"
            )
        return command(Remote(url, settings.get("MBX_CA_BUNDLE")), **given)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    option = click.option(
        "--env-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File that `mbx sandbox --env-file` wrote; else the environment or .env names the sandbox.",
    )
    return option(run)  # type: ignore[return-value]


def _show(value: Any) -> None:
    click.echo(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=110).rstrip())


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--as", "actor", metavar="UPN", required=True, help="Who did it, as the audit log will say.")
@click.argument("words", nargs=-1, required=True, metavar="WHAT...", type=click.UNPROCESSED)
@remote
def poke(client: Remote, actor: str, words: tuple[str, ...]) -> None:
    """Change the tenant by hand, as an admin in the portal would.

    WHAT is a cmdlet with NAME=VALUE parameters (NAME+=VALUE and NAME-=VALUE change a list, a value may be
    JSON), or `graph METHOD PATH [JSON]`, or a shorthand:

    \b
      grant MAILBOX WHO [full-access|send-as|send-on-behalf]...
      revoke MAILBOX WHO [full-access|send-as|send-on-behalf]...
      add-member GROUP WHO          remove-member GROUP WHO
      add-alias MAILBOX ADDRESS     remove-alias MAILBOX ADDRESS
      rename MAILBOX ADDRESS        forward MAILBOX ADDRESS
      block WHO                     unblock WHO
      delete MAILBOX                revoke-tokens

    \b
    Examples:
      mbx sandbox poke --as admin@entreprise.example add-alias contact@entreprise.example x@entreprise.example
      mbx sandbox poke --as admin@entreprise.example Add-MailboxPermission \\
          Identity=contact@entreprise.example User=intrus@entreprise.example AccessRights=FullAccess
      mbx sandbox poke --as admin@entreprise.example graph PATCH /users/ID '{"accountEnabled":true}'
    """
    try:
        wanted = pokes.parse(words)
    except pokes.PokeError as error:
        raise click.UsageError(str(error)) from error
    for each in wanted:
        answer = client.call("POST", each.path, {**each.body, "actor": actor})
        if answer.get("status", 200) >= 400:
            raise click.ClickException(
                f"{answer['status']}: {json.dumps(answer['body'], ensure_ascii=False)}"
            )
        if answer.get("value") or answer.get("body"):
            click.echo(json.dumps(answer.get("value") or answer["body"], ensure_ascii=False, indent=2))


@click.command()
@click.argument("choice", metavar="[NAME|FILE]", required=False)
@remote
def weather(client: Remote, choice: str | None) -> None:
    """Change what goes wrong, while it runs; without an argument, say what the weather is.

    \b
    Examples:
      mbx sandbox weather                  what it is now
      mbx sandbox weather rough            one call in ten goes wrong
      mbx sandbox weather drill.yaml       a forecast of your own
      mbx sandbox weather fair
    """
    if choice is None:
        _show(client.call("GET", "weather"))
        return
    if choice in weathers.NAMED:
        _show(client.call("POST", "weather", {"name": choice}))
        return
    path = Path(choice)
    if not path.exists():
        raise click.UsageError(
            f"no weather and no file is called '{choice}' (there are {', '.join(weathers.NAMED)})"
        )
    _show(client.call("POST", "weather", {"forecast": yaml.safe_load(path.read_text(encoding="utf-8"))}))


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("move", metavar="[+DURATION|-DURATION|ISO]", required=False)
@remote
def clock(client: Remote, move: str | None) -> None:
    """Move the tenant's clock; without an argument, tell its time.

    \b
    Examples:
      mbx sandbox clock                    its time now
      mbx sandbox clock +2d                two days on
      mbx sandbox clock 2027-02-01T00:00:00+01:00
    """
    if move is None:
        answer = client.call("GET", "clock")
    else:
        body = {"advance": move} if move[:1] in "+-" else {"to": move}
        answer = client.call("POST", "clock", body)
    click.echo(answer["now"])


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@remote
def save(client: Remote, file: Path) -> None:
    """Write the whole tenant to FILE: a scenario, exact to the last id.

    \b
    Example:
      mbx sandbox save before.yaml --env-file sandbox.env
    """
    write_private(file.absolute(), client.exchange("GET", "state"))


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@remote
def load(client: Remote, file: Path) -> None:
    """Put the tenant of FILE (a scenario, or a saved tenant) in place of the running one.

    \b
    Example:
      mbx sandbox load before.yaml --env-file sandbox.env
    """
    _show(client.call("PUT", "state", file.read_bytes(), name=str(file)))


@click.command()
@click.option("--since", metavar="ISO", help="Only what was done from then on.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@remote
def audit(client: Remote, since: str | None, style: str) -> None:
    """Who changed what, and when: every write, by the controller or by hand.

    \b
    Example:
      mbx sandbox audit --since 2026-12-01T00:00:00Z
    """
    records = client.call("GET", "audit", **({"since": since} if since else {}))["value"]
    if style == "json":
        click.echo(json.dumps(records, ensure_ascii=False, indent=2))
        return
    for each in records:
        parameters = " ".join(f"{name}={value}" for name, value in each["parameters"].items())
        click.echo(
            f"{each['at']}  {each['actor']}  {each['operation']}  {each['object']}  {parameters}".rstrip()
        )


@click.command()
@click.argument("identity", metavar="ADDRESS")
@remote
def show(client: Remote, identity: str) -> None:
    """What the tenant has under ADDRESS (or a name, or an id), as it is stored.

    \b
    Example:
      mbx sandbox show contact@entreprise.example
    """
    for each in client.call("GET", "show", identity=identity)["value"]:
        _show(each)


@click.command()
@click.option("--writes", is_flag=True, help="Mutating requests only.")
@click.option("--reset", is_flag=True, help="Forget them, and record from here on.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@remote
def requests(client: Remote, *, writes: bool, reset: bool, style: str) -> None:
    """The requests it was sent: api, read or write, operation, target. The first one is the oldest.

    \b
    Examples:
      mbx sandbox requests --reset         then run something
      mbx sandbox requests --writes        prints nothing if it only read
    """
    if reset:
        client.call("DELETE", "requests")
        return
    calls = client.call("GET", "requests", **({"writes": "true"} if writes else {}))
    if style == "json":
        click.echo(json.dumps(calls["value"], ensure_ascii=False, indent=2))
        return
    if calls["dropped"]:
        click.echo(f"({calls['dropped']} older ones are no longer on record)", err=True)
    for each in calls["value"]:
        line = f"{each['api']}  {'write' if each['write'] else 'read'}  {each['operation']}  {each['target']}"
        click.echo(line.rstrip())


COMMANDS: tuple[click.Command, ...] = (poke, weather, clock, save, load, audit, show, requests)
