"""What the cmdlets of a mailbox's own settings share: whose they are, and writing them as a whole.

These settings live in the mailbox's store, not in the directory. The fact a reader would not guess: the
store of a mailbox made a moment ago may not be there although the directory shows it [reference: 15.8 inf].
"""

from __future__ import annotations

from typing import Any

from controller.sandbox import mailbox_settings, zones
from controller.sandbox.exchange import directory, refusals
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.mailbox_settings import AutomaticReplies, Regional, WorkingHours
from controller.sandbox.world import MAILBOX_TYPES, Entry


def target(call: Invocation) -> tuple[Entry, Entry]:
    """The mailbox that `Identity` means, and the same as this caller's replica has it. CmdletError: 404
    where there is none, or its store is not there yet."""
    entry = directory.find_target(call, MAILBOX_TYPES)
    made = call.now - entry.created < call.sandbox.weather.lag("exchange", "object")
    if made and entry.stores.get("opened") is False:
        raise refusals.store_not_there(entry.name)
    return entry, call.view(entry) or entry


def save(
    call: Invocation, entry: Entry, part: str, settings: AutomaticReplies | Regional | WorkingHours
) -> bool:
    """Writes settings that differ from what stands there. False: nothing differs."""
    before = entry.stores.get(part)
    trial: dict[str, Any] = {}
    mailbox_settings.save_in(trial, part, settings)
    if trial[part] == (before or {}):
        return False
    call.writing(entry)
    entry.stores[part] = trial[part]
    return True


def save_plain(call: Invocation, entry: Entry, part: str, changes: dict[str, Any]) -> bool:
    """Writes properties that are kept under their own names. False: nothing differs."""
    held = entry.stores.get(part, {})
    if all(name in held and held[name] == value for name, value in changes.items()):
        return False
    call.writing(entry)
    entry.stores[part] = {**held, **changes}
    return True


def unchanged(call: Invocation, entry: Entry) -> None:
    """The warning of a Set that changes nothing [obs: CIPP, ITSync]."""
    name = directory.canonical(call, entry)
    call.warn(f"The command completed successfully but no settings of '{name}' have been modified.")


def zone(parameter: str, text: str) -> str:
    """A Windows id in its own spelling. CmdletError (400) for anything else: Exchange knows no IANA names
    [doc: TimeZone of Set-MailboxRegionalConfiguration]."""
    found = zones.windows(text) if zones.is_windows(text) else None
    if found is None:
        raise refusals.bad_value(
            parameter, text, "Microsoft.Exchange.Data.ExTimeZoneValue", 'Error: "The time zone isn\'t valid."'
        )
    return found
