"""Folders of a mailbox by path: what a path means, which id it has, and which path an id has.

Paths of the spec begin at a well-known folder, by its English name, or below the mailbox's root. Ids are
the mailbox's own and change when it is restored, so that only paths are ever compared or recorded. The fact
one would not guess: v1.0 of Graph does not say which folder is the inbox; each well-known name that a
document uses is asked for by itself [reference: Graph API, mail folders].
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

from controller.aspect import Resource
from controller.clients import Reader, segment
from controller.errors import InvalidError, NotFoundError, ServiceError
from controller.made import recall
from controller.model import Delta, Finding, Present, Request, Severity, ident

Segments = tuple[str, ...]

FOLDERS: Final = ("folders",)
_SPLIT: Final = re.compile(r"(?<!\\)/")
_PLACEHOLDER: Final = re.compile(r"\{folder:(.*)\}", re.DOTALL)
_HOLD_IDS: Final = frozenset({"moveToFolder", "copyToFolder", "sourceFolderIds"})  # of a request's values
# By the letters of their English names. The first six are there in every mailbox, the others once needed.
_ALWAYS: Final = {
    "inbox": "inbox",
    "drafts": "drafts",
    "sentitems": "sentitems",
    "deleteditems": "deleteditems",
    "junkemail": "junkemail",
    "outbox": "outbox",
}
_WELL_KNOWN: Final = {
    **_ALWAYS,
    "junke-mail": "junkemail",
    "archive": "archive",
    "clutter": "clutter",
    "conversationhistory": "conversationhistory",
    "scheduled": "scheduled",
    "syncissues": "syncissues",
}
_ENGLISH: Final = {
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "SentItems",
    "deleteditems": "DeletedItems",
    "junkemail": "JunkEmail",
    "outbox": "Outbox",
}
_PAGE: Final = 100  # folders page by ten unless told otherwise [reference: Graph API, paging]
_DEEPEST: Final = 300  # levels of folders [reference: Graph API, mail folders]


# --- paths --------------------------------------------------------------------------------------------


def parse(path: str) -> Segments:
    r"""The names in a path; `\/` stands for a slash inside a name."""
    return tuple(name.replace("\\/", "/") for name in _SPLIT.split(path))


def shown(names: Iterable[str]) -> str:
    """The path as it is written in a spec."""
    return "/".join(name.replace("/", "\\/") for name in names)


def normal(name: str) -> str:
    """A folder's name as it is compared: without case, in one Unicode form."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def well_known(name: str) -> str | None:
    """Graph's name of a well-known folder, where the first name of a path is one."""
    return _WELL_KNOWN.get(normal(name).replace(" ", ""))


def canonical(path: str | Segments) -> str:
    """The form in which two paths are compared."""
    first, *rest = parse(path) if isinstance(path, str) else path
    return shown([well_known(first) or normal(first), *map(normal, rest)])


def placeholder(path: str) -> str:
    """Stands in a request for the id of a folder that has none yet."""
    return f"{{folder:{path}}}"


def wanted_paths(spec: Any) -> Iterator[Segments]:
    """Every folder that a document names, wherever it does."""
    yield from map(parse, spec.folders or ())
    for search in (spec.search_folders or {}).values():
        yield from map(parse, search.in_)
    for rule in spec.rules or ():
        for path in (rule.actions.move_to_folder, rule.actions.copy_to_folder):
            if path is not None:
                yield parse(path)


# --- folders ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Folder:
    ident: str
    name: str
    parent: str


