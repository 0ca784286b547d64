"""Search folders: saved searches that Outlook shows as folders.

Exchange drops one that nobody used for 45 days, so that its absence is nobody's doing; it is put back. The
service may give the filter back in another spelling than it was sent in: it is compared in a plain form, and
where that still differs, our own record tells that this very filter is what we sent
[doc: Graph mailSearchFolder; reference: Graph API, search folders].
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader, Receipt, Writer, codes, segment
from controller.directory import Directory
from controller.errors import ConflictError, ServiceError
from controller.folders.paths import (
    account_of,
    canonical,
    climb,
    creation_of,
    normal,
    read_folders,
    reference,
    resolved,
    unknown,
    wanted_paths,
)
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
)

SEARCHES: Final = ("searchFolders",)
_TYPE: Final = "microsoft.graph.mailSearchFolder"
_GONE: Final = "(a folder that is gone)"
_WORDS: Final = re.compile(r"'(?:[^']|'')*'|[\w@.:/-]+")
_TOKENS: Final = re.compile(r"('(?:[^']|'')*')|\s+|\b(and|or|not|eq|ne|gt|ge|lt|le|in)\b", re.IGNORECASE)


class SearchFolders(Aspect):
    name = "searchFolders"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(read=("Mail.ReadBasic.All",), write=("Mail.ReadWrite",))

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.state != "absent" and resource.spec.search_folders is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        answers = await asyncio.gather(*(_observe(reader, r) for r in resources))
        return dict(zip((r.key for r in resources), answers, strict=True))

    def desired(self, resource: Resource, context: Context) -> Desired:
        wants: dict[Path, Want] = {}
        for name, search in (resource.spec.search_folders or {}).items():
            value = _value(
                [canonical(path) for path in search.in_], search.filter, nested=search.include_nested
            )
            wants[(*SEARCHES, name)] = Want(value, search, resource.at(*SEARCHES, name))
        return Desired(wants, {SEARCHES: False})

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """Names without case; a filter that by our own record is the one we sent counts as that one."""
        asked = {normal(path[-1]): path for path in desired.wants}
        ours = context.memory.auto_mapping.get(resource.key, {})
        applied = context.memory.applied.get(resource.key, {})
        fields: dict[Path, Any] = {}
        for seen, value in present.fields.items():
            path = asked.get(normal(seen[-1]), seen)
            fields[path] = value
            want = desired.wants.get(path)
            for known in (want.value if want else None, applied.get(path)):
                if known and ours.get(_record(path[-1], known["filter"])) and _alike(known, value):
                    fields[path] = {**value, "filter": known["filter"]}
        return fields

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """Of those that Graph can make anew."""
        return {
            path: present.spelt[path]
            for path, value in present.fields.items()
            if _can_be_made(path, value, present)
        }

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        assert delta.want is not None  # others are left alone
        search, name = delta.want.verbatim, delta.path[-1]
        found = present.ids.get(f"search:{normal(name)}")
        body = {
            "@odata.type": _TYPE,
            "displayName": name,
            "includeNestedFolders": search.include_nested,
            "sourceFolderIds": [reference(path, present) for path in search.in_],
            "filterQuery": search.filter,
        }
        where = f"{resource.object_path}/mailFolders"
        call = f"PATCH {where}/{segment(found)}" if found else f"POST {where}/searchfolders/childFolders"
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE if found else Action.ADD,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            requests=(Request("graph", call, body),),
            depends_on=tuple(creation_of(path, resource) for path in search.in_),
            fades=True,
            obstacle=unknown(search.in_, "the search folder", present, resource, delta)
            or _unsupported(present, resource, delta),
        )

    def own_record(self, change: Change, request: Request) -> Mapping[str, bool | None]:
        """Which filter was sent last; the one before it is what the service had, spelt as we sent it."""
        name = change.path[-1]
        former = {_record(name, change.before["filter"]): None} if change.before else {}
        return {**former, _record(name, change.after["filter"]): True}

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        request = await resolved(reader, account_of(request.call), request)
        try:
            return await writer.send(request)
        except ConflictError as error:
            if error.code == codes.FOLDER_EXISTS:
                error.advice = "a folder of this name is there already, perhaps hidden: rename one of them"
            raise


def _can_be_made(path: Path, value: Mapping[str, Any], present: Present) -> bool:
    supported = f"unsupported:{normal(path[-1])}" not in present.ids
    return supported and bool(value["filter"]) and bool(value["in"]) and _GONE not in value["in"]


def _value(sources: Sequence[str], query: str, *, nested: bool) -> dict[str, Any]:
    return {"in": sorted(sources), "filter": plain_filter(query), "includeNested": nested}


def plain_filter(text: str) -> str:
    """A filter as it is compared: single spaces, lower-case operators, no parentheses around the whole."""

    def plain(match: re.Match[str]) -> str:
        return match[1] or (match[2].lower() if match[2] else " ")

    found = _TOKENS.sub(plain, text.strip())
    while found.startswith("(") and _closes_at_end(found):
        found = found[1:-1].strip()
    return found


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two filters are made of the same words, in whatever order and parentheses: the names of
    variables (single letters) aside. What a service respells stays alike; what a person changes does not."""

    def words(text: str) -> list[str]:
        split = (part for word in _WORDS.findall(text) for part in _parts(word))
        return sorted(part for part in split if len(part) > 1)

    return words(one["filter"]) == words(other["filter"])


