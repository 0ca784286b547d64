"""`/users/{id}/mailboxSettings`: automatic replies, language, zone, formats, working hours.

The same store as Exchange's cmdlets. The facts a reader would not guess: PATCH answers 200 with what it
changed, and merges objects member by member; replies come back as HTML documents and their times in UTC with
seven digits; a zone comes back in the form it was stored in, Windows or IANA; what kind of mailbox it is
(`userPurpose`) stands here alone [doc: graph/api/user-update-mailboxsettings].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from controller.sandbox import cultures, zones
from controller.sandbox import mailbox_settings as kept
from controller.sandbox import mailbox_store as store
from controller.sandbox.graph import bodies, entities, outlook_query, permissions, settings_merge
from controller.sandbox.graph.mailboxes import Mailbox, open_mailbox
from controller.sandbox.graph.routing import Respond, Route
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.world import Entry

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

_PURPOSES = {
    "UserMailbox": "user",
    "SharedMailbox": "shared",
    "RoomMailbox": "room",
    "EquipmentMailbox": "equipment",
}
_DELIVERY = "delegate_delivery"  # its place in the store


def get_settings(graph: Graph, request: Request) -> Answer:
    """All of them, whatever $select says [github pnp/cli-microsoft365 issue 6567; microsoftgraph
    msgraph-sdk-dotnet issue 2511]."""
    mailbox = open_mailbox(graph, request)
    outlook_query.parse(request, entities.entity("mailboxSettings"))
    context = mailbox.context("mailboxSettings")
    return Answer(200, {"@odata.context": context, **shown(mailbox, mailbox.view)})


def one(name: str) -> Respond:
    """GET of a single property: an object as it is, a plain value under `value`."""

    def answer(graph: Graph, request: Request) -> Answer:
        mailbox = open_mailbox(graph, request)
        value = shown(mailbox, mailbox.view)[name]
        body = value if isinstance(value, dict) else {"value": value}
        return Answer(200, {"@odata.context": mailbox.context(f"mailboxSettings/{name}"), **body})

    return answer


def update_settings(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    body = bodies.json_object(request)
    settings_merge.check_days(body)
    values = bodies.read(body, entities.entity("mailboxSettings"))
    entry, now = mailbox.entry, graph.tenant.now
    parts: dict[str, kept.AutomaticReplies | kept.Regional | kept.WorkingHours] = {}
    if values.get("automaticRepliesSetting") is not None:
        after = settings_merge.replies(
            values["automaticRepliesSetting"], kept.automatic_replies(entry, now), now
        )
        parts["automatic_replies"] = _without_made_up_times(entry, values["automaticRepliesSetting"], after)
    if values.get("workingHours") is not None:
        parts["working_hours"] = settings_merge.hours(values["workingHours"], kept.working_hours(entry))
    if values.keys() & settings_merge.REGIONAL:
        parts["regional"] = settings_merge.regional(values, kept.regional(entry))
    mailbox.writing()
    for part, settings in parts.items():
        kept.save(entry, part, settings)
    if values.get("delegateMeetingMessageDeliveryOptions") is not None:
        entry.stores[_DELIVERY] = _spelt(values["delegateMeetingMessageDeliveryOptions"])
    mailbox.record("Update", [("MailboxSettings", ", ".join(values))])
    item = shown(mailbox, entry)
    changed = {name: item[name] for name in item if name in values}
    return Answer(200, {"@odata.context": mailbox.context("mailboxSettings"), **changed})


def _without_made_up_times(
    entry: Entry, sent: Mapping[str, Any], after: kept.AutomaticReplies
) -> kept.AutomaticReplies:
    """Times that nobody ever set are shown but not kept, unless a schedule begins to rest on them."""
    named = any(name.lower().startswith("scheduled") for name in sent)
    if named or after.state == "Scheduled" or entry.stores.get("automatic_replies", {}).get("start"):
        return after
    return replace(after, start=None, end=None)


def _spelt(value: str) -> str:
    members = entities.entity("delegateMeetingMessageDeliveryOptions").members
    return next(name for name in members if name.lower() == value.lower())


def shown(mailbox: Mailbox, entry: Entry) -> dict[str, Any]:
    found, hours = kept.regional(entry), kept.working_hours(entry)
    replies = kept.automatic_replies(entry, mailbox.graph.tenant.now)
    archive = "archive" in store.folders(entry)
    return {
        "archiveFolder": store.rest_id(entry, "archive") if archive else "",
        "timeZone": found.time_zone or "",
        "delegateMeetingMessageDeliveryOptions": entry.stores.get(_DELIVERY, "sendToDelegateOnly"),
        "dateFormat": found.date_format or "",
        "timeFormat": found.time_format or "",
        "userPurpose": _PURPOSES.get(entry.type, "others"),
        "automaticRepliesSetting": settings_merge.shown_replies(replies),
        "language": _language(found),
        "workingHours": settings_merge.shown_hours(hours),
    }


def _language(found: kept.Regional) -> Mapping[str, str]:
    """Empty texts on a mailbox that was never configured [inf]."""
    if found.language is None:
        return {"locale": "", "displayName": ""}
    return {"locale": found.language, "displayName": cultures.title(found.language)}


# --- what may be chosen -------------------------------------------------------------------------------


def languages(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    value = [{"locale": each.name, "displayName": each.title} for each in cultures.listed()]
    context = request.context("Collection(microsoft.graph.localeInfo)")
    return outlook_query.collection(mailbox.request, context, value, outlook_query.Asked(top=None))


def time_zones(graph: Graph, request: Request) -> Answer:
    """Windows names, or IANA ones where the path says so."""
    mailbox = open_mailbox(graph, request)
    standard = request.params.get("TimeZoneStandard", "windows").lower().rpartition("timezonestandard")[2]
    names = zones.iana_names() if "iana" in standard else zones.windows_names()
    now = graph.tenant.now
    value = [{"alias": name, "displayName": settings_merge.zone_title(name, now)} for name in names]
    context = request.context("Collection(microsoft.graph.timeZoneInformation)")
    return outlook_query.collection(mailbox.request, context, value, outlook_query.Asked(top=None))


_SETTINGS = "/users/{user}/mailboxSettings"
_PROPERTIES = (
    "archiveFolder",
    "automaticRepliesSetting",
    "dateFormat",
    "delegateMeetingMessageDeliveryOptions",
    "language",
    "timeFormat",
    "timeZone",
    "userPurpose",
    "workingHours",
)
_CHOICES = "/users/{user}/outlook"
ROUTES = (
    Route("GET", _SETTINGS, get_settings, permissions.SETTINGS_READ),
    Route("PATCH", _SETTINGS, update_settings, permissions.SETTINGS_WRITE, writes=True),
    *(Route("GET", f"{_SETTINGS}/{name}", one(name), permissions.SETTINGS_READ) for name in _PROPERTIES),
    Route("GET", f"{_CHOICES}/supportedLanguages", languages, permissions.USERS_READ),
    Route("GET", f"{_CHOICES}/supportedTimeZones", time_zones, permissions.USERS_READ),
    Route("GET", f"{_CHOICES}/supportedTimeZones/{{TimeZoneStandard=}}", time_zones, permissions.USERS_READ),
)
