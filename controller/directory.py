"""Who is who in the tenant: every recipient and user, by any of the names a service may use for it.

Exchange returns principals in display-oriented forms: UPN for users, the directory Name for groups,
Names (often GUIDs) in lists such as GrantSendOnBehalfTo, a bare SID for somebody deleted
[reference: Exchange admin API, identities]. Everything is resolved to one `Principal` before it is
compared. Pure: the rows come from `controller.survey`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller import canon
from controller.model import Key

_SID = re.compile(r"S-1-5-21(-\d+){2,}\Z", re.IGNORECASE)
_GROUPS = frozenset(
    {"MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "MailNonUniversalGroup", "RoomList",
     "GroupMailbox", "DynamicDistributionGroup", "RoleGroup"}
)  # fmt: skip
_LISTS = frozenset(
    {"MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "MailNonUniversalGroup", "RoomList"}
)
_HOLDERS = frozenset({"MailUniversalSecurityGroup", "MailUser", "GuestMailUser"})
_MEMBERS = _HOLDERS | {"MailUniversalDistributionGroup", "MailContact"}
_MAILBOX = "Mailbox"


@dataclass(frozen=True, slots=True)
class Principal:
    """One object of the directory. `address` is its primary SMTP address, or its UPN where it has none;
    `addresses` all SMTP addresses and the UPN, in lower case."""

    guid: str
    object_id: str
    type: str  # Exchange's RecipientTypeDetails
    name: str
    display_name: str
    address: str
    upn: str
    addresses: tuple[str, ...]
    sid: str = ""
    dir_synced: bool = False

    @property
    def is_group(self) -> bool:
        return self.type in _GROUPS

    @property
    def is_person(self) -> bool:
        return not self.is_group and self.type != "MailContact"

    @property
    def is_shared(self) -> bool:
        return self.type == "SharedMailbox"

    @property
    def is_mailbox(self) -> bool:
        return self.type.endswith(_MAILBOX) and self.type != "GroupMailbox"

    @property
    def is_list(self) -> bool:
        """What Get-DistributionGroup answers with: groups whose members are kept one by one."""
        return self.type in _LISTS

    @property
    def can_be_member(self) -> bool:
        """Of a distribution list; a Microsoft 365 group and a user without mail cannot
        [doc: Add-DistributionGroupMember]."""
        return self.is_mailbox or self.type in _MEMBERS

    @property
    def can_hold_rights(self) -> bool:
        """Mailbox users, mail users and mail-enabled security groups can; a plain distribution list, a
        Microsoft 365 group and a contact cannot [doc: Add-MailboxPermission]."""
        return self.is_mailbox or self.type in _HOLDERS


@dataclass(frozen=True, slots=True)
class Unknown:
    """A trustee that names nobody we know. `sid` is set for somebody deleted (an orphan); `among` holds
    everybody who answers to the text, where they are several."""

    text: str
    sid: str = ""
    among: tuple[Principal, ...] = ()

    @property
    def ambiguous(self) -> bool:
        return bool(self.among)


_Index = dict[str, tuple[str, ...]]  # guids by what they are found by


@dataclass(slots=True)
class Directory:
    """An index over principals. `members` holds the direct members (guids) of each group that was read."""

    principals: dict[str, Principal] = field(default_factory=dict)
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: dict[str, Exception] = field(default_factory=dict)  # groups whose members could not be read
    ours: Mapping[Key, str] = field(default_factory=dict)  # object ids, by our own record
    untold: Exception | None = None  # why users' SIDs and sign-in names are not known, where they are not
    given: dict[str, tuple[str, str]] = field(default_factory=dict)  # given and family name by object id
    domains: frozenset[str] = frozenset()
    default_domain: str = ""
    names: set[str] = field(default_factory=set)  # every Name and Alias in use, in lower case
    _by_address: _Index = field(default_factory=dict, repr=False)
    _by_name: _Index = field(default_factory=dict, repr=False)
    _by_display: _Index = field(default_factory=dict, repr=False)
    _by_sid: dict[str, str] = field(default_factory=dict, repr=False)

    def add(self, principal: Principal) -> None:
        guid = principal.guid
        self.principals[guid] = principal
        alone = (guid,)  # one for all its places
        for index, key in self._places(principal):
            if guid not in (holders := index.get(key, ())):
                index[key] = holders + alone if holders else alone
        self.names.update(_names(principal))
        if principal.sid:
            self._by_sid[principal.sid.upper()] = guid

    def copy(self) -> Directory:
        """One that can be changed without changing this one."""
        return Directory(
            principals=dict(self.principals),
            members=dict(self.members),
            unread=dict(self.unread),
            untold=self.untold,
            ours=self.ours,
            given=dict(self.given),
            domains=self.domains,
            default_domain=self.default_domain,
            names=set(self.names),
            _by_address=dict(self._by_address),
            _by_name=dict(self._by_name),
            _by_display=dict(self._by_display),
            _by_sid=dict(self._by_sid),
        )

    def remove(self, guid: str) -> None:
        if one := self.principals.pop(guid, None):
            for index, key in self._places(one):
                index[key] = tuple(holder for holder in index.get(key, ()) if holder != guid)
            if self._by_sid.get(one.sid.upper()) == guid:
                del self._by_sid[one.sid.upper()]

    def _places(self, principal: Principal) -> Iterator[tuple[_Index, str]]:
        """Where it is found: by each address, by each of its unique names, by what it is called."""
        yield from ((self._by_address, address) for address in principal.addresses)
        yield from ((self._by_name, name) for name in _names(principal))
        if principal.display_name:
            yield self._by_display, principal.display_name.lower()

    def by_address(self, address: str) -> list[Principal]:
        """Everybody who answers to an SMTP address or UPN; more than one is a fault of the tenant."""
        return self._all(self._by_address, canon.address(address))

    def by_id(self, ident: str) -> Principal | None:
        """By directory Name, Entra object id or GUID; the last segment of a canonical name counts."""
        found = self._all(self._by_name, ident.rpartition("/")[2].lower())
        return found[0] if len(found) == 1 else None

    def by_trustee(self, text: str, sid: str = "") -> Principal | Unknown:
        """Whoever an access list means. The SID decides where it is known: names can be taken over."""
        if sid and (guid := self._by_sid.get(sid.upper())):
            return self.principals[guid]
        if _SID.match(text):
            return Unknown(text, sid=text)
        found = (self.by_address(text) if "@" in text else []) or self._named(text)
        if sid:
            found = [one for one in found if not one.sid or one.sid.upper() == sid.upper()]
        return found[0] if len(found) == 1 else Unknown(text, among=tuple(found))

    def displayed(self, name: str) -> list[Principal]:
        """Everybody whom a service shows by this display name; it is not unique."""
        return self._all(self._by_display, name.lower())

    def people(self, principal: Principal) -> dict[str, tuple[Principal, ...]]:
        """The persons behind a trustee, by guid, each with the chain of groups that leads there. Groups
        may hold groups, and each other."""
        found: dict[str, tuple[Principal, ...]] = {}
        seen: set[str] = set()
        queue: list[tuple[Principal, tuple[Principal, ...]]] = [(principal, ())]
        while queue:
            one, path = queue.pop(0)
            if one.guid in seen:
                continue
            seen.add(one.guid)
            if one.is_person:
                found.setdefault(one.guid, path)
            for guid in self.members.get(one.guid, ()):
                if member := self.principals.get(guid):
                    queue.append((member, (*path, one)))
        return found

    def groups(self, principal: Principal) -> set[str]:
        """The guids of a group and of all groups in it, however deep."""
        seen: set[str] = set()
        queue = [principal.guid]
        while queue:
            guid = queue.pop()
            one = self.principals.get(guid)
            if guid not in seen and one is not None and one.is_group:
                seen.add(guid)
                queue += self.members.get(guid, ())
        return seen

    def unread_in(self, principal: Principal) -> Exception | None:
        """Why the people behind a trustee are not all known, if they are not: a group among them, however
        deep, could not be read."""
        seen: set[str] = set()
        queue = [principal.guid]
        while queue:
            guid = queue.pop()
            if error := self.unread.get(guid):
                return error
            if guid not in seen:
                seen.add(guid)
                queue += self.members.get(guid, ())
        return None

    def accepts(self, address: str) -> bool:
        return not self.domains or canon.domain(address) in self.domains

    def belongs_to_service(self, address: str) -> bool:
        """Addresses that Microsoft 365 itself gives out: the tenant's onmicrosoft.com ones."""
        return canon.domain(address).endswith(".onmicrosoft.com")

    def _named(self, text: str) -> list[Principal]:
        key = text.lower()
        return self._all(self._by_name, key) or self._all(self._by_display, key)

    def _all(self, index: Mapping[str, Sequence[str]], key: str) -> list[Principal]:
        return [self.principals[guid] for guid in index.get(key, ())]