def _parts(word: str) -> list[str]:
    return [word] if word.startswith("'") else [part.lower() for part in re.split(r"[/:]", word)]


def _closes_at_end(text: str) -> bool:
    """Whether the parenthesis that begins a text ends with its last character."""
    depth, quoted = 0, False
    for at, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif not quoted:
            depth += (char == "(") - (char == ")")
            if depth == 0:
                return at == len(text) - 1
    return False


def _record(name: str, query: str) -> str:
    """What our own record calls a filter that was sent."""
    return f"searchFolder/{normal(name)}/{hashlib.sha256(query.encode()).hexdigest()[:16]}"


async def _observe(reader: Reader, resource: Resource) -> Observation:
    if resource.principal is None:
        return Absent()
    account = resource.object_path
    path = f"{account}/mailFolders/searchfolders/childFolders?includeHiddenFolders=true"
    try:
        folders, rows = await asyncio.gather(read_folders(reader, resource), reader.graph_list(path, top=100))
        wished = {normal(name) for name in resource.spec.search_folders}
        if wished:  # a document that names none asks which there are
            rows = [row for row in rows if normal(str(row.get("displayName") or "")) in wished]
        wanted = list(wanted_paths(resource.spec))
        sources = {str(one) for row in rows for one in row.get("sourceFolderIds") or ()}
        await climb(reader, account, folders, {one for one in sources if not folders.named(one, wanted)})
    except ServiceError as error:
        return Unreadable(error)
    fields: dict[Path, Any] = {}
    spelt: dict[Path, Any] = {}
    ids = folders.ids(wanted)
    for row in rows:
        name = str(row.get("displayName"))
        found = [folders.named(str(one), wanted) or _GONE for one in row.get("sourceFolderIds") or ()]
        nested = bool(row.get("includeNestedFolders"))
        fields[(*SEARCHES, name)] = _value(found, str(row.get("filterQuery") or ""), nested=nested)
        spelt[(*SEARCHES, name)] = {
            "in": sorted(folders.written(str(one)) or _GONE for one in row.get("sourceFolderIds") or ()),
            "filter": str(row.get("filterQuery") or ""),
            **({"includeNested": True} if nested else {}),
        }
        ids[f"search:{normal(name)}"] = str(row.get("id"))
        if row.get("isSupported") is False:
            ids[f"unsupported:{normal(name)}"] = "true"
    return Present(fields, ids, spelt=spelt)


def _unsupported(present: Present, resource: Resource, delta: Delta) -> Finding | None:
    if f"unsupported:{normal(delta.path[-1])}" not in present.ids:
        return None
    return Finding(
        "search-folder-unsupported",
        f"{resource.key.address}/{delta.path[-1]}",
        Severity.WARNING,
        f"a search folder called {delta.path[-1]} was made with what Microsoft Graph cannot change: "
        "delete it in Outlook, or choose another name",
        resource.key,
        delta.origin,
    )
