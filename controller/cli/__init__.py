"""`mbx`: argv to one call. The only package that prints and the only one that ends with an exit status.

Commands are imported when they are called, so that `mbx --help` answers at once.
"""

from __future__ import annotations

import difflib
import gc
import importlib
import keyword
import sys
from typing import Any, Final

import click

from controller import __version__
from controller.errors import ControllerError, StaleError, UserError

# In the order of a first day. The help line stands here so that listing them imports nothing.
COMMANDS: Final = {
    "demo": "The whole story against a simulated tenant that it starts itself.",
    "init": "A starter specs folder, a pipeline for the forge in use, next steps.",
    "import": "Write specs from what a tenant has.",
    "validate": "Check every document without touching a tenant.",
    "plan": "Show what would change, and why.",
    "apply": "Carry out what the plan shows, and read it back.",
    "show": "Show a saved plan in any form, without a tenant.",
    "snapshot": "Write what a tenant answers into a signed file, for plans without signing in.",
    "comment": "Put the plan into one comment on the pull request, and set the status of its commit.",
    "run": "The loop: follow the specs and the tenant, report or apply, until told to stop.",
    "suspend": "Leave a tenant or a mailbox alone until it is resumed.",
    "resume": "End a suspension.",
    "accept": "Let the loop go on from a commit that it refuses.",
    "drift": "Show only what somebody changed behind the controller's back.",
    "adopt": "Write what the tenant has into the documents that say otherwise.",
    "access": "Show who can read and send as a mailbox, and what a person can open.",
    "doctor": "Tell why it does not work: settings, sign-in, permissions; or one mailbox.",
    "report": "Show how soon a mailbox answers, what waits, and how much comes in.",
    "history": "Show what was applied, when, from which commit, with which result.",
    "restore": "Plan a mailbox back to what it was, or write its document back.",
    "schema": "Print the JSON Schema of the specs, or of a plan.",
    "sandbox": "Run a simulated Microsoft 365 tenant on loopback.",
}
STALE: Final = 4  # a saved plan that does not, or no longer, hold
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
# Cycles are looked for after so many allocations, and everything old so rarely: a plan makes millions of
# objects that stay, and Python's own setting (700, 10, 10) spends a fifth of the time on going over them.
_RARELY: Final = (50_000, 20, 100)


def module_of(command: str) -> str:
    """Where a command lives. Python keeps some names for itself."""
    return f"controller.cli.{command}_" if keyword.iskeyword(command) else f"controller.cli.{command}"


class Commands(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(module_of(cmd_name)).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            meant = f" — did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"no such command '{args[0]}'{meant}", ctx) from None


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Try `mbx demo` first: it needs no tenant. `mbx COMMAND -h` shows examples.",
)
@click.version_option(__version__, prog_name="mbx")
def cli() -> None:
    """Microsoft 365 team mailboxes kept in git: plan, review, apply, heal."""


def main(argv: list[str] | None = None) -> None:
    """Runs a command and exits. A user's mistake ends with 1 and a sentence, never with a traceback."""
    gc.set_threshold(*_RARELY)
    try:
        status = cli.main(args=argv, prog_name="mbx", standalone_mode=False)
    except click.exceptions.Abort:
        status = INTERRUPTED
    except click.ClickException as error:
        error.show(sys.stderr)
        status = 1
    except StaleError as error:
        click.echo(f"Stale: {error}", err=True)
        status = STALE
    except UserError as error:
        click.echo(str(error), err=True)
        status = 1
    except (ControllerError, OSError) as error:  # the latter: a full disk, a folder that may not be read
        click.echo(f"Error: {error}", err=True)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)
