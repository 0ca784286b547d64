"""Headers of a mailbox's mail, its working hours, and whether what is sent leaves a copy in it.

All folders in one listing: rules and people move mail, and what lies in a folder was asked all the same.
Drafts and junk count as nothing. Subject and body are never asked for; people's own mailboxes neither.
`internetMessageHeaders` come in listings where $select names them, and not for sent mail [github
microsoftgraph microsoft-graph-docs-contrib issues 3146, 7834].
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from controller import canon, zones
from controller.aspect import Resource
from controller.aspects.working_hours import DAYS, END, START, ZONE, WorkingHours
from controller.clients import Reader, segment
from controller.directory import Directory, Principal
from controller.errors import InvalidError, NotFoundError
from controller.model import Key, Kind, Present, Unreadable
from controller.service.hours import Hours, Span
from controller.service.threads import Mail, is_automatic

ASKED: Final = (
    "id", "conversationId", "internetMessageId", "receivedDateTime", "sentDateTime", "from", "sender",
    "toRecipients", "ccRecipients", "categories", "isDraft", "parentFolderId", "internetMessageHeaders",
)  # fmt: skip
_PAGE: Final = 250  # with headers, a message is some kilobytes
_COPIES: Final = ("MessageCopyForSentAsEnabled", "MessageCopyForSendOnBehalfEnabled")
_WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_IDENT: Final = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True, slots=True)
class Read:
    """What was read. `warnings` say why figures may be wrong."""

    mails: tuple[Mail, ...]
    hours: Hours
    staff: frozenset[str]
    warnings: tuple[str, ...] = ()


async def read(
    reader: Reader,
    directory: Directory,
    address: str,
    period: tuple[datetime, datetime],
    zone: tzinfo,
    holidays: Sequence[Span] = (),
) -> Read:
    """`zone` counts where the mailbox has none. Raises ServiceError: half of the mail is no figure."""
    principal = _mailbox(directory, address)
    (mails, hours, row) = await asyncio.gather(
        _mails(reader, principal, *period),
        _hours(reader, principal, directory, zone, tuple(holidays)),
        reader.exchange("Get-Mailbox", {"Identity": principal.guid}, select=_COPIES),
    )
    staff = frozenset(
        other for one in directory.principals.values() if one.is_person for other in one.addresses
    ) - frozenset(principal.addresses)
    warnings = (
        *_missing_copies(principal.address, row[0] if row else {}),
        *_strange_zone(principal.address, hours.zone, zone),
    )
    return Read(mails, hours, staff, warnings)


def _mailbox(directory: Directory, address: str) -> Principal:
    found = [one for one in directory.by_address(address) if one.is_mailbox]
    if len(found) != 1:
        message = f"{'several mailboxes have' if found else 'no mailbox has'} the address {address}"
        raise NotFoundError("exchange", "Get-Recipient", message, target=address)
    return found[0]


async def _mails(reader: Reader, principal: Principal, since: datetime, until: datetime) -> tuple[Mail, ...]:
    path = f"/users/{segment(principal.object_id)}"
    asked = f"receivedDateTime ge {_stamp(since)} and receivedDateTime lt {_stamp(until)}"
    rows, junk, gone = await asyncio.gather(
        reader.graph_list(f"{path}/messages", top=_PAGE, select=ASKED, filter=asked),
        reader.graph(f"{path}/mailFolders/junkemail", select="id"),
        reader.graph(f"{path}/mailFolders/deleteditems", select="id"),
    )
    own = frozenset(principal.addresses)
    return tuple(
        _mail(row, own, gone["id"])
        for row in rows
        if not row.get("isDraft") and row.get("parentFolderId") != junk["id"]
    )


def _mail(row: Mapping[str, Any], own: frozenset[str], deleted: str) -> Mail:
    author, sender = _address(row.get("from")), _address(row.get("sender"))
    ours = author in own
    headers = {str(h["name"]).lower(): str(h["value"]) for h in row.get("internetMessageHeaders") or ()}
    refers = _IDENT.findall(f"{headers.get('references', '')} {headers.get('in-reply-to', '')}")
    named = (_address(one) for kind in ("toRecipients", "ccRecipients") for one in row.get(kind) or ())
    at = row["sentDateTime"] if ours else row["receivedDateTime"]
    return Mail(
        ident=str(row.get("internetMessageId") or row["id"]),
        at=datetime.fromisoformat(str(at)).astimezone(UTC),
        author=author,
        sender=author if sender in own else sender or author,
        conversation=str(row.get("conversationId") or ""),
        ours=ours,
        answers=frozenset(named),
        refers=tuple(refers),
        categories=tuple(row.get("categories") or ()),
        automatic=is_automatic(headers, author),
        gone=row.get("parentFolderId") == deleted,
    )


def _address(recipient: Any) -> str:
    return str(((recipient or {}).get("emailAddress") or {}).get("address") or "").lower()


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _hours(
    reader: Reader, principal: Principal, directory: Directory, zone: tzinfo, holidays: tuple[Span, ...]
) -> Hours:
    key = Key(Kind.SHARED_MAILBOX, principal.address)
    resource = Resource(key, None, None, principal)
    seen = (await WorkingHours().read(reader, [resource], directory))[key]
    if isinstance(seen, Unreadable):
        raise seen.error
    if not isinstance(seen, Present):
        raise InvalidError("exchange", "Get-MailboxCalendarConfiguration", "the mailbox has no hours")
    place = zones.iana(str(seen.fields[ZONE] or ""))
    return Hours(
        days=frozenset(_WEEK.index(day) for day in seen.fields[DAYS]),
        start=time.fromisoformat(seen.fields[START]),
        end=time.fromisoformat(seen.fields[END]),
        zone=ZoneInfo(place) if place else zone,
        holidays=holidays,
    )


def _missing_copies(address: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    if all(canon.flag(row.get(name)) for name in _COPIES):
        return ()
    return (
        f"{address} does not keep a copy of everything that is sent from it, so that answers are missing "
        "here and times and backlog are too high: set sentItems: {copySentAs: true, copySentOnBehalf: true}. "
        "People's own Sent Items are never read",
    )


def _strange_zone(address: str, own: tzinfo, tenants: tzinfo) -> tuple[str, ...]:
    """A mailbox that nobody configured keeps Microsoft's own hours, on the Pacific coast."""
    if zones.canonical(str(own)) == zones.canonical(str(tenants)):
        return ()
    return (
        f"the working hours of {address} count in {own}, the tenant is in {tenants}: where that is not "
        "meant, write workingHours and regional.timeZone in its document",
    )
