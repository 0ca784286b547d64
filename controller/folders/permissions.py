"""Reading who may do what in the folders of a mailbox.

Folders are found by type, which is English in every mailbox, or by path; they are named to cmdlets by
their FolderId, which no language changes [doc: Get-MailboxFolderPermission]. Rows show people by display
name [obs: CIPP]; where several share one, each is asked about by itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller import canon
from controller.aspect import Resource
from controller.clients import Reader
from controller.directory import Directory, Principal, Unknown
from controller.errors import ConflictError, InvalidError, NotFoundError, ServiceError
from controller.model import Finding, Observation, Path, Present, Severity, Unreadable
from controller.spec.models.folder_permissions import EVERYBODY, STRANGERS

PERMISSIONS: Final = ("folderPermissions",)
_FOLDER_COLUMNS: Final = ("Name", "FolderPath", "FolderType", "FolderId")
_SPLIT: Final = re.compile(r"(?<!\\)/")
_ORPHAN: Final = re.compile(r"(?:NT User:)?(S-1-5-21[-\d]+)\Z", re.IGNORECASE)
# A set that equals a role comes back as the role's name; other sets as their rights [inf].
_ROLES: Final = {
    "none": "none", "availabilityonly": "availability-only", "limiteddetails": "limited-details",
    "reviewer": "reviewer", "contributor": "contributor", "author": "author",
    "noneditingauthor": "nonediting-author", "publishingauthor": "publishing-author", "editor": "editor",
    "publishingeditor": "publishing-editor", "owner": "owner",
}  # fmt: skip
_READ: Final = frozenset({"FolderVisible", "ReadItems"})
_OWN: Final = frozenset({"DeleteOwnedItems", "EditOwnedItems"})
_ALL: Final = frozenset({"DeleteAllItems", "EditAllItems"})
_EXPANDED: Final = {  # [doc: Add-MailboxFolderPermission]
    _READ: "reviewer",
    frozenset({"CreateItems", "FolderVisible"}): "contributor",
    _READ | {"CreateItems", "DeleteOwnedItems"}: "nonediting-author",
    _READ | _OWN | {"CreateItems"}: "author",
    _READ | _OWN | {"CreateItems", "CreateSubfolders"}: "publishing-author",
    _READ | _OWN | _ALL | {"CreateItems"}: "editor",
    _READ | _OWN | _ALL | {"CreateItems", "CreateSubfolders"}: "publishing-editor",
    _READ | _OWN | _ALL | {"CreateItems", "CreateSubfolders", "FolderContact", "FolderOwner"}: "owner",
}


def segments(path: str) -> list[str]:
    """The names in a path; `\\/` stands for a slash in a name."""
    return [part.replace("\\/", "/") for part in _SPLIT.split(path)]


def level(rights: Any, flags: Any = None) -> str:
    """One word for what somebody may do: a role in kebab case or the rights, with the delegate's flags."""
    named = canon.rights(rights)
    role = _EXPANDED.get(named)
    if role is None and len(named) == 1:
        role = _ROLES.get(next(iter(named)).lower())
    extra = sorted(flag for flag in canon.rights(flags) if flag.lower() != "none")
    return " + ".join([role or ", ".join(sorted(named)), *extra])


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one mailbox: ids by lower-cased path, by the names that stand in it."""

    by_type: Mapping[str, tuple[str, str]]  # type in lower case: (FolderId, path in the mailbox)
    by_path: Mapping[str, str]

    def find(self, path: str) -> str | None:
        """The FolderId of a path that begins at a well-known folder or at the mailbox's root."""
        first, *rest = segments(path)
        known = self.by_type.get(first.replace(" ", "").lower())
        root = known[1] if known else f"/{_escaped(first)}"
        if not rest:
            return known[0] if known else self.by_path.get(root.lower())
        return self.by_path.get("/".join((root, *map(_escaped, rest))).lower())


def _escaped(name: str) -> str:
    """As FolderPath shows a slash in a name: U+F8FF, `[char]63743` [obs: many public scripts]."""
    return name.replace("/", "\uf8ff")


def _path(row: Mapping[str, Any]) -> str:
    """Where a folder is; should the slash in its own name stand there as it is, the name tells it apart."""
    path, name = str(row.get("FolderPath") or ""), str(row.get("Name") or "")
    return path.removesuffix(name) + _escaped(name) if name and path.endswith(f"/{name}") else path


async def read_folders(reader: Reader, identity: str, anchor: str) -> Folders:
    """Every folder of a mailbox. Raises ServiceError."""
    parameters = {"Identity": identity}
    rows = await reader.exchange(
        "Get-MailboxFolderStatistics", parameters, select=_FOLDER_COLUMNS, anchor=anchor
    )
    by_type: dict[str, tuple[str, str]] = {}
    by_path: dict[str, str] = {}
    for row in rows:
        path, ident = _path(row), str(row.get("FolderId") or "")
        kind = str(row.get("FolderType") or "").replace(" ", "").lower()
        if kind and kind not in ("usercreated", "root"):
            by_type.setdefault(kind, (ident, path))
        by_path[path.lower()] = ident
    return Folders(by_type, by_path)


