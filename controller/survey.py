"""First look at a tenant: who is who, which object each document is about, and that object's row.

Everything is read once and read whole. Where a listing of the tenant costs fewer requests than asking for
each object, the listing is asked; an object that a listing misses is asked for itself before anything is
concluded from its absence [reference: Exchange admin API, consistency after writes].
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from controller import canon
from controller.aspect import Aspect, MailboxFields, Resource
from controller.clients import Reader, codes
from controller.directory import Directory, Principal, build, principal
from controller.errors import DeniedError, NotFoundError, ServiceError
from controller.model import Key, Kind
from controller.recipients import RECIPIENT, read_direct_members
from controller.spec import Document

_USER = (
    "Guid", "ExternalDirectoryObjectId", "Name", "DisplayName", "UserPrincipalName", "Sid",
    "RecipientTypeDetails",
)  # fmt: skip
_IDENTITY = ("Guid", "ExternalDirectoryObjectId", "Name", "PrimarySmtpAddress")
_WHOLE = {"ResultSize": "Unlimited"}
_LISTING_SHARE = 0.05  # of the tenant's recipients: from here on, one listing instead of single reads
_LISTING_LEAST = 10


@dataclass(frozen=True, slots=True)
class _Rows:
    """How the objects of some kinds are read: one by one, or with `listing` as parameters all at once."""

    cmdlet: str
    listing: Mapping[str, Any]


_MAILBOXES = _Rows("Get-Mailbox", {**_WHOLE, "RecipientTypeDetails": ["SharedMailbox"]})
_ROWS = {
    Kind.SHARED_MAILBOX: _MAILBOXES,
    Kind.MAILBOX_DELEGATION: _MAILBOXES,
    Kind.DISTRIBUTION_LIST: _Rows("Get-DistributionGroup", _WHOLE),
}


_Place = tuple[Document, Principal | None, Principal | None]


_Placed = tuple[Document, Principal | None, Principal | None]  # its object, or who has its address instead


@dataclass(frozen=True, slots=True)
class Survey:
    """`errors` names the resources whose object could not be read."""

    directory: Directory
    resources: tuple[Resource, ...]
    errors: Mapping[Key, Exception] = field(default_factory=dict)


async def read_directory(reader: Reader) -> Directory:
    """Every recipient, user and accepted domain. Raises ServiceError: half a directory is none.

    A role without Get-User is one that some custom role groups have: recipients then stand for themselves,
    by names instead of SIDs, which `Directory.untold` says."""
    recipients, users, domains = await asyncio.gather(
        reader.exchange_each("Get-Recipient", _values, _WHOLE, select=RECIPIENT),
        _users(reader),
        reader.exchange("Get-AcceptedDomain", _WHOLE, select=("DomainName", "Default", "InitialDomain")),
    )
    directory = build(_spent(recipients), [] if isinstance(users, DeniedError) else users, domains)
    directory.untold = users if isinstance(users, DeniedError) else None
    return directory


def _values(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """A row without its names: the largest listing is kept small while its pages come…"""
    return tuple(map(row.get, RECIPIENT))


def _spent(rows: list[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """…and let go row by row."""
    rows.reverse()
    while rows:
        yield dict(zip(RECIPIENT, rows.pop(), strict=True))


async def _users(reader: Reader) -> list[dict[str, Any]] | DeniedError:
    try:
        return await reader.exchange("Get-User", _WHOLE, select=_USER)
    except DeniedError as error:
        if error.code != codes.NO_SUCH_CMDLET:  # refused this time, not taken out of the role
            raise
        return error


async def survey(
    reader: Reader, documents: Iterable[Document], directory: Directory, aspects: Sequence[Aspect]
) -> Survey:
    """The object of each document, with the properties that the aspects need of its row."""
    placed = _told_apart([(document, *locate(document, directory)) for document in documents])

    def found_by(how: _Rows) -> list[Principal]:
        return [one for document, one, _ in placed if one and _ROWS[document.kind] is how]

    needed = [aspect for aspect in aspects if _is_needed(aspect, placed)]
    answers = await asyncio.gather(
        *(_rows(reader, how, found_by(how), columns, directory) for how, columns in _wanted(needed))
    )
    rows = {guid: row for found, _ in answers for guid, row in found.items()}
    failures = {guid: error for _, failed in answers for guid, error in failed.items()}
    resources, errors = [], {}
    for document, one, holder in placed:
        row = rows.get(one.guid) if one else None
        resource = replace(_resource(document, one), row=row, holder=holder)
        resources.append(resource)
        if one is not None and row is None:
            errors[resource.key] = failures[one.guid]
    return Survey(directory, tuple(resources), errors)


def _is_needed(aspect: Aspect, placed: Sequence[_Placed]) -> bool:
    """An aspect that is nothing but a table needs its columns only where a document writes one of them:
    most of a mailbox's many properties nobody does."""
    return not isinstance(aspect, MailboxFields) or any(
        document.kind in aspect.kinds and aspect.concerns(_resource(document, one))
        for document, one, _ in placed
    )


def _resource(document: Document, one: Principal | None) -> Resource:
    assert document.key is not None
    return Resource(document.key, document.spec, document, one)


def _wanted(aspects: Sequence[Aspect]) -> tuple[tuple[_Rows, tuple[str, ...]], ...]:
    """What is asked for each way of reading."""
    of_mailboxes = (p for aspect in aspects for p in aspect.mailbox_properties)
    of_lists = (p for aspect in aspects for p in aspect.list_properties)
    return (
        (_MAILBOXES, tuple(dict.fromkeys((*_IDENTITY, *of_mailboxes)))),
        (_ROWS[Kind.DISTRIBUTION_LIST], tuple(dict.fromkeys((*_IDENTITY, *of_lists)))),
    )


