"""Folders that shall be there, and the retention tags they are stamped with.

A folder is created and never deleted, renamed or moved. Its tag has neither a cmdlet nor a property: three
MAPI properties carry it [doc: MS-OXCMSG 2.2.1.60], which Graph reads and writes as extended properties of a
folder. That is our reading of the protocol, so that the plan says so and what was written is read back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader, Receipt, Writer, codes, segment
from controller.directory import Directory
from controller.errors import ConflictError, ServiceError
from controller.folders.paths import (
    FOLDERS,
    Folders,
    Segments,
    account_of,
    canonical,
    look,
    normal,
    parse,
    placeholder,
    read_folders,
    resolved,
    shown,
    well_known,
)
from controller.folders.retention_tags import EXPANSION, TAG_NOTE, Tag, read_tags, stamp, stamped
from controller.made import remember
from controller.model import (
    Absent,
    Action,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Kind,
    Observation,
    Path,
    Present,
    Request,
    Severity,
    Unreadable,
    Want,
    ident,
)

TAG: Final = "retentionTag"


class MailFolders(Aspect):
    name = "folders"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(
        read=("Mail.ReadBasic.All", "Get-RetentionPolicyTag"), write=("Mail.ReadWrite",)
    )

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.state != "absent" and resource.spec.folders is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        tags: Mapping[str, Tag] | ServiceError = {}
        if any(entry.retention_tag for r in resources for entry in r.spec.folders.values()):
            tags = await read_tags(reader)
        answers = await asyncio.gather(*(_observe(reader, r, tags) for r in resources))
        return dict(zip((r.key for r in resources), answers, strict=True))

    def desired(self, resource: Resource, context: Context) -> Desired:
        wants: dict[Path, Want] = {}
        for path, entry in (resource.spec.folders or {}).items():
            origin = resource.at(*FOLDERS, path)
            for names in _with_parents(parse(path)):
                wants.setdefault((*FOLDERS, shown(names)), Want(True, True, origin))
            if entry.retention_tag:
                tag = entry.retention_tag
                at = resource.at(*FOLDERS, path, TAG)
                wants[(*FOLDERS, shown(parse(path)), TAG)] = Want(normal(tag), tag, at)
        return Desired(wants, {FOLDERS: False})

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        assert delta.want is not None  # nothing of it is ever removed
        if delta.path[-1] == TAG and len(delta.path) == 3:
            return self._tag(delta, present, resource)
        names = parse(delta.path[1])
        parent = f"/{_reference(names[:-1], present)}/childFolders" if names[1:] else ""
        call = f"POST {resource.object_path}/mailFolders{parent}"
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.ADD,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            requests=(Request("graph", call, {"displayName": names[-1]}),),
            depends_on=(ident(resource.key, (*FOLDERS, shown(names[:-1]))),) if names[1:] else (),
        )

    def _tag(self, delta: Delta, present: Present, resource: Resource) -> Change:
        assert delta.want is not None
        path, tag = delta.path[1], delta.want.verbatim
        where = _reference(parse(path), present)
        properties, obstacle = stamp(present, tag, resource, delta)
        call = f"PATCH {resource.object_path}/mailFolders/{where}"
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE,
            path=delta.path,
            before=delta.before,
            after=tag,
            origin=delta.origin,
            requests=(Request("graph", call, properties),),
            depends_on=(ident(resource.key, delta.path[:2]),),
            notes=(TAG_NOTE,),
            obstacle=obstacle or _default_folder(path, tag, resource, delta),
        )

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        """A name that is taken is looked for: somebody may have made the very folder meanwhile."""
        account = account_of(request.call)
        request = await resolved(reader, account, request)
        names = parse(change.path[1])
        try:
            receipt = await writer.send(request)
            if change.action is Action.ADD:
                for row in receipt.rows:
                    remember(reader, account, f"folder:{canonical(names)}", row.get("id"))
            return receipt
        except ConflictError as error:
            if error.code != codes.FOLDER_EXISTS:
                raise
            if (await look(reader, account, {names})).find(names) is None:
                raise
            return Receipt([], (), ())


def _with_parents(names: Segments) -> list[Segments]:
    """The folder and all above it that are not well-known ones: those are there."""
    start = 2 if well_known(names[0]) and names[1:] else 1
    return [names[:length] for length in range(start, len(names) + 1)]


def _reference(names: Segments, present: Present) -> str:
    """How a request names a folder: by id, by its well-known name, or by what stands for the id of one that
    this plan creates."""
    if found := present.ids.get(f"folder:{canonical(names)}"):
        return segment(found)
    role = well_known(names[0]) if len(names) == 1 else None
    return role or placeholder(shown(names))


async def _observe(reader: Reader, resource: Resource, tags: Mapping[str, Tag] | ServiceError) -> Observation:
    if isinstance(tags, ServiceError):
        if any(entry.retention_tag for entry in resource.spec.folders.values()):
            return Unreadable(tags)  # a stamp is an id: without the names every one would differ
        tags = {}
    if resource.principal is None:
        return Present({}, _tag_ids(tags)) if tags else Absent()
    wanted = [names for path in resource.spec.folders for names in _with_parents(parse(path))]
    try:
        folders = await read_folders(reader, resource)
        fields: dict[Path, Any] = {
            (*FOLDERS, shown(names)): True for names in wanted if folders.find(names) is not None
        }
        fields |= await _stamps(reader, resource, folders, tags)
    except ServiceError as error:
        return Unreadable(error)
    above = [names[:-1] for names in wanted if names[1:]]
    ids = {**folders.ids([*wanted, *above]), **_tag_ids(tags)}
    return Present(fields, ids)


async def _stamps(
    reader: Reader, resource: Resource, folders: Folders, tags: Mapping[str, Tag]
) -> dict[Path, Any]:
    """The tag of each folder that shall have one, by name, or by id where no tag has that id."""
    there = {
        shown(parse(path)): found
        for path, entry in resource.spec.folders.items()
        if entry.retention_tag and (found := folders.find(parse(path)))
    }
    paths = [f"{resource.object_path}/mailFolders/{segment(found)}" for found in there.values()]
    answers = await asyncio.gather(
        *(reader.graph(path, select="id,displayName", expand=EXPANSION) for path in paths)
    )
    by_id = {tag.ident: tag.name for tag in tags.values()}
    fields: dict[Path, Any] = {}
    for path, answer in zip(there, answers, strict=True):
        if found := stamped(answer):
            fields[(*FOLDERS, path, TAG)] = normal(by_id.get(found, found))
    return fields


def _tag_ids(tags: Mapping[str, Tag]) -> dict[str, str]:
    return {f"tag:{normal(name)}": tag.packed for name, tag in tags.items()}


def _default_folder(path: str, tag: str, resource: Resource, delta: Delta) -> Finding | None:
    if len(parse(path)) > 1 or not well_known(path):
        return None
    return Finding(
        "retention-tag-default-folder",
        f"{resource.key.address}/{path}",
        Severity.ERROR,
        f"{path} is a default folder, which takes no personal tag such as {tag}: let the mailbox's "
        "retentionPolicy have a tag for it, or stamp a folder below it",
        resource.key,
        delta.origin,
    )