def _names(principal: Principal) -> set[str]:
    names = (principal.name, principal.object_id, principal.guid)
    return {sys.intern(name.lower()) for name in names if name}


def principal(row: Mapping[str, Any], *, user: Mapping[str, Any] | None = None) -> Principal:
    """From a row of Get-Recipient, with the row of Get-User of the same object where there is one."""
    user = user or {}
    upn = str(user.get("UserPrincipalName") or row.get("UserPrincipalName") or row.get("WindowsLiveID") or "")
    smtp = [canon.address(a) for a in row.get("EmailAddresses") or () if a[:5].lower() == canon.SMTP_PREFIX]
    primary = str(row.get("PrimarySmtpAddress") or "")
    known = {canon.address(value) for value in (primary, upn) if value}
    return Principal(
        guid=str(row.get("Guid") or user.get("Guid") or ""),
        object_id=str(row.get("ExternalDirectoryObjectId") or user.get("ExternalDirectoryObjectId") or ""),
        type=str(row.get("RecipientTypeDetails") or ""),
        name=str(row.get("Name") or ""),
        display_name=str(row.get("DisplayName") or ""),
        address=primary or upn,
        upn=upn,
        addresses=tuple(sorted(known.union(smtp))),
        sid=str(user.get("Sid") or ""),
        dir_synced=bool(canon.flag(row.get("IsDirSynced") or user.get("IsDirSynced"))),
    )


def build(
    recipients: Iterable[Mapping[str, Any]],
    users: Iterable[Mapping[str, Any]],
    domains: Iterable[Mapping[str, Any]] = (),
) -> Directory:
    """The index over a tenant's recipients and users (rows of Get-Recipient, Get-User,
    Get-AcceptedDomain)."""
    accepted = list(domains)
    directory = Directory(
        domains=frozenset(str(row.get("DomainName", "")).lower() for row in accepted),
        default_domain=next(
            (str(row.get("DomainName", "")).lower() for row in accepted if canon.flag(row.get("Default"))), ""
        ),
    )
    by_object: dict[str, Mapping[str, Any]] = {}
    for row in users:
        by_object[str(row.get("ExternalDirectoryObjectId") or row.get("Guid"))] = row
    for row in recipients:
        ident = str(row.get("ExternalDirectoryObjectId") or row.get("Guid"))
        directory.add(principal(row, user=by_object.pop(ident, None)))
        directory.names.add(str(row.get("Alias") or "").lower())
    for row in by_object.values():  # users without mail: they exist, and cannot be trustees
        directory.add(principal({**row, "PrimarySmtpAddress": "", "EmailAddresses": []}, user=row))
    return directory
