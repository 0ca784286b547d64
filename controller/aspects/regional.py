"""Language, time zone, and date and time formats of the mailbox.

Exchange refuses a format that does not suit the language, the one that stands there included. So a change of
language takes both formats with it in one call: those of the document, or null for the language's own [doc:
Set-MailboxRegionalConfiguration, example 5; obs: CIPP Set-CIPPMailboxLocale]. Default folders keep their
names: nothing here asks to rename them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from controller import zones
from controller.aspect import Context, Permissions, Resource
from controller.model import Change, Delta, Desired, Finding, Path, Present, Want
from controller.own_settings import OwnSettings

_ROOT: Final = "regional"
LANGUAGE: Final = (_ROOT, "language")
ZONE: Final = (_ROOT, "timeZone")
DATE: Final = (_ROOT, "dateFormat")
TIME: Final = (_ROOT, "timeFormat")
_PARAMETERS: Final[dict[Path, str]] = {
    LANGUAGE: "Language",
    ZONE: "TimeZone",
    DATE: "DateFormat",
    TIME: "TimeFormat",
}
_ATTRIBUTES: Final[dict[Path, str]] = {
    LANGUAGE: "language",
    ZONE: "time_zone",
    DATE: "date_format",
    TIME: "time_format",
}
_FORMATS: Final[tuple[Path, ...]] = (DATE, TIME)


class Regional(OwnSettings):
    name = "regional"
    noun = "MailboxRegionalConfiguration"
    columns = tuple(_PARAMETERS.values())
    permissions = Permissions(
        read=("Get-MailboxRegionalConfiguration",), write=("Set-MailboxRegionalConfiguration",)
    )

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.regional is not None

    def seen(self, row: Mapping[str, Any]) -> Present:
        """All None on a mailbox that was never configured [inf]."""
        return Present({path: _canon(path, row.get(name)) for path, name in _PARAMETERS.items()})

    def desired(self, resource: Resource, context: Context) -> Desired:
        wants: dict[Path, Want] = {}
        for path, attribute in _ATTRIBUTES.items():
            if (written := getattr(resource.spec.regional, attribute)) is not None:
                value = _canon(path, written)
                wants[path] = Want(value, value if path == ZONE else written, resource.at(*path), ref=written)
        return Desired(wants)

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """Where the language differs, its change brings the formats, which then do not count."""
        if not _differs(LANGUAGE, present, desired):
            return present.fields
        brought = {path: desired.wants[path].value for path in _FORMATS if path in desired.wants}
        return {**present.fields, **brought}

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """A zone by IANA's name; one that has none cannot be said."""
        said = dict(super().spelling(present))
        zone = said.pop(ZONE, None)
        return {**said, ZONE: name} if zone and (name := zones.iana(zone)) else said

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        assert delta.want is not None  # single values: none of them can be wished away
        if delta.path == LANGUAGE:
            return self._language(delta, present, resource, context)
        notes = []
        if delta.path == ZONE and delta.want.ref != delta.after:
            notes.append(f"{delta.want.ref} is {delta.after} to Windows")
        return self.settle(delta, resource, {_PARAMETERS[delta.path]: delta.want.verbatim}, notes=notes)

    def _language(self, delta: Delta, present: Present, resource: Resource, context: Context) -> Change:
        wants = self.desired(resource, context).wants
        parameters: dict[str, Any] = {"Language": delta.want.verbatim if delta.want else None}
        notes = []
        for path in _FORMATS:
            wish = wants[path].verbatim if path in wants else None
            parameters[_PARAMETERS[path]] = wish
            before = present.fields.get(path)
            if wish is None and before is not None:
                notes.append(f"{path[1]} {before} gives way to the language's own")
            elif wish is not None and wish != before:
                notes.append(f"{path[1]} becomes {wish} with it")
        brought = tuple(path for path in _FORMATS if path in wants)
        return replace(self.settle(delta, resource, parameters, notes=notes), rests_on=brought)


def _differs(path: Path, present: Present, desired: Desired) -> bool:
    return path in desired.wants and desired.wants[path].value != present.fields.get(path)


def _canon(path: Path, value: str | None) -> str | None:
    if not value or not value.strip():
        return None
    if path == ZONE:
        return zones.canonical(value)
    return _culture(value) if path == LANGUAGE else value


def _culture(name: str) -> str:
    """A language with its region, in the case that .NET gives it: fr-FR, sr-Latn-RS."""
    language, *rest = name.strip().split("-")
    return "-".join((language.lower(), *(part.title() if len(part) == 4 else part.upper() for part in rest)))
