"""Retention tags on folders: three MAPI properties, and the tags that the tenant has.

A personal tag is stamped as PidTagPolicyTag (the RetentionId, a GUID in its little-endian bytes),
PidTagRetentionFlags and PidTagRetentionPeriod (days) [doc: MS-OXCMSG 2.2.1.60; obs: EWS scripts, which write
0x89]. Tags that move to the archive have properties of their own and are not stamped here.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller import canon
from controller.aspect import Resource
from controller.clients import Reader
from controller.errors import NotFoundError, ServiceError
from controller.folders.paths import normal
from controller.model import Delta, Finding, Present, Severity

_POLICY_TAG: Final = "Binary 0x3019"
_FLAGS: Final = "Integer 0x301D"
_PERIOD: Final = "Integer 0x301A"
# ExplicitTag, PersonalTag, NeedsRescan: the assistant shall look at the folder again.
_EXPLICIT_PERSONAL: Final = 0x01 | 0x08 | 0x80
EXPANSION: Final = f"singleValueExtendedProperties($filter=id eq '{_POLICY_TAG}')"
TAG_NOTE: Final = (
    "the tag is stamped by our reading of the protocol (MS-OXCMSG), as no documented call does it; it is "
    "read back"
)
_DAYS: Final = re.compile(r"(\d+)(?:\.|\Z)")
_PARTS: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class Tag:
    """`ident` is the RetentionId in lower case, `days` 0 for a tag without limit."""

    name: str
    ident: str
    type: str
    action: str
    days: int

    @property
    def packed(self) -> str:
        """As it is kept among the ids of an observation."""
        return _PARTS.join((self.ident, self.type, self.action, str(self.days)))


async def read_tags(reader: Reader) -> Mapping[str, Tag] | ServiceError:
    """The tenant's retention tags by name; or why they could not be read."""
    try:
        rows = await reader.exchange("Get-RetentionPolicyTag")
    except NotFoundError:
        return {}
    except ServiceError as error:
        return error
    return {tag.name: tag for tag in map(_tag, rows)}


def _tag(row: Mapping[str, Any]) -> Tag:
    limit = _DAYS.match(str(row.get("AgeLimitForRetention") or ""))
    counts = canon.flag(row.get("RetentionEnabled")) is not False
    return Tag(
        name=str(row.get("Name") or ""),
        ident=str(row.get("RetentionId") or row.get("Guid") or "").lower(),
        type=str(row.get("Type") or ""),
        action=str(row.get("RetentionAction") or ""),
        days=int(limit[1]) if limit and counts else 0,
    )


def stamped(folder: Mapping[str, Any]) -> str | None:
    """The id of the tag that a folder is stamped with."""
    for item in folder.get("singleValueExtendedProperties") or ():
        if str(item.get("id") or "").lower() == _POLICY_TAG.lower():
            try:
                return str(uuid.UUID(bytes_le=base64.b64decode(str(item.get("value") or ""))))
            except (ValueError, binascii.Error):
                return None  # no GUID: no tag of this tenant's
    return None


def stamp(
    present: Present, name: str, resource: Resource, delta: Delta
) -> tuple[dict[str, Any], Finding | None]:
    """The body that stamps a folder with the tag called `name`; and what stands in the way, if it does."""
    packed = present.ids.get(f"tag:{normal(name)}")
    if packed is None:
        return {}, _refused("unknown-retention-tag", name, "the tenant has no such tag", resource, delta)
    ident, kind, action, days = packed.split(_PARTS)
    obstacle = None
    if kind.lower() != "personal":
        what = f"it is a tag for {kind or 'whole mailboxes'}, and a folder takes a personal one"
        obstacle = _refused("retention-tag-not-personal", name, what, resource, delta)
    elif action.lower() == "movetoarchive":
        what = "it moves mail to the archive, which is stamped in another way: choose one that deletes"
        obstacle = _refused("retention-tag-archives", name, what, resource, delta)
    values = (
        (_POLICY_TAG, base64.b64encode(uuid.UUID(ident).bytes_le).decode()),
        (_FLAGS, str(_EXPLICIT_PERSONAL)),
        (_PERIOD, days),
    )
    items = [{"id": prop, "value": value} for prop, value in values]
    return {"singleValueExtendedProperties": items}, obstacle


def _refused(code: str, name: str, why: str, resource: Resource, delta: Delta) -> Finding:
    path = delta.path[1]
    return Finding(
        code,
        f"{resource.key.address}/{path}",
        Severity.ERROR,
        f"{path} cannot be stamped with the retention tag {name}: {why}",
        resource.key,
        delta.origin,
    )
