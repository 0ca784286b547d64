"""What a person sees: colour on a terminal only, results on stdout, progress on stderr."""

from __future__ import annotations

import os
import sys

import click

from controller.model import Outcome, Plan, Status
from controller.report import FORMATS, as_text
from controller.report.text import Paint, named, plain

_MARKS = {Status.APPLIED: "✓", Status.PROPAGATING: "…", Status.FAILED: "✗", Status.SKIPPED: "-"}


def paint() -> Paint:
    return Paint(on=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


def show_plan(plan: Plan, form: str, colours: Paint) -> None:
    shown = as_text(plan, paint=colours) if form == "text" else FORMATS[form](plan)
    click.echo(shown, nl=False, color=colours.on)


def tell(outcome: Outcome) -> None:
    """One line for each change, as it ends."""
    change = outcome.change
    line = f"{_MARKS[outcome.status]} {outcome.status:<11} {change.key.address}: {named(change)}"
    click.echo(line)
    if outcome.error:
        click.echo(f"              {plain(outcome.error)}")


def closing(outcomes: tuple[Outcome, ...], held: int) -> str:
    counts = {status: sum(1 for outcome in outcomes if outcome.status is status) for status in Status}
    parts = [f"{counts[status]} {status}" for status in Status if counts[status]]
    if held:
        parts.append(f"{held} held back")
    return f"Apply: {', '.join(parts) if parts else 'nothing to do'}."
