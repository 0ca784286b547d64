"""`mbx show`: a saved plan in any of its forms, without a tenant."""

from __future__ import annotations

import json
from pathlib import Path

import click

from controller.cli.terminal import paint, show_plan
from controller.errors import UsageError
from controller.model import Plan
from controller.report import FORMATS
from controller.report.reading import plan_of
from controller.saved import open_sealed

_EXAMPLES = """\b
Examples:
  mbx show plan.json                              as `mbx plan` showed it
  mbx show plan.json --format html > plan.html    to be read in a browser
  mbx show plan.json --format github              remarks on the lines of a pull request
"""


@click.command("show", epilog=_EXAMPLES)
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
def command(plan: Path, form: str) -> int:
    """Shows a plan that `mbx plan --out` or `--format json` wrote. Asks no tenant, and needs no sign-in.

    Exit status: 0; 1 this is no plan; 4 a saved plan was altered.
    """
    show_plan(opened(plan), form, paint())
    return 0


def opened(path: Path) -> Plan:
    """Raises UsageError for what is no plan, StaleError for a saved one that was altered."""
    try:
        text = path.read_bytes().decode()
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path}: this is no plan")
    return plan_of(open_sealed(text).plan if "seal" in document else document)
