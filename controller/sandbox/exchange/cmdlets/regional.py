"""Get- and Set-MailboxRegionalConfiguration: language, time zone, date and time formats.

All null until somebody sets them. A format that does not suit the language is refused, the one that stands
there included: a change of language wants `DateFormat` and `TimeFormat` with it, null for the culture's own
[doc: example 5; obs: CIPP Set-CIPPMailboxLocale]. Default folders keep their names unless told otherwise.
"""

from __future__ import annotations

from dataclasses import replace

from controller.sandbox import cultures, mailbox_settings, zones
from controller.sandbox.exchange import own_settings, refusals
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.mailbox_settings import Regional
from controller.sandbox.world import Entry


@cmdlet("Get-MailboxRegionalConfiguration", honours={"VerifyDefaultFolderNameLanguage"})
def get_regional(call: Invocation) -> Result:
    entry, seen = own_settings.target(call)
    found = mailbox_settings.regional(seen)
    match = None
    if call.arguments.on("VerifyDefaultFolderNameLanguage"):  # not worked out otherwise [doc]
        match = (found.language or cultures.DEFAULT) == _folders(seen)
    row = {
        "Identity": entry.name,
        "Language": found.language,
        "DateFormat": found.date_format,
        "TimeFormat": found.time_format,
        "TimeZone": found.time_zone and (zones.windows(found.time_zone) or found.time_zone),
        "DefaultFolderNameMatchingUserLanguage": bool(match),
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
    return [selected(call, row)]


def _folders(entry: Entry) -> str:
    return str(entry.stores.get("language") or cultures.DEFAULT)


@cmdlet(
    "Set-MailboxRegionalConfiguration",
    honours={"Language", "TimeZone", "DateFormat", "TimeFormat", "LocalizeDefaultFolderName"},
)
def set_regional(call: Invocation) -> Result:
    """No rows. CmdletError (400): a neutral culture, a zone that Windows has not, a format that does not
    suit the language."""
    entry, _ = own_settings.target(call)
    after = _draft(call, mailbox_settings.regional(entry))
    changed = own_settings.save(call, entry, "regional", after)
    if call.arguments.on("LocalizeDefaultFolderName") and _folders(entry) != after.language:
        call.writing(entry)
        entry.stores["language"] = after.language or cultures.DEFAULT
        changed = True
    if not changed:
        own_settings.unchanged(call, entry)
    return None


def _draft(call: Invocation, before: Regional) -> Regional:
    arguments = call.arguments
    after = before
    if arguments.text("Language"):
        name = str(arguments["Language"])
        if not cultures.is_specific(name):
            reason = f"Error: \"The culture '{name}' is a neutral culture, a specific one is needed.\""
            raise refusals.bad_value("Language", name, "System.Globalization.CultureInfo", reason)
        after = replace(after, language=cultures.proper(name))
    if arguments.text("TimeZone"):
        after = replace(after, time_zone=own_settings.zone("TimeZone", str(arguments["TimeZone"])))
    for parameter, name in (("DateFormat", "date_format"), ("TimeFormat", "time_format")):
        if parameter in arguments:
            form = arguments.text(parameter) or None
            after = replace(after, **{name: form})
    return _formats(after, touched=after != before or bool(arguments.text("Language")))


def _formats(after: Regional, *, touched: bool) -> Regional:
    """Checks the formats against the language; what is null becomes the culture's own once a language is
    set."""
    where = after.language or cultures.DEFAULT
    if after.date_format is not None and not cultures.suits_date(after.language, after.date_format):
        raise refusals.validation(f'DateFormat "{after.date_format}" isn\'t valid for the language {where}.')
    if after.time_format is not None and not cultures.suits_time(after.language, after.time_format):
        raise refusals.validation(f'TimeFormat "{after.time_format}" isn\'t valid for the language {where}.')
    if not (touched and after.language):
        return after
    return replace(
        after,
        date_format=after.date_format or cultures.default_date(after.language),
        time_format=after.time_format or cultures.default_time(after.language),
    )
