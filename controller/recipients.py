"""Rows of recipients, as principals: what is asked for, and who stands on a list.

Get-DistributionGroupMember answers with rows like those of Get-Recipient [obs: CIPP], hidden members
included, direct ones only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller.clients import Reader
from controller.directory import Directory, Principal, principal

RECIPIENT: Final = (
    "Guid", "ExternalDirectoryObjectId", "Name", "Alias", "DisplayName", "PrimarySmtpAddress",
    "EmailAddresses", "RecipientTypeDetails", "WindowsLiveID",
)  # fmt: skip


async def read_direct_members(reader: Reader, guid: str, directory: Directory) -> list[Principal]:
    """Who stands on one list. Raises ServiceError."""
    parameters = {"Identity": guid, "ResultSize": "Unlimited"}
    rows = await reader.exchange("Get-DistributionGroupMember", parameters, select=RECIPIENT)
    return [_member(row, directory) for row in rows]


def _member(row: Mapping[str, Any], directory: Directory) -> Principal:
    member = principal(row)
    if member.guid not in directory.principals:  # younger than our listing of the directory
        directory.add(member)
    return directory.principals[member.guid]
