"""The figures as one HTML file with charts, drawn here as SVG; it asks no network for anything.

Every chart stands beside its table, for whoever cannot see it. Words are escaped by Jinja2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any, Final

from controller.report.alone import policy, style
from controller.service.pages import span

_HEIGHT: Final = 140
_FLOOR: Final = 160
_NAMES: Final = 6  # labels under a chart, so that they do not run into each other


@dataclass(frozen=True, slots=True)
class Bar:
    """`x` and `width` in percent of the chart's, so that its words stay as large on a phone; `y` and `height`
    in pixels."""

    label: str
    value: int
    x: float
    y: float
    width: float
    height: float
    named: bool


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    unit: str
    top: int
    bars: tuple[Bar, ...]


def chart(title: str, unit: str, values: Sequence[tuple[str, int]]) -> Chart:
    """A bar for each value, the highest as high as the chart."""
    top = max((value for _, value in values), default=0)
    step = 100 / max(len(values), 1)
    every = -(-len(values) // _NAMES) or 1
    bars = []
    for place, (label, value) in enumerate(values):
        height = round(_HEIGHT * value / top, 1) if top else 0.0
        x, y, width = round(step * place, 2), round(_FLOOR - height, 1), round(step * 0.8, 2)
        bars.append(Bar(label, value, x, y, width, height, named=place % every == 0))
    return Chart(title, unit, top, tuple(bars))


def page(told: Mapping[str, Any]) -> str:
    """The page of a document that `pages.document` made."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only this form needs it

    days, hours = told["days"], told["hours"]
    charts = (
        chart("Received a day", "day", [(one["day"][5:], one["received"]) for one in days]),
        chart("Waiting at the end of each day", "day", [(one["day"][5:], one["backlog"]) for one in days]),
        chart("Received by hour", "hour", [(f"{one['hour']:02}", one["received"]) for one in hours]),
    )
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = resources.files("controller.service").joinpath("service.html.j2").read_text("utf-8")
    shown = {"people": [], **told}
    sheet = style(resources.files("controller.service").joinpath("service.css").read_text("utf-8"))
    return environment.from_string(text).render(
        told=shown, cards=_cards(told), charts=charts, style=sheet, policy=policy(sheet)
    )


def _cards(told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    response, backlog = told["response"], told["backlog"]
    within = _span(response["withinMinutes"])
    return [
        ("Requests", str(response["requests"]), f"{response['answered']} answered"),
        ("Half answered within", _span(response["medianMinutes"]), ""),
        ("Nine of ten within", _span(response["p90Minutes"]), ""),
        (f"Answered within {within}", str(response["answeredWithin"]), f"of {response['answered']}"),
        (
            "Waiting",
            str(backlog["waiting"]),
            f"{backlog['claimed']} claimed, {backlog['unclaimed']} unclaimed",
        ),
        ("Oldest waits for", _span(backlog["oldestMinutes"]), ""),
    ]


def _span(minutes: int | None) -> str:
    return "—" if minutes is None else span(timedelta(minutes=minutes))
