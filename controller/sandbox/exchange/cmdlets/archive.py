"""Enable-Mailbox and Disable-Mailbox, as far as they are about archives: the cloud's use of them.

A shared mailbox needs a licence for an archive [doc: about shared mailboxes]. A disabled archive is kept for
30 days, in which enabling brings the same one back [doc: enable or disable archive mailboxes].
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from controller.sandbox.exchange import directory, refusals
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.mailbox_layout import ZERO_GUID
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import parse_date, print_date
from controller.sandbox.world import MAILBOX_TYPES, Entry

_KEPT = timedelta(days=30)
_SINCE = "DisabledArchiveSince"  # ours: no cmdlet shows it


def licensed(entry: Entry) -> bool:
    """Whether the mailbox has a licence for Exchange; a person's mailbox would not be there without."""
    hints = entry.properties.get("PersistedCapabilities", ())
    return entry.type == "UserMailbox" or bool(entry.graph.get("assignedLicenses")) or bool(hints)


def has_archive(entry: Entry) -> bool:
    return bool(entry.properties.get("ArchiveStatus", "None") != "None")


@cmdlet("Enable-Mailbox", honours={"Archive", "ArchiveName", "AutoExpandingArchive", "Force"})
def enable_mailbox(call: Invocation) -> Result:
    """No rows. CmdletError (400): there is an archive already, no licence, nothing asked for."""
    entry = directory.find_target(call, MAILBOX_TYPES)
    if call.arguments.on("AutoExpandingArchive"):
        if not has_archive(entry):
            raise refusals.invalid(f"The mailbox '{entry.name}' doesn't have an archive.")
        call.writing(entry).properties["AutoExpandingArchiveEnabled"] = True  # for good [doc]
        return None
    if not call.arguments.on("Archive"):
        raise refusals.not_offered("Enable-Mailbox without Archive: mailboxes come with licences")
    if has_archive(entry):
        raise refusals.invalid(f"The mailbox '{entry.name}' already has an archive.")  # [inf: text]
    if not licensed(entry):
        raise refusals.invalid(
            f"The mailbox '{entry.name}' doesn't have a license that includes an archive."  # [inf: text]
        )
    former = _disabled(entry, call.now)
    names = call.arguments.get("ArchiveName") or [f"In-Place Archive -{entry.display_name}"]
    call.writing(entry).properties.update(
        {
            "ArchiveStatus": "Active",
            "ArchiveState": "Local",
            "ArchiveGuid": former or _new_guid(entry),
            "ArchiveName": list(names),
            "DisabledArchiveGuid": ZERO_GUID,
        }
    )
    return None


def _new_guid(entry: Entry) -> str:
    """Another one than before, and the same in every run of a seed."""
    before = entry.properties.get("DisabledArchiveGuid", ZERO_GUID)
    return str(uuid.uuid5(uuid.UUID(entry.exchange_guid), f"archive after {before}"))


def _disabled(entry: Entry, now: datetime) -> str | None:
    """The archive that was disabled less than 30 days ago."""
    properties: dict[str, Any] = entry.properties
    since = parse_date(str(properties.get(_SINCE, "")))
    return str(properties["DisabledArchiveGuid"]) if since and now - since < _KEPT else None


@cmdlet("Disable-Mailbox", honours={"Archive"}, prompts=True)
def disable_mailbox(call: Invocation) -> Result:
    """No rows. CmdletError (400): no archive, or the mailbox itself would go."""
    entry = directory.find_target(call, MAILBOX_TYPES)
    if not call.arguments.on("Archive"):
        raise refusals.not_offered("Disable-Mailbox without Archive")
    if not has_archive(entry):
        raise refusals.invalid(f"The mailbox '{entry.name}' doesn't have an archive.")
    guid = entry.properties.get("ArchiveGuid", ZERO_GUID)
    call.writing(entry).properties.update(
        {
            "ArchiveStatus": "None",
            "ArchiveState": "None",
            "ArchiveGuid": ZERO_GUID,
            "ArchiveName": [],
            "DisabledArchiveGuid": guid,
            _SINCE: print_date(call.now),
        }
    )
    return None