async def refreshed(
    reader: Reader, directory: Directory, addresses: Sequence[str], known: Sequence[str]
) -> Directory:
    """A copy of the directory in which some objects (known by GUID, or to be found by address) are read
    again. Raises ServiceError where one could not be."""
    fresh = directory.copy()
    for guid in known:
        fresh.remove(guid)
    answers = await asyncio.gather(*(_recipient(reader, name) for name in (*known, *addresses)))
    for row in answers:
        if row is not None:
            former = directory.principals.get(str(row.get("Guid")))
            user = {"UserPrincipalName": former.upn, "Sid": former.sid} if former else None
            fresh.remove(str(row.get("Guid")))
            fresh.add(principal(row, user=user))
    return fresh


async def _recipient(reader: Reader, identity: str) -> Mapping[str, Any] | None:
    try:
        rows = await reader.exchange("Get-Recipient", {"Identity": identity}, select=RECIPIENT)
    except NotFoundError:
        return None
    return rows[0] if len(rows) == 1 else None


def locate(document: Document, directory: Directory) -> tuple[Principal | None, Principal | None]:
    """The object a document is about, or None and whoever holds its address instead."""
    spec: Any = document.spec
    if document.kind not in _ROWS:
        return None, None  # it is about the organisation, which is no object of the directory
    address = spec.identity()
    holders = directory.by_address(address)
    primary = {canon.address(name) for name in (address, *spec.former_addresses)}
    for holder in holders:
        if _fits(document.kind, holder) and (
            document.kind is Kind.MAILBOX_DELEGATION or canon.address(holder.address) in primary
        ):
            return holder, None
    if (ours := _ours(document, directory)) and (not holders or ours in holders):
        return ours, None
    if holders:
        return None, holders[0]
    for former in spec.former_addresses:
        for holder in directory.by_address(former):
            if _fits(document.kind, holder):
                return holder, None
    return None, None


def _told_apart(placed: list[_Place]) -> list[_Place]:
    """An object belongs to the document that bears its primary address; one that only used to have one of
    its addresses is about something else. A delegation manages nobody's addresses."""
    owned = {
        one.guid
        for document, one, _ in placed
        if one and document.key and canon.address(one.address) == document.key.address
    }

    def foreign(document: Document, one: Principal | None) -> bool:
        if one is None or document.key is None or document.kind is Kind.MAILBOX_DELEGATION:
            return False
        return one.guid in owned and canon.address(one.address) != document.key.address

    return [(d, None, holder) if foreign(d, one) else (d, one, holder) for d, one, holder in placed]


def _ours(document: Document, directory: Directory) -> Principal | None:
    """What our record has under the document's address, whatever somebody made of that address since."""
    ident = directory.ours.get(document.key) if document.key else None
    found = directory.by_id(ident) if ident else None
    return found if found and _fits(document.kind, found) else None


def _fits(kind: Kind, one: Principal) -> bool:
    return one.is_list if kind is Kind.DISTRIBUTION_LIST else one.is_mailbox


async def _rows(
    reader: Reader, how: _Rows, wanted: Sequence[Principal], columns: Sequence[str], directory: Directory
) -> tuple[dict[str, Mapping[str, Any]], dict[str, Exception]]:
    """Rows by GUID, and why any is missing."""
    rows: dict[str, Mapping[str, Any]] = {}
    if len(wanted) > _LISTING_LEAST and len(wanted) >= _LISTING_SHARE * len(directory.principals):
        try:
            listed = await reader.exchange(how.cmdlet, how.listing, select=columns)
        except ServiceError:
            listed = []  # each is asked for below, and names its own trouble
        rows = {str(row.get("Guid")): row for row in listed}
    failures: dict[str, Exception] = {}
    missing = [one for one in wanted if one.guid not in rows]
    asked = await asyncio.gather(
        *(reader.exchange(how.cmdlet, {"Identity": one.guid}, select=columns) for one in missing),
        return_exceptions=True,
    )
    for one, answer in zip(missing, asked, strict=True):
        if isinstance(answer, ServiceError):
            failures[one.guid] = answer
        elif isinstance(answer, BaseException):
            raise answer
        elif len(answer) == 1 and str(answer[0].get("Guid")) == one.guid:
            rows[one.guid] = answer[0]
        else:
            failures[one.guid] = ServiceError(
                "exchange", how.cmdlet, "the answer is not the object asked for", target=one.address
            )
    return rows, failures


async def read_members(reader: Reader, groups: Iterable[Principal], directory: Directory) -> None:
    """Reads the members of groups, and of the groups in them, into the directory. A group that cannot be
    read is noted as such."""
    queue = {group.guid for group in groups if group.is_list}
    seen: set[str] = set()
    while queue:
        batch = sorted(queue - directory.members.keys() - directory.unread.keys())
        answers = await asyncio.gather(
            *(read_direct_members(reader, guid, directory) for guid in batch),
            return_exceptions=True,
        )
        for guid, answer in zip(batch, answers, strict=True):
            if isinstance(answer, ServiceError):
                directory.unread[guid] = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                directory.members[guid] = tuple(member.guid for member in answer)
        seen |= queue
        within = {member for guid in queue for member in directory.members.get(guid, ())}
        queue = {guid for guid in within if directory.principals[guid].is_list} - seen
