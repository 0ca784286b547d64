"""First look at a tenant: who is who, which object each document is about, and that object's row.

Everything is read once and read whole. Where a listing of the tenant costs fewer requests than asking for
each object, the listing is asked; an object that a listing misses is asked for itself before anything is
concluded from its absence [reference: Exchange admin API, consistency after writes].
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller import canon
from controller.aspect import Aspect, Resource
from controller.clients import Reader, codes
from controller.directory import Directory, Principal, build, principal
from controller.errors import DeniedError, NotFoundError, ServiceError
from controller.model import Key, Kind
from controller.spec import Document

_RECIPIENT = (
    "Guid", "ExternalDirectoryObjectId", "Name", "Alias", "DisplayName", "PrimarySmtpAddress",
    "EmailAddresses", "RecipientTypeDetails", "WindowsLiveID",
)  # fmt: skip
_USER = (
    "Guid", "ExternalDirectoryObjectId", "Name", "DisplayName", "UserPrincipalName", "Sid",
    "RecipientTypeDetails",
)  # fmt: skip
_MAILBOX = ("Guid", "ExternalDirectoryObjectId", "Name", "PrimarySmtpAddress")
_WHOLE = {"ResultSize": "Unlimited"}
_LISTING_SHARE = 0.05  # of the tenant's recipients: from here on, one listing instead of single reads
_NESTED = frozenset(
    {"MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "MailNonUniversalGroup", "RoomList"}
)


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
        reader.exchange("Get-Recipient", _WHOLE, select=_RECIPIENT),
        _users(reader),
        reader.exchange("Get-AcceptedDomain", _WHOLE, select=("DomainName", "Default", "InitialDomain")),
    )
    directory = build(recipients, [] if isinstance(users, DeniedError) else users, domains)
    directory.untold = users if isinstance(users, DeniedError) else None
    return directory


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
    """The object of each document, with the mailbox properties that the aspects need."""
    columns = tuple(dict.fromkeys((*_MAILBOX, *(p for a in aspects for p in a.mailbox_properties))))
    placed = [(document, *locate(document, directory)) for document in documents]
    found = [one for _, one, _ in placed if one is not None]
    rows, failures = await _mailbox_rows(reader, found, columns, directory)
    resources, errors = [], {}
    for document, one, holder in placed:
        key = document.key
        assert key is not None
        row = rows.get(one.guid) if one else None
        resources.append(Resource(key, document.spec, document, one, row, holder))
        if one is not None and row is None:
            errors[key] = failures[one.guid]
    return Survey(directory, tuple(resources), errors)


async def refreshed(
    reader: Reader, directory: Directory, documents: Iterable[Document], known: Sequence[str]
) -> Directory:
    """A copy of the directory in which the objects of some documents (known by GUID, or to be found by
    address) are read again. Raises ServiceError where one could not be."""
    fresh = directory.copy()
    for guid in known:
        fresh.remove(guid)
    addresses = [address for document in documents if (address := getattr(document.spec, "address", ""))]
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
        rows = await reader.exchange("Get-Recipient", {"Identity": identity}, select=_RECIPIENT)
    except NotFoundError:
        return None
    return rows[0] if len(rows) == 1 else None


def locate(document: Document, directory: Directory) -> tuple[Principal | None, Principal | None]:
    """The object a document is about, or None and whoever holds its address instead."""
    spec: Any = document.spec
    if document.kind is Kind.TENANT:
        return None, None  # it is about the organisation, which is no object of the directory
    holders = directory.by_address(spec.address)
    former = {canon.address(address) for address in spec.previous_addresses or ()}
    for holder in holders:
        if holder.is_mailbox and canon.address(holder.address) in {canon.address(spec.address), *former}:
            return holder, None
    if holders:
        return None, holders[0]
    for address in spec.previous_addresses or ():
        for holder in directory.by_address(address):
            if holder.is_mailbox:
                return holder, None
    return None, None


async def _mailbox_rows(
    reader: Reader, wanted: Sequence[Principal], columns: Sequence[str], directory: Directory
) -> tuple[dict[str, Mapping[str, Any]], dict[str, Exception]]:
    """Rows of Get-Mailbox by GUID, and why any is missing."""
    rows: dict[str, Mapping[str, Any]] = {}
    if len(wanted) > 10 and len(wanted) >= _LISTING_SHARE * len(directory.principals):
        parameters = {**_WHOLE, "RecipientTypeDetails": ["SharedMailbox"]}
        try:
            listed = await reader.exchange("Get-Mailbox", parameters, select=columns)
        except ServiceError:
            listed = []  # each is asked for below, and names its own trouble
        rows = {str(row.get("Guid")): row for row in listed}
    failures: dict[str, Exception] = {}
    missing = [one for one in wanted if one.guid not in rows]
    asked = await asyncio.gather(
        *(reader.exchange("Get-Mailbox", {"Identity": one.guid}, select=columns) for one in missing),
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
                "exchange", "Get-Mailbox", "the answer is not the mailbox asked for", target=one.address
            )
    return rows, failures


async def read_members(reader: Reader, groups: Iterable[Principal], directory: Directory) -> None:
    """Reads the members of groups, and of the groups in them, into the directory. A group that cannot be
    read is noted as such."""
    queue = {group.guid for group in groups if group.type in _NESTED}
    while queue := {guid for guid in queue if guid not in directory.members and guid not in directory.unread}:
        batch = sorted(queue)
        answers = await asyncio.gather(
            *(_members(reader, guid) for guid in batch),
            return_exceptions=True,
        )
        queue = set()
        for guid, answer in zip(batch, answers, strict=True):
            if isinstance(answer, ServiceError):
                directory.unread[guid] = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                members = [_member(row, directory) for row in answer]
                directory.members[guid] = tuple(member.guid for member in members)
                queue |= {member.guid for member in members if member.type in _NESTED}


async def _members(reader: Reader, guid: str) -> list[dict[str, Any]]:
    parameters = {"Identity": guid, **_WHOLE}
    return await reader.exchange("Get-DistributionGroupMember", parameters, select=_RECIPIENT)


def _member(row: Mapping[str, Any], directory: Directory) -> Principal:
    member = principal(row)
    if member.guid not in directory.principals:  # younger than our listing of the directory
        directory.add(member)
    return directory.principals[member.guid]
