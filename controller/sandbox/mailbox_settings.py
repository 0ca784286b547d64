"""A mailbox's own settings, in one shape for both doors: automatic replies, regional settings, working
hours, message options.

Exchange's cmdlets and Graph's `mailboxSettings` read and write the same store [reference: Graph API, section
7]. In `Entry.stores` stands, as plain values, only what somebody set:

    automatic_replies  {state: Enabled, audience: All, internal: <html>…, external: …, start, end}
    regional           {language: fr-FR, time_zone: Romance Standard Time, date_format, time_format}
    working_hours      {days: [Monday, …], start: "08:00:00", end: "17:00:00", time_zone}
    messages           properties of Get-MailboxMessageConfiguration that differ from their default
    calendar           the same of Get-MailboxCalendarConfiguration, working hours aside

The fact a reader would not guess: a reply goes in as text or a fragment and comes out as an HTML document
with other line breaks, so that bytes never compare [reference: Exchange admin API, 15.8].
"""

from __future__ import annotations

import html
import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from controller.sandbox.world import Entry

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS: Final = DAYS[:5]
REPLY_LIMIT: Final = 128 * 1024  # characters of a reply [inf: OWA refuses longer ones]
_DOCUMENT: Final = re.compile(r"<body[^>]*>(.*)</body\s*>", re.IGNORECASE | re.DOTALL)
_SCRIPT: Final = re.compile(r"<script\b.*?</script\s*>|\son\w+\s*=\s*(\"[^\"]*\"|'[^']*')", re.I | re.S)
_APOSTROPHE: Final = re.compile(r"(<[^>]*>)|'")
_TAG: Final = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AutomaticReplies:
    """`state` is Disabled, Enabled or Scheduled; `audience` None, Known or All (the default [doc]); texts
    are HTML documents or empty; the times mean something only while Scheduled."""

    state: str = "Disabled"
    audience: str = "All"
    internal: str = ""
    external: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Regional:
    """All None on a mailbox that was never configured. `time_zone` is as it was last stored: a Windows id,
    or through Graph an IANA name [reference: Graph API, section 7]."""

    language: str | None = None
    time_zone: str | None = None
    date_format: str | None = None
    time_format: str | None = None


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """`start` and `end` are `HH:MM:SS` [doc: defaults of Set-MailboxCalendarConfiguration]."""

    days: tuple[str, ...] = WEEKDAYS
    start: str = "08:00:00"
    end: str = "17:00:00"
    time_zone: str = "Pacific Standard Time"


def automatic_replies(entry: Entry, now: datetime) -> AutomaticReplies:
    """What stands there. Times that nobody set are around now, as on the service [inf]."""
    found = AutomaticReplies(**entry.stores.get("automatic_replies", {}))
    if found.start is not None and found.end is not None:
        return found
    hour = now.replace(minute=0, second=0, microsecond=0)
    values = asdict(found) | {"start": hour, "end": hour + timedelta(days=1)}
    return AutomaticReplies(**values)


def regional(entry: Entry) -> Regional:
    return Regional(**entry.stores.get("regional", {}))


def working_hours(entry: Entry) -> WorkingHours:
    saved = dict(entry.stores.get("working_hours", {}))
    if "days" in saved:
        saved["days"] = tuple(saved["days"])
    elsewhere = entry.stores.get("regional", {}).get("time_zone")
    if elsewhere and "time_zone" not in saved:  # they start out in the mailbox's zone [inf]
        saved["time_zone"] = elsewhere
    return WorkingHours(**saved)


def save(entry: Entry, part: str, settings: AutomaticReplies | Regional | WorkingHours) -> None:
    """Puts settings into the store under the name of their part. The caller has announced the write."""
    save_in(entry.stores, part, settings)


def save_in(stores: dict[str, Any], part: str, settings: AutomaticReplies | Regional | WorkingHours) -> None:
    """The same into any mapping; what is at its default is left out."""
    default = type(settings)()
    values: dict[str, Any] = {}
    for each in fields(settings):
        value = getattr(settings, each.name)
        if value != getattr(default, each.name):
            values[each.name] = list(value) if isinstance(value, tuple) else value
    stores[part] = values


def stored_reply(text: str | None) -> str:
    """What becomes of a reply: text and fragments are wrapped, a head is put in, line breaks become CRLF,
    no-break spaces entities, and scripts go. Nothing stays nothing [reference: Exchange admin API, 15.8]."""
    if not text or not text.strip():
        return ""
    found = _DOCUMENT.search(text)
    body = found[1] if found else text
    if found is None and not _TAG.search(text):
        body = html.escape(html.unescape(text), quote=False)
    body = stripped(body).strip().replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    body = _APOSTROPHE.sub(lambda found: found[1] or "&#39;", body.replace("\u00a0", "&nbsp;"))
    head = '<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>'
    return f"<html>\r\n{head}\r\n<body>\r\n{body}\r\n</body>\r\n</html>\r\n"


def stripped(text: str) -> str:
    """HTML without its scripts [doc: Set-MailboxMessageConfiguration, SignatureHtml]."""
    return _SCRIPT.sub("", text)


def collapsed_days(days: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Day names out of what `WorkDays` takes, in the order of the week, each once."""
    several = {"alldays": DAYS, "weekdays": WEEKDAYS, "weekenddays": DAYS[5:]}
    wanted = {name for day in days for name in several.get(day.lower(), (day,))}
    return tuple(day for day in DAYS if day in wanted)


def printed_days(days: tuple[str, ...]) -> str:
    """As `WorkDays` prints: redundant values collapse [doc]."""
    known = {DAYS: "AllDays", WEEKDAYS: "Weekdays", DAYS[5:]: "WeekEndDays", (): "None"}
    return known.get(tuple(days)) or ", ".join(days)
