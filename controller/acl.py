"""Reading the three access lists of many mailboxes, or the two of lists, into one form.

Rows name their trustees as UPN, directory Name or SID [obs: graph2otel]. What Exchange owns is dropped; a
trustee that cannot be told apart is reported and left alone; rows of another object than the one asked for
make the whole list unreadable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from controller import canon
from controller.aspect import Resource
from controller.clients import Reader, ask_all
from controller.directory import Directory, Principal, Unknown
from controller.errors import InvalidError, ServiceError
from controller.model import Absent, Finding, Key, Observation, Path, Present, Severity, Unreadable
from controller.people.grants import ACCESS, FULL_ACCESS, SEND_AS, SEND_ON_BEHALF


class _Entry(NamedTuple):
    """Who holds a right, or is denied it, as the service names them: what is kept of a row."""

    who: str
    sid: str
    denied: bool = False


@dataclass(frozen=True, slots=True)
class _Columns:
    """One of the two access lists: how it is asked for, and where its rows tell who holds what."""

    cmdlet: str
    right: str
    who: str
    sid: str
    kind: str  # the column that tells a deny entry

    @property
    def all(self) -> tuple[str, ...]:
        return ("Identity", self.who, self.sid, "AccessRights", self.kind, "IsInherited")

    def is_of_people(self, row: Mapping[str, Any]) -> bool:
        """Whether people gave or denied the right by it: not inherited, not Exchange's own."""
        return (
            self.right in canon.rights(row.get("AccessRights"))
            and not canon.flag(row.get("IsInherited"))
            and not _is_service(str(row.get(self.who) or ""))
        )

    def entries(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[_Entry]:
        """Those of the rows that people made."""
        for row in rows:
            if self.is_of_people(row):
                denied = str(row.get(self.kind) or "").lower() not in ("", "false", "allow")
                yield _Entry(str(row.get(self.who) or ""), str(row.get(self.sid) or ""), denied)


_OPEN = _Columns("Get-MailboxPermission", "FullAccess", "User", "UserSid", "Deny")
_SEND = _Columns("Get-RecipientPermission", "SendAs", "Trustee", "TrusteeSidString", "AccessControlType")
_SERVICE = (  # holders that Exchange itself puts on access lists [doc: Get-MailboxPermission]
    "nt authority\\",
    "discovery management",
    "organization management",
    "public folder management",
    "delegated setup",
    "exchange servers",
    "exchange services",
    "exchange trusted subsystem",
    "exchange domain servers",
    "managed availability servers",
    "administrator",
    "domain admins",
    "enterprise admins",
)
# From this share of the tenant on, one listing of every SendAs entry costs less than asking for each.
_LISTING_SHARE = 0.1
_LISTING_LEAST = 50


async def read_access(
    reader: Reader, resources: Sequence[Resource], directory: Directory
) -> dict[Key, Observation]:
    """What every mailbox grants: paths `("access", address or SID, right)`; `ids` maps the middle part
    to what a cmdlet is given to name the trustee."""
    return await _read(reader, resources, directory, _open)


async def read_senders(
    reader: Reader, resources: Sequence[Resource], directory: Directory
) -> dict[Key, Observation]:
    """The same of lists, which nobody opens: who may send as them, and on their behalf."""
    return await _read(reader, resources, directory, _closed)


_Opened = Callable[[Reader, Resource, Directory], Awaitable["_Reading | Unreadable"]]


async def _read(
    reader: Reader, resources: Sequence[Resource], directory: Directory, opened: _Opened
) -> dict[Key, Observation]:
    """The long listing and the many short questions go side by side."""
    there = [r for r in resources if r.principal is not None and r.row is not None]
    answers: dict[Key, Observation] = {r.key: Absent() for r in resources}
    listing = asyncio.create_task(_all_send_as(reader, there, directory))
    try:
        readings = await ask_all(lambda r: opened(reader, r, directory), there)
        listed = await listing
    finally:
        listing.cancel()
    observed = await ask_all(lambda reading: _with_senders(reader, reading, directory, listed), readings)
    answers.update(zip((r.key for r in there), observed, strict=True))
    return answers


async def _all_send_as(
    reader: Reader, resources: Sequence[Resource], directory: Directory
) -> dict[str, list[_Entry]]:
    """Every SendAs entry of the tenant by mailbox GUID; empty where asking one by one is cheaper, or
    where the listing failed (then each mailbox is asked for itself)."""
    if len(resources) < max(_LISTING_LEAST, _LISTING_SHARE * len(directory.principals)):
        return {}

    def entry(row: Mapping[str, Any]) -> tuple[str, _Entry | None]:
        holder = directory.by_id(str(row.get("Identity")))
        return holder.guid if holder else "", next(_SEND.entries([row]), None)

    try:
        rows = await reader.exchange_each(_SEND.cmdlet, entry, {"ResultSize": "Unlimited"}, select=_SEND.all)
    except ServiceError:
        return {}
    found: dict[str, list[_Entry]] = {}
    for guid, each in rows:
        found.setdefault(guid, []).extend((each,) if each else ())
    return found


async def _open(reader: Reader, resource: Resource, directory: Directory) -> _Reading | Unreadable:
    """Who may open it."""
    try:
        rows = await _mailbox_rows(reader, resource, directory)
        entries = await _told_apart(reader, resource, directory, _OPEN, _OPEN.entries(rows))
    except ServiceError as error:
        return Unreadable(error)
    reading = _Reading(resource, directory)
    for entry in entries:
        reading.note(entry, FULL_ACCESS)
    return reading


async def _closed(reader: Reader, resource: Resource, directory: Directory) -> _Reading:
    return _Reading(resource, directory)


async def _with_senders(
    reader: Reader,
    reading: _Reading | Unreadable,
    directory: Directory,
    listed: Mapping[str, list[_Entry]],
) -> Observation:
    if isinstance(reading, Unreadable):
        return reading
    try:
        entries = await _send_as_entries(reader, reading.resource, directory, listed)
        entries = await _told_apart(reader, reading.resource, directory, _SEND, entries)
    except ServiceError as error:
        return Unreadable(error)
    return reading.with_senders(entries)


async def _told_apart(
    reader: Reader,
    resource: Resource,
    directory: Directory,
    columns: _Columns,
    entries: Iterable[_Entry],
) -> list[_Entry]:
    """Where several people answer to an entry's name, and no SID tells which it is, each is asked for by
    the cmdlet's own filter [doc: Get-MailboxPermission User, Get-RecipientPermission Trustee]; nobody found
    leaves the entry as it is."""
    told: list[_Entry] = []
    asked: set[str] = set()
    for entry in entries:
        trustee = directory.by_trustee(entry.who, entry.sid)
        if entry.denied or not (isinstance(trustee, Unknown) and trustee.ambiguous):
            told.append(entry)
            continue
        holders = [one for one in trustee.among if one.guid not in asked]
        asked |= {one.guid for one in holders}
        parameters = [{"Identity": resource.identity, columns.who: one.guid} for one in holders]
        answers = await asyncio.gather(
            *(reader.exchange(columns.cmdlet, each, select=columns.all) for each in parameters)
        )
        found = [
            _Entry(one.guid, "")
            for one, answer in zip(holders, answers, strict=True)
            if not all(each.denied for each in columns.entries(answer))
        ]
        told += found if found or len(holders) < len(trustee.among) else [entry]
    return told


async def _mailbox_rows(
    reader: Reader, resource: Resource, directory: Directory
) -> Sequence[Mapping[str, Any]]:
    parameters = {
        "Identity": resource.identity,
        "IncludeUnresolvedPermissions": True,
        "ResultSize": "Unlimited",
    }
    rows = await reader.exchange(_OPEN.cmdlet, parameters, select=_OPEN.all)
    return _checked(_OPEN.cmdlet, rows, resource, directory)


async def _send_as_entries(
    reader: Reader, resource: Resource, directory: Directory, listed: Mapping[str, list[_Entry]]
) -> Iterable[_Entry]:
    """From the listing where it has this mailbox; each has its SELF entry, so that a mailbox without any
    row was missed by the listing, and is asked for."""
    if resource.identity in listed:
        return listed[resource.identity]
    parameters = {"Identity": resource.identity, "ResultSize": "Unlimited"}
    found = await reader.exchange(_SEND.cmdlet, parameters, select=_SEND.all)
    return _SEND.entries(_checked(_SEND.cmdlet, found, resource, directory))


def _checked(
    cmdlet: str, rows: Sequence[Mapping[str, Any]], resource: Resource, directory: Directory
) -> Sequence[Mapping[str, Any]]:
    """An empty or unknown identity may answer with everything [doc: Get-Mailbox]: refused."""
    for name in {str(row.get("Identity") or "") for row in rows} - {""}:
        other = directory.by_id(name)
        if other is not None and other != resource.principal:
            message = f"asked for {resource.key.address}, the answer speaks of {other.address}"
            raise InvalidError("exchange", cmdlet, message, target=resource.key.address)
    return rows


class _Reading:
    """Access lists of one mailbox, while they are put together."""

    __slots__ = ("_directory", "fields", "findings", "ids", "resource")

    def __init__(self, resource: Resource, directory: Directory) -> None:
        self.resource = resource
        self._directory = directory
        self.fields: dict[Path, Any] = {}
        self.ids: dict[str, str] = {}
        self.findings: list[Finding] = []

    def note(self, entry: _Entry, right: str) -> None:
        trustee = self._directory.by_trustee(entry.who, entry.sid)
        if not entry.denied:
            self._add(trustee, right)
        elif not isinstance(trustee, Unknown) and (who := self._wished(trustee, right)):
            self.findings.append(self._denied(who, right))

    def _wished(self, trustee: Principal, right: str) -> str | None:
        """As whom the document gives somebody a right, if it does."""
        access = getattr(self.resource.spec, "access", None) or {}  # a list has none
        names = (who for who, entry in access.items() if right in entry.rights)
        return next((who for who in names if trustee in self._directory.by_address(who)), None)

    def with_senders(self, entries: Iterable[_Entry]) -> Present:
        """All of it, once the entries of send-as and send-on-behalf are in."""
        for entry in entries:
            self.note(entry, SEND_AS)
        for name in (self.resource.row or {}).get("GrantSendOnBehalfTo") or ():
            self.note_name(str(name), SEND_ON_BEHALF)
        return Present(self.fields, self.ids, tuple(self.findings))

    def note_name(self, name: str, right: str) -> None:
        principal = self._directory.by_id(name)
        self._add(principal or self._directory.by_trustee(name), right)

    def _add(self, trustee: Any, right: str) -> None:
        if not isinstance(trustee, Unknown):
            address = canon.address(trustee.address)
            self.fields[(*ACCESS, address, right)] = True
            self.ids[address] = trustee.guid
        elif trustee.sid:
            self.fields[(*ACCESS, trustee.sid, right)] = True
            self.ids[trustee.sid] = trustee.sid
        else:
            self.findings.append(self._unrecognised(trustee, right))

    def _denied(self, who: str, right: str) -> Finding:
        return Finding(
            "denied-beside",
            f"{self.resource.key.address}/{who.lower()}/{right}",
            Severity.WARNING,
            f"{who} shall have {right} on {self.resource.key.address}, and an entry there denies it: that "
            "wins over any grant, and is left alone. Take it away in Exchange (Remove-MailboxPermission or "
            "Remove-RecipientPermission, with -Deny), or take the right out of the document",
            self.resource.key,
            self.resource.at(*ACCESS, who),
        )

    def _unrecognised(self, trustee: Unknown, right: str) -> Finding:
        why = "several have that name" if trustee.ambiguous else "nobody is known by that name"
        return Finding(
            "unknown-trustee",
            f"{self.resource.key.address}/{trustee.text}/{right}",
            Severity.WARNING,
            f"{right} is held by “{trustee.text}”: {why}, so that this entry is left alone",
            self.resource.key,
            self.resource.document.origin,
        )


def _is_service(text: str) -> bool:
    """Whether Exchange itself owns the entry; role groups may come with their forest in front."""
    name = text.lower()
    return name.startswith(_SERVICE[0]) or name.rpartition("\\")[2] in _SERVICE