def anchor_of(resource: Resource) -> str:
    """Mailbox-store cmdlets are routed to the mailbox itself [obs: CIPP]."""
    return f"SMTP:{resource.key.address}"


async def read_permissions(reader: Reader, resource: Resource, directory: Directory) -> Observation:
    """Paths `("folderPermissions", folder as written, address)`; `ids` has `folder:NAME` for each folder
    that is there, and for each holder what a cmdlet is given to name them."""
    wanted = list(resource.spec.folder_permissions or ())
    try:
        folders = await read_folders(reader, resource.identity, anchor_of(resource))
        there = {name: ident for name in wanted if (ident := folders.find(name))}
        lists = await asyncio.gather(*(_rows(reader, resource, ident) for ident in there.values()))
        reading = _Reading(reader, resource, directory)
        for (name, ident), rows in zip(there.items(), lists, strict=True):
            reading.ids[f"folder:{name}"] = ident
            for row in rows:
                await reading.note(name, ident, row)
    except ServiceError as error:
        return Unreadable(error)
    return Present(reading.fields, reading.ids, tuple(reading.findings))


async def _rows(reader: Reader, resource: Resource, ident: str) -> Sequence[Mapping[str, Any]]:
    parameters = {"Identity": f"{resource.identity}:{ident}"}
    return await reader.exchange("Get-MailboxFolderPermission", parameters, anchor=anchor_of(resource))


class _Reading:
    """The folder permissions of one mailbox, while they are put together."""

    def __init__(self, reader: Reader, resource: Resource, directory: Directory) -> None:
        self._reader = reader
        self._resource = resource
        self._directory = directory
        self.fields: dict[Path, Any] = {}
        self.ids: dict[str, str] = {}
        self.findings: list[Finding] = []

    async def note(self, folder: str, ident: str, row: Mapping[str, Any]) -> None:
        what = _level_of(row)
        text, kind, address = _holder(row.get("User"))
        everybody = (kind or text).lower()
        if everybody in (EVERYBODY, STRANGERS):
            self.fields[(*PERMISSIONS, folder, everybody)] = what
            return
        if orphan := _ORPHAN.match(text):
            self.fields[(*PERMISSIONS, folder, orphan[1])] = what
            self.ids[orphan[1]] = text
            return
        for who, theirs in await self._resolve(ident, text, address, what):
            self.fields[(*PERMISSIONS, folder, who.address.lower())] = theirs
            self.ids[who.address.lower()] = who.guid

    async def _resolve(self, ident: str, text: str, address: str, what: str) -> list[tuple[Principal, str]]:
        """Whom a row is about, and what each of them may do: of several who share a name, what their own
        row says, because the row with the name may be anybody's."""
        found = self._directory.by_address(address) if address else self._directory.displayed(text)
        if len(found) > 1:
            asked = await asyncio.gather(*(self._of(ident, one) for one in found))
            held = [(one, theirs) for one, theirs in zip(found, asked, strict=True) if theirs]
        else:
            held = [(one, what) for one in found]
        if not held:
            known = self._directory.by_trustee(text)
            held = [] if isinstance(known, Unknown) or known in found else [(known, what)]
        if not held:
            self.findings.append(self._unrecognised(text))
        return held

    async def _of(self, ident: str, one: Principal) -> str | None:
        """What one person may do; None for somebody without an entry."""
        parameters = {"Identity": f"{self._resource.identity}:{ident}", "User": one.guid}
        try:
            rows = await self._reader.exchange(
                "Get-MailboxFolderPermission", parameters, anchor=anchor_of(self._resource)
            )
        except (NotFoundError, InvalidError, ConflictError):
            return None  # "there is no existing permission entry found for user" [obs]
        return _level_of(rows[0]) if rows else None

    def _unrecognised(self, text: str) -> Finding:
        return Finding(
            "unknown-trustee",
            f"{self._resource.key.address}/folderPermissions/{text}",
            Severity.WARNING,
            f"a folder permission is held by “{text}”, whom nobody knows by that name: it is left alone",
            self._resource.key,
            self._resource.at(*PERMISSIONS),
        )


def _level_of(row: Mapping[str, Any]) -> str:
    return level(row.get("AccessRights"), row.get("SharingPermissionFlags"))


def _holder(user: Any) -> tuple[str, str, str]:
    """(display name, Default or Anonymous, address): a text in JSON, an object in richer answers."""
    if not isinstance(user, Mapping):
        return str(user or ""), "", ""
    kind = str(user.get("UserType") or "")
    principal = user.get("RecipientPrincipal") or user.get("ADRecipient") or {}
    address = str(principal.get("PrimarySmtpAddress") or "") if isinstance(principal, Mapping) else ""
    return str(user.get("DisplayName") or ""), kind if kind in ("Default", "Anonymous") else "", address