@dataclass(slots=True)
class Folders:
    """What is known of one mailbox's folders. `roles` are ids by well-known name, `below` the children of
    each folder that was looked into, by name."""

    root: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    by_id: dict[str, Folder] = field(default_factory=dict)
    below: dict[str, dict[str, str]] = field(default_factory=dict)

    def find(self, names: Segments) -> str | None:
        """The id at the end of a path, as far as it was looked into."""
        ident = self._first(names[0])
        for name in names[1:]:
            ident = self.below.get(ident or "", {}).get(normal(name))
        return ident

    def path_of(self, ident: str) -> str | None:
        """The canonical path of an id; None where it does not lead up to the root."""
        found = self._way(ident)
        return None if found is None else shown([found[0], *map(normal, found[1])][not found[0] :])

    def written(self, ident: str) -> str | None:
        """The same as people read it: well-known folders in English, others as they are called."""
        found = self._way(ident)
        return None if found is None else shown([_ENGLISH.get(found[0], found[0]), *found[1]][not found[0] :])

    def _way(self, ident: str) -> tuple[str, list[str]] | None:
        """The well-known folder that a path begins at ("" for the root), and the names from there on."""
        names: list[str] = []
        roles = {found: role for role, found in self.roles.items()}
        while ident != self.root:
            if (role := roles.get(ident)) is not None:
                return role, names[::-1]
            folder = self.by_id.get(ident)
            if folder is None or len(names) > _DEEPEST:
                return None
            names.append(folder.name)
            ident = folder.parent
        return "", names[::-1]

    def ids(self, paths: Iterable[Segments]) -> dict[str, str]:
        """Ids of those of the paths that are there, under `folder:PATH` with the canonical path."""
        return {f"folder:{canonical(path)}": ident for path in paths if (ident := self.find(path))}

    def named(self, ident: str, paths: Iterable[Segments]) -> str | None:
        """The canonical path of an id: as one of `paths` says it, where one of them leads there."""
        ways = (canonical(path) for path in paths if self.find(path) == ident)
        return next(ways, None) or self.path_of(ident)

    def note(self, rows: Iterable[Mapping[str, Any]], parent: str | None = None) -> None:
        """Adds what a listing of a folder's children (or a single answer) told."""
        for row in rows:
            ident, name = str(row.get("id") or ""), str(row.get("displayName") or "")
            above = parent or str(row.get("parentFolderId") or "")
            self.by_id[ident] = Folder(ident, name, above)
            self.below.setdefault(above, {}).setdefault(normal(name), ident)

    def _first(self, name: str) -> str | None:
        """A well-known folder, or one below the root. Of the well-known ones that not every mailbox has
        (`Archive`), people's own folder of that name comes first."""
        role = well_known(name)
        if role in _ALWAYS:
            return self.roles.get(role)
        own = self.below.get(self.root, {}).get(normal(name))
        return own or self.roles.get(role or "")


async def read_folders(reader: Reader, resource: Resource) -> Folders:
    """The folders that a document names, with all above them. One reading serves every aspect that asks
    through the same reader. Raises ServiceError."""
    shared = _readings.setdefault(reader, {})
    reading = shared.get(resource.object_path)
    if reading is None:
        wanted = set(wanted_paths(resource.spec))
        reading = asyncio.ensure_future(look(reader, resource.object_path, wanted))
        shared[resource.object_path] = reading
    return await asyncio.shield(reading)


_readings: WeakKeyDictionary[Reader, dict[str, asyncio.Future[Folders]]] = WeakKeyDictionary()


async def look(reader: Reader, object_path: str, wanted: Iterable[Segments]) -> Folders:
    """The folders that lie on the wanted paths, one level after the other, and their siblings."""
    wanted = set(wanted)
    found = Folders()
    roles = sorted({role for names in wanted if (role := well_known(names[0]))})
    rows, *answers = await asyncio.gather(
        _children(reader, f"{object_path}/mailFolders"), *(_role(reader, object_path, r) for r in roles)
    )
    found.root = next((str(row["parentFolderId"]) for row in rows if row.get("parentFolderId")), "")
    found.note(rows, found.root)
    for role, answer in zip(roles, answers, strict=True):
        if answer:
            found.roles[role] = str(answer["id"])
            found.note([answer])
    depth = 1
    while deeper := {names for names in wanted if len(names) > depth}:
        parents = sorted({ident for names in deeper if (ident := found.find(names[:depth]))})
        paths = [f"{object_path}/mailFolders/{segment(parent)}/childFolders" for parent in parents]
        for parent, rows in zip(
            parents, await asyncio.gather(*(_children(reader, path) for path in paths)), strict=True
        ):
            found.note(rows, parent)
        depth += 1
    return found


async def climb(reader: Reader, object_path: str, folders: Folders, idents: Iterable[str]) -> None:
    """Reads folders by their ids, and those above them, until their paths are known. A folder that is gone
    stays unknown. Raises ServiceError."""
    missing = {ident for ident in idents if folders.path_of(ident) is None}
    for _ in range(_DEEPEST):
        asked = {top for ident in missing if (top := _unknown(folders, ident))}
        if not asked:
            return
        paths = [f"{object_path}/mailFolders/{segment(ident)}" for ident in sorted(asked)]
        answers = await asyncio.gather(*(_folder(reader, path) for path in paths))
        if not folders.root and not any(answers):
            return
        folders.note(answer for answer in answers if answer)
        gone = {ident for ident, answer in zip(sorted(asked), answers, strict=True) if answer is None}
        missing = {ident for ident in missing if _unknown(folders, ident) not in gone}


