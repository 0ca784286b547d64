"""Regional settings and working hours.

A document names zones as IANA does; Exchange knows Windows' names only, of which there are fewer. A language
is one with its region: Exchange refuses neutral cultures [doc: Set-MailboxRegionalConfiguration].
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from controller import zones
from controller.spec.models.document import Path, Trouble
from controller.spec.models.scalars import Maybe, SpecModel
from controller.spec.models.tenant import ZoneName

CULTURE_PATTERN: Final = r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?-([A-Za-z]{2}|\d{3})(-[A-Za-z0-9]{5,8})?$"
CLOCK_PATTERN: Final = r"^([01]\d|2[0-3]):[0-5]\d$"


def _no_windows_name(name: object) -> object:
    if isinstance(name, str) and (place := zones.iana(name)) and place != name:
        raise ValueError(f"{name!r} is Windows' name of a time zone: write IANA's, {place}")
    return name


def _with_windows_name(name: str) -> str:
    if zones.windows(name) is None:
        raise ValueError(f"Windows, and so Exchange, has no time zone for {name!r}: name another place")
    return name


def _date_format(form: str) -> str:
    if not all(letter in form for letter in "dMy"):
        raise ValueError(f"expected a date format with day, month and year such as dd/MM/yyyy; got {form!r}")
    return form


def _time_format(form: str) -> str:
    if "m" not in form or not ("h" in form or "H" in form):
        raise ValueError(f"expected a time format with hours and minutes such as HH:mm; got {form!r}")
    return form


Culture = Annotated[str, StringConstraints(pattern=CULTURE_PATTERN)]
Clock = Annotated[str, StringConstraints(pattern=CLOCK_PATTERN)]
MailboxZone = Annotated[ZoneName, BeforeValidator(_no_windows_name), AfterValidator(_with_windows_name)]
DateFormat = Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(_date_format)]
TimeFormat = Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(_time_format)]


class Day(StrEnum):
    """A day of the week, in full."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class Regional(SpecModel):
    """Language, time zone and formats of the mailbox. What is left out is unmanaged."""

    language: Maybe[Culture] = Field(
        default=None,
        description="Language and region. A change of language alone takes its own date and time formats "
        "with it; the names of the default folders stay.",
        examples=["fr-FR"],
    )
    time_zone: Maybe[MailboxZone] = Field(
        default=None, description="IANA time zone of the mailbox.", examples=["Europe/Paris"]
    )
    date_format: Maybe[DateFormat] = Field(
        default=None, description="A date format that the language has.", examples=["dd/MM/yyyy"]
    )
    time_format: Maybe[TimeFormat] = Field(
        default=None, description="A time format that the language has.", examples=["HH:mm"]
    )


class WorkingHours(SpecModel):
    """When somebody is there. Times count in regional.timeZone, or else in the tenant's timeZone, which is
    then written, too. What is left out is unmanaged."""

    days: Maybe[tuple[Day, ...]] = Field(
        default=None, description="Working days, in any order.", examples=[["monday", "tuesday"]]
    )
    start: Maybe[Clock] = Field(default=None, description="The day begins.", examples=["09:00"])
    end: Maybe[Clock] = Field(
        default=None, description="The day ends; later than it begins.", examples=["18:00"]
    )

    def troubles(self, path: Path) -> Iterator[Trouble]:
        if self.start is not None and self.end is not None and self.start >= self.end:
            yield (*path, "end"), f"'end' ({self.end}) is not after 'start' ({self.start})"
        for at, day in enumerate(self.days or ()):
            if day in (self.days or ())[:at]:
                yield (*path, "days", str(at)), f"{day.value!r} is listed twice"
