"""Who may do what in one folder of a mailbox: a role, and for a calendar the delegate's flags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from controller.spec.models.document import Path, Trouble
from controller.spec.models.scalars import ADDRESS_PATTERN, Flag
from controller.spec.models.two_forms import OrText

EVERYBODY: Final = "default"
STRANGERS: Final = "anonymous"
HOLDER_PATTERN: Final = rf"^(?:[Dd]efault|[Aa]nonymous)$|{ADDRESS_PATTERN}"
FOLDER_PATTERN: Final = r"^[^/\s](?:.*[^/\s])?$"
# A person or group by address, or one of the two entries that every folder has.
Holder = Annotated[str, StringConstraints(pattern=HOLDER_PATTERN, max_length=254)]
FolderPath = Annotated[str, StringConstraints(pattern=FOLDER_PATTERN, max_length=1024)]


class Role(StrEnum):
    """Exchange's folder roles. availability-only and limited-details exist for calendars alone."""

    NONE = "none"
    AVAILABILITY_ONLY = "availability-only"
    LIMITED_DETAILS = "limited-details"
    REVIEWER = "reviewer"
    CONTRIBUTOR = "contributor"
    AUTHOR = "author"
    NONEDITING_AUTHOR = "nonediting-author"
    PUBLISHING_AUTHOR = "publishing-author"
    EDITOR = "editor"
    PUBLISHING_EDITOR = "publishing-editor"
    OWNER = "owner"


_CALENDAR_ONLY: Final = frozenset({Role.AVAILABILITY_ONLY, Role.LIMITED_DETAILS})


class FolderPermission(OrText):
    """What one person or group may do in a folder: a role, or a mapping that says more."""

    alone: ClassVar[str] = "role"

    role: Role = Field(description="What they may do there; reviewer reads, editor also changes.")
    delegate: Flag = Field(
        default=False,
        description="Calendar only, with the role editor: meeting requests go to this person as well.",
    )
    see_private_items: Flag = Field(
        default=False, description="For a delegate: private appointments are shown in full."
    )


FolderPermissions = dict[FolderPath, dict[Holder, FolderPermission]]


def is_calendar(folder: str) -> bool:
    return folder.partition("/")[0].strip().lower() == "calendar"


def folder_troubles(folders: Mapping[str, Mapping[str, FolderPermission]]) -> Iterator[Trouble]:
    for folder, holders in folders.items():
        seen: dict[str, str] = {}
        for who, permission in holders.items():
            path = ("folderPermissions", folder, who)
            first = seen.setdefault(who.lower(), who)
            if first != who:
                yield path, f"{who!r} is listed twice for this folder (also as {first!r})"
            yield from _permission_troubles(path, folder, permission)


def _permission_troubles(path: Path, folder: str, permission: FolderPermission) -> Iterator[Trouble]:
    if permission.role in _CALENDAR_ONLY and not is_calendar(folder):
        yield path, f"{permission.role} exists for calendars only"
    if permission.delegate and not (permission.role is Role.EDITOR and is_calendar(folder)):
        yield path, "a delegate needs the role editor on the Calendar"
    if permission.see_private_items and not permission.delegate:
        yield path, "'seePrivateItems' is for a delegate: write 'delegate: true' as well"