def _unknown(folders: Folders, ident: str) -> str | None:
    """The first folder upwards of which nothing is known."""
    for _ in range(_DEEPEST):
        folder = folders.by_id.get(ident)
        if ident == folders.root:
            return None
        if folder is None:
            return ident
        ident = folder.parent
    return None


async def _children(reader: Reader, path: str) -> list[dict[str, Any]]:
    """Hidden ones too: they occupy their names [reference: Graph API, mail folders]."""
    return await reader.graph_list(f"{path}?includeHiddenFolders=true", top=_PAGE)


async def _role(reader: Reader, object_path: str, role: str) -> dict[str, Any] | None:
    return await _folder(reader, f"{object_path}/mailFolders/{role}")


async def _folder(reader: Reader, path: str) -> dict[str, Any] | None:
    try:
        row = await reader.graph(path)
    except NotFoundError as error:
        if error.code.lower() in ("erroritemnotfound", "itemnotfound"):
            return None
        raise
    if not row.get("id"):
        raise InvalidError("graph", f"GET {path}", "the answer is no folder")
    return row


# --- requests that name folders which did not exist when they were planned ---------------------------------


def account_of(call: str) -> str:
    """`/users/{id}` of a request."""
    return "/" + "/".join(call.partition(" ")[2].split("/")[1:3])


def reference(path: str, present: Present) -> str:
    """What a request says for a folder: its id, or what stands for the id of one that is not there yet."""
    return present.ids.get(f"folder:{canonical(path)}") or placeholder(path)


def creation_of(path: str, resource: Resource) -> str:
    """The id of the change that creates a folder, if the plan has one."""
    return ident(resource.key, (*FOLDERS, shown(parse(path))))


def unknown(
    paths: Iterable[str], what: str, present: Present, resource: Resource, delta: Delta
) -> Finding | None:
    """Why something cannot name a folder that is neither there nor created by this document; None where
    all of `paths` are or will be."""
    missing = [path for path in paths if not _reachable(path, present, resource)]
    if not missing:
        return None
    return Finding(
        "unknown-folder",
        f"{resource.key.address}/{delta.path[-1]}",
        Severity.ERROR,
        f"{what} {delta.path[-1]} names {', '.join(missing)}, which the mailbox does not have: list it under "
        "`folders`, or correct the path",
        resource.key,
        delta.origin,
    )


def _reachable(path: str, present: Present, resource: Resource) -> bool:
    names = canonical(path)
    if f"folder:{names}" in present.ids:
        return True
    created = [canonical(one) for one in resource.spec.folders or ()]
    if any(one == names or one.startswith(f"{names}/") for one in created):
        return True
    return resource.principal is None and len(parse(path)) == 1 and well_known(path) in _ALWAYS


async def resolved(reader: Reader, object_path: str, request: Request) -> Request:
    """The request with the ids of its `{folder:PATH}` in place. Raises NotFoundError for a folder that is
    still not there, and any ServiceError of looking for it."""
    in_call = _PLACEHOLDER.search(request.call)
    names = {parse(path) for path in _placeholders(request.parameters)}
    names |= {parse(in_call[1])} if in_call else set()
    if not names:
        return request
    made = {path: recall(reader, object_path, f"folder:{canonical(path)}") for path in names}
    folders = await look(reader, object_path, names) if None in made.values() else Folders()
    ids: dict[str, str] = {}
    for path in names:
        ident = made[path] or folders.find(path)
        if ident is None:
            raise NotFoundError(
                "graph", request.call, f"there is no folder {shown(path)}", target=shown(path)
            )
        ids[shown(path)] = ident
    call = _PLACEHOLDER.sub(lambda match: segment(ids[shown(parse(match[1]))]), request.call)
    return replace(request, call=call, parameters=_filled(request.parameters, ids))


def _placeholders(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, str):
        match = _PLACEHOLDER.fullmatch(value) if key in _HOLD_IDS else None
        yield from [match[1]] if match else ()
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _placeholders(each, name)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _placeholders(each, key)


def _filled(value: Any, ids: Mapping[str, str], key: str = "") -> Any:
    if isinstance(value, str):
        match = _PLACEHOLDER.fullmatch(value) if key in _HOLD_IDS else None
        return ids[shown(parse(match[1]))] if match else value
    if isinstance(value, Mapping):
        return {name: _filled(each, ids, name) for name, each in value.items()}
    return [_filled(each, ids, key) for each in value] if isinstance(value, list | tuple) else value


async def readable(reader: Reader, resource: Resource) -> Folders | ServiceError:
    """`read_folders`, with its error as an answer."""
    try:
        return await read_folders(reader, resource)
    except ServiceError as error:
        return error
