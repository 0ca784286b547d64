"""Whether a shared mailbox can do without its licence, and whether it is shared by the time it has to.

Without one it holds at most 50 GB, and has neither archive nor hold [doc: About shared mailboxes]. Of a
mailbox that is still a person's, the licence is what keeps it: taken away, the mailbox goes after 30 days
[doc: Remove licenses; Convert a user mailbox to a shared mailbox].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller import canon
from controller.aspect import Resource
from controller.clients import Reader, codes
from controller.errors import TransientError
from controller.licences import LICENCE
from controller.model import Finding, Severity, ident
from controller.tenant_facts import UNLICENSED_ROOM

PROPERTIES: Final = ("ArchiveStatus", "LitigationHoldEnabled", "InPlaceHolds")
_ARCHIVE, _HOLD = ("archive",), ("litigationHold", "enabled")


def why_not(resource: Resource, size: int | None) -> Finding | None:
    """What the licence is still needed for; `size` is in bytes, None where nobody could tell. An archive or
    a hold that the document ends is none any more."""
    reasons = [*_rests(resource)]
    if size is None:
        reasons.append("how much it holds could not be read")
    elif size > UNLICENSED_ROOM:
        reasons.append(f"it holds {size / 1024**3:.1f} GB, of at most 50 GB without one")
    if not reasons:
        return None
    return Finding(
        "licence-still-needed",
        resource.key.address,
        Severity.WARNING,
        f"the licence of {resource.key.address} is not released: {'; '.join(reasons)}. Settle that first, or "
        "name a licence instead of none",
        resource.key,
        resource.at(*LICENCE),
    )


def _rests(resource: Resource) -> list[str]:
    row, spec = resource.row or {}, resource.spec
    found = []
    if str(row.get("ArchiveStatus") or "None").lower() != "none" and spec.archive is not False:
        found.append("it has an archive (`archive: false` ends it, and its mail is lost after 30 days)")
    hold = spec.litigation_hold
    if canon.flag(row.get("LitigationHoldEnabled")) and (hold is None or hold.enabled is not False):
        found.append("it is on litigation hold (`litigationHold: {enabled: false}` ends it)")
    if holds := _of_purview(row):
        found.append(f"{holds} hold(s) of Purview are on it")
    return found


def _of_purview(row: Mapping[str, Any]) -> int:
    """Holds by policies and cases; one with a hyphen in front leaves this mailbox out [doc: Identify the
    type of hold placed on an Exchange Online mailbox]."""
    return sum(not str(name).startswith("-") for name in row.get("InPlaceHolds") or ())


def is_held(resource: Resource) -> bool:
    """Whether anything in it is kept, whatever people delete: not every licence allows that."""
    row = resource.row or {}
    return bool(canon.flag(row.get("LitigationHoldEnabled")) or _of_purview(row))


def rests_on(resource: Resource) -> tuple[str, ...]:
    """Ids of the changes that end what needs the licence, where the document asks for that."""
    return ident(resource.key, _ARCHIVE), ident(resource.key, _HOLD)


async def expect_shared(reader: Reader, address: str) -> None:
    """Raises ServiceError where a mailbox is not seen to be shared: TransientError, with a code of its own,
    where it is still a person's."""
    rows = await reader.exchange("Get-Mailbox", {"Identity": address}, select=("RecipientTypeDetails",))
    kind = str(rows[0].get("RecipientTypeDetails")) if len(rows) == 1 else "no single mailbox"
    if kind != "SharedMailbox":
        raise TransientError(
            "exchange",
            "Get-Mailbox",
            f"seen as {kind}, and not as a shared mailbox yet: its licence stays until then",
            code=codes.NOT_SHARED_YET,
            target=address,
        )
