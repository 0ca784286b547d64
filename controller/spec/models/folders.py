"""Folders and search folders of a mailbox, by path.

A path begins at a well-known folder (`Inbox`, whatever the mailbox's language calls it) or below the
mailbox's root; `/` parts it, and a slash inside a name is written `\\/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

from annotated_types import MinLen
from pydantic import Field, StringConstraints, model_validator
from pydantic.json_schema import JsonSchemaValue

from controller.spec.models.document import Path, Trouble
from controller.spec.models.scalars import FOLDER_PATTERN, ONE_LINE_PATTERN, Flag, Maybe, SpecModel, Words
from controller.spec.models.two_forms import TwoForms

MailFolderPath = Annotated[str, StringConstraints(pattern=FOLDER_PATTERN, max_length=1024)]
FolderName = Annotated[str, StringConstraints(pattern=ONE_LINE_PATTERN, max_length=255)]
_SPLIT: Final = re.compile(r"(?<!\\)/")


class FolderEntry(TwoForms):
    """A folder that shall be there. Nothing after its name, or a mapping that says more."""

    retention_tag: Maybe[Words] = Field(
        default=None,
        description="A personal retention tag, by name, that the folder is stamped with: how long its mail "
        "is kept. Left out: the folder's tag is unmanaged.",
        examples=["Contrats 3 ans"],
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_more(cls, value: Any) -> Any:
        return {} if value is None else value

    @classmethod
    def short_schema(cls, mapping: JsonSchemaValue) -> JsonSchemaValue:
        return {"type": "null"}


class SearchFolder(SpecModel):
    """A saved search: a folder that shows mail of other folders and holds none itself."""

    in_: Annotated[tuple[MailFolderPath, ...], MinLen(1)] = Field(
        alias="in", description="The folders that are searched, by path.", examples=[["Inbox"]]
    )
    filter: Words = Field(
        description="Which mail it shows: an OData filter over Microsoft Graph's message.",
        examples=["isRead eq false"],
    )
    include_nested: Flag = Field(
        default=False, description="true: folders inside those are searched as well."
    )


Folders = dict[MailFolderPath, FolderEntry]
SearchFolders = dict[FolderName, SearchFolder]


def mail_folder_troubles(folders: Mapping[str, FolderEntry]) -> Iterator[Trouble]:
    for path in folders:
        yield from path_troubles(("folders", path), path)
    yield from _twice("folders", folders)


def search_troubles(searches: Mapping[str, SearchFolder]) -> Iterator[Trouble]:
    yield from _twice("searchFolders", searches)
    for name, search in searches.items():
        for index, path in enumerate(search.in_):
            yield from path_troubles(("searchFolders", name, "in", str(index)), path)


def path_troubles(place: Path, path: str) -> Iterator[Trouble]:
    for name in _SPLIT.split(path):
        if not name or name != name.strip():
            yield (
                place,
                f"{path!r} has a folder name that is empty or begins or ends with a space: a slash inside a "
                "name is written \\/",
            )
            return


def _twice(collection: str, names: Iterable[str]) -> Iterator[Trouble]:
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(name.casefold(), name)
        if first != name:
            yield (collection, name), f"{name!r} is listed twice in {collection!r} (also as {first!r})"
