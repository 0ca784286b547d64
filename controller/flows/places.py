"""Where a flow posts and makes tasks: teams, channels, plans and buckets, by the names that people know.

A team is a Microsoft 365 group; Planner takes no query options [doc: graph/api/channel-list,
plannergroup-list-plans, plannerplan-list-buckets].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.clients import Reader, segment
from controller.flows.definition import place


@dataclass(slots=True)
class Places:
    """`ids` by place (`{team:Support}`); `missing` says of each place that was not found why."""

    ids: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


async def find_places(reader: Reader, flow: Any) -> Places:
    """All that a document's flow names. Raises ServiceError."""
    found = Places()
    name = flow.team.replace("'", "''")
    teams = await reader.graph_list(
        "/groups",
        filter=f"resourceProvisioningOptions/any(x:x eq 'Team') and displayName eq '{name}'",
        select=("id", "displayName"),
    )
    team = _one(found, "team", flow.team, teams, "displayName", "in this tenant")
    if team is None:
        return found
    channels = await reader.graph_list(f"/teams/{segment(team)}/channels", select=("id", "displayName"))
    _one(found, "channel", flow.channel, channels, "displayName", f"in the team {flow.team}")
    if flow.planner is None:
        return found
    plans = await reader.graph_list(f"/groups/{segment(team)}/planner/plans")
    plan = _one(found, "plan", flow.planner.plan, plans, "title", f"in the team {flow.team}")
    if plan is not None:
        buckets = await reader.graph_list(f"/planner/plans/{segment(plan)}/buckets")
        _one(found, "bucket", flow.planner.bucket, buckets, "name", f"in the plan {flow.planner.plan}")
    return found


def _one(
    found: Places, kind: str, name: str, rows: Sequence[Mapping[str, Any]], column: str, where: str
) -> str | None:
    """The id of the only one of that name; by the letter first, then without regard to case."""
    spelt = [row for row in rows if row.get(column) == name]
    alike = spelt or [row for row in rows if str(row.get(column)).casefold() == name.casefold()]
    if len(alike) == 1:
        found.ids[place(kind, name)] = str(alike[0]["id"])
        return str(alike[0]["id"])
    told = ", ".join(sorted(str(row.get(column)) for row in rows)[:8])
    if alike:
        why = f"{len(alike)} {kind}s {where} are called {name}: rename one"
    else:
        why = f"no {kind} {where} is called {name}" + (
            f"; there is {told}" if told and kind != "team" else ""
        )
    found.missing[place(kind, name)] = why
    return None
