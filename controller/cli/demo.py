"""`mbx demo`: the whole story, told by the commands themselves against a sandbox that it starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

import controller

_TENANT = "entreprise"
_READY = 60  # seconds within which the sandbox must listen
_ADMIN = "admin@entreprise.example"
_BY_HAND = (
    ("A stranger gets full access", "Add-MailboxPermission",
     "Identity=support@entreprise.example", "User=intrus@entreprise.example", "AccessRights=FullAccess"),
    ("Bruno loses send-as", "Remove-RecipientPermission", "Identity=support@entreprise.example",
     "Trustee=bruno@entreprise.example", "AccessRights=SendAs", "Confirm=false"),
    ("The team's copy of sent mail is switched off", "Set-Mailbox",
     "Identity=support@entreprise.example", "MessageCopyForSentAsEnabled=false"),
)  # fmt: skip


@click.command("demo", epilog="\b\nExample:\n  mbx demo\n")
@click.option(
    "--keep", is_flag=True, help="Keep that folder: specs, journal, logs. The tenant itself is gone."
)
def command(keep: bool) -> int:
    """Plan, apply, somebody drifts it by hand, drift found, healed: against a simulated tenant that it
    starts itself. Touches nothing outside a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="mbx-demo-"))
    story = Story(folder)
    try:
        story.tell()
    finally:
        story.end()
        if keep:
            click.echo(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


class DemoError(click.ClickException):
    """The demo did not go as it must."""


@dataclass(slots=True)
class Story:
    folder: Path
    _sandbox: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _environ: dict[str, str] = field(default_factory=dict, init=False)

    def tell(self) -> None:
        shutil.copytree(_example(), self.folder / "specs")
        self._start()
        self._say("What git says is not what the tenant has. Nothing is written by looking.")
        self._mbx("plan", "specs", "--detailed-exitcode", expect=2)
        self._say("Apply does exactly that, and reads every change back.")
        self._mbx("apply", "specs", "--yes")
        self._say("Now they agree.")
        self._mbx("plan", "specs", "--detailed-exitcode", expect=0)
        self._drift()
        self._say("What was changed behind the controller's back, who did it, and when?")
        self._mbx("drift", "specs", expect=2)
        self._say("Healed.")
        self._mbx("apply", "specs", "--yes")
        self._mbx("plan", "specs", "--detailed-exitcode", expect=0)
        self._say("That was all of it: git, the plan, the tenant, and back.")

    def _drift(self) -> None:
        self._say("An administrator changes three things by hand, in the portal.")
        for what, *call in _BY_HAND:
            click.echo(f"# {what}.")
            self._mbx("sandbox", "poke", "--as", _ADMIN, *call, quiet=True)
        click.echo("# An hour later (the audit log is late) …")
        self._mbx("sandbox", "clock", "+1h", quiet=True)

    def _start(self) -> None:
        """The sandbox is up once it has written the settings that point at it."""
        settings = self.folder / ".env"
        arguments = [
            "sandbox", "run", "--scenario", _TENANT, "--port", "0", "--env-file", str(settings),
            "--tls-folder", str(self.folder / "tls"),
        ]  # fmt: skip
        self._say("A simulated tenant comes up on loopback: sign-in, Graph, Exchange.")
        self._environ = {k: v for k, v in os.environ.items() if not k.startswith(("MBX_", "AZURE_"))}
        self._environ["MBX_STATE_URL"] = f"sqlite:///{self.folder / 'journal.db'}"
        with (self.folder / "sandbox.log").open("wb") as log:
            self._sandbox = subprocess.Popen(  # noqa: S603 -- ourselves
                [sys.executable, "-m", "controller", *arguments],
                cwd=self.folder, env=self._environ, stdout=log, stderr=log,
            )  # fmt: skip
        give_up = time.monotonic() + _READY
        while not settings.exists():
            if self._sandbox.poll() is not None or time.monotonic() > give_up:
                log_text = (self.folder / "sandbox.log").read_text(errors="replace")
                raise DemoError(f"the sandbox did not come up:\n{log_text}")
            time.sleep(0.1)

    def _mbx(self, *arguments: str, expect: int = 0, quiet: bool = False) -> None:
        click.echo(click.style(f"$ mbx {_shown(arguments)}", bold=True))
        done = subprocess.run(  # noqa: S603 -- ourselves
            [sys.executable, "-m", "controller", *arguments],
            cwd=self.folder,
            env=self._environ,
            check=False,
            stdout=subprocess.PIPE if quiet else None,
        )
        click.echo()
        if done.returncode != expect:
            raise DemoError(f"`mbx {_shown(arguments)}` ended with {done.returncode} instead of {expect}")

    def _say(self, text: str) -> None:
        click.echo(click.style(f"── {text}", fg="cyan"))
        sys.stdout.flush()

    def end(self) -> None:
        if self._sandbox is not None and self._sandbox.poll() is None:
            self._sandbox.terminate()
            try:
                self._sandbox.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._sandbox.kill()


def _shown(arguments: Sequence[str]) -> str:
    return " ".join(f"'{a}'" if " " in a else a for a in arguments)


def _example() -> Path:
    """The example estate: beside the package in a checkout, inside it in an installation."""
    package = Path(controller.__file__).parent
    for place in (package.parent / "specs", package / "example"):
        if (place / "tenant.yaml").is_file():
            return place
    raise DemoError("the example estate is missing from this installation")
