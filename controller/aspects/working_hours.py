"""When somebody is there: working days, and the hours between which they last.

Exchange collapses the days it is given (Monday to Friday comes back as Weekdays), so they are compared as a
set [reference: 15.11]. Start and end are checked against each other: where both change, one call brings both.
The hours count in a time zone of their own, which follows the mailbox's, or the tenant's where a document
names none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from controller import zones
from controller.aspect import Context, Permissions, Resource
from controller.model import Change, Delta, Desired, Finding, Origin, Path, Present, Want
from controller.own_settings import OwnSettings

_ROOT: Final = "workingHours"
DAYS: Final = (_ROOT, "days")
START: Final = (_ROOT, "start")
END: Final = (_ROOT, "end")
ZONE: Final = (_ROOT, "timeZone")
_PARAMETERS: Final[dict[Path, str]] = {
    DAYS: "WorkDays",
    START: "WorkingHoursStartTime",
    END: "WorkingHoursEndTime",
    ZONE: "WorkingHoursTimeZone",
}
_WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEVERAL: Final = {"alldays": _WEEK, "weekdays": _WEEK[:5], "weekenddays": _WEEK[5:], "none": ()}
_DEFAULTS: Final = {  # [doc]
    "WorkDays": "Weekdays",
    "WorkingHoursStartTime": "08:00:00",
    "WorkingHoursEndTime": "17:00:00",
}
_CLOCK: Final = re.compile(r"(?:\d+\.)?(\d\d?):(\d\d)(?::\d\d(?:\.\d+)?)?")


class WorkingHours(OwnSettings):
    name = "workingHours"
    noun = "MailboxCalendarConfiguration"
    columns = tuple(_PARAMETERS.values())
    permissions = Permissions(
        read=("Get-MailboxCalendarConfiguration",), write=("Set-MailboxCalendarConfiguration",)
    )

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.working_hours is not None

    def seen(self, row: Mapping[str, Any]) -> Present:
        values = {name: row.get(name, _DEFAULTS.get(name)) for name in _PARAMETERS.values()}
        return Present(
            {
                DAYS: _days(values["WorkDays"]),
                START: _clock(values["WorkingHoursStartTime"]),
                END: _clock(values["WorkingHoursEndTime"]),
                ZONE: zones.canonical(values["WorkingHoursTimeZone"]),
            }
        )

    def desired(self, resource: Resource, context: Context) -> Desired:
        spec = resource.spec.working_hours
        wants: dict[Path, Want] = {}
        if spec.days is not None:
            days = _days(str(day) for day in spec.days)
            sent = ", ".join(day.title() for day in days) or "None"
            wants[DAYS] = Want(days, sent, resource.at(*DAYS))
        for path, clock in ((START, spec.start), (END, spec.end)):
            if clock is not None:
                wants[path] = Want(clock, f"{clock}:00", resource.at(*path))
        if wants and (found := _zone(resource, context)):
            zone, origin = found
            wants[ZONE] = Want(zone, zone, origin)
        return Desired(wants)

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """Where both ends of the day differ, the change of its start brings the other."""
        wants = desired.wants
        both = all(path in wants and wants[path].value != present.fields[path] for path in (START, END))
        return {**present.fields, END: desired.wants[END].value} if both else present.fields

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """The zone is the mailbox's, or the tenant's."""
        return {path: value for path, value in super().spelling(present).items() if path != ZONE}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        assert delta.want is not None  # single values: none of them can be wished away
        parameters = {_PARAMETERS[delta.path]: delta.want.verbatim}
        end = self.desired(resource, context).wants.get(END)
        if delta.path != START or end is None or end.value == present.fields[END]:
            return self.settle(delta, resource, parameters)
        parameters[_PARAMETERS[END]] = end.verbatim
        notes = [f"the end becomes {end.value} with it (it is {present.fields[END]})"]
        return replace(self.settle(delta, resource, parameters, notes=notes), rests_on=(END,))


def _zone(resource: Resource, context: Context) -> tuple[str, Origin] | None:
    """The Windows name of the zone that the hours count in, and who says so; None where nobody does."""
    regional = resource.spec.regional
    if regional is not None and regional.time_zone is not None:
        name, origin = regional.time_zone, resource.at("regional", "timeZone")
    elif "time_zone" in context.tenant.model_fields_set:
        name, origin = context.tenant.time_zone, resource.at(_ROOT)
    else:
        return None
    windows = zones.windows(name)
    return (windows, origin) if windows else None


def _days(value: Iterable[str] | str | None) -> tuple[str, ...]:
    """Day names in the order of the week, out of `Weekdays`, `Monday, Tuesday` or a list."""
    parts = value.split(",") if isinstance(value, str) else (value or ())
    named = [part.strip().lower() for part in parts]
    wanted = {day for name in named for day in _SEVERAL.get(name, (name,))}
    return tuple(day for day in _WEEK if day in wanted)


def _clock(value: Any) -> str | None:
    """`HH:MM` out of a TimeSpan: the service does not keep seconds apart in its own pages."""
    found = _CLOCK.fullmatch(str(value or "").strip())
    return f"{int(found[1]):02}:{found[2]}" if found else (str(value) if value else None)
