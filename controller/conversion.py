"""What making a shared mailbox of a person's takes along: their last sign-in is looked at, their password
becomes worthless, their sessions end, and only then the mailbox changes its type.

In this order, because neither a password nor a session can be read back: as long as the mailbox is still the
person's, all of it is planned again, and once it is shared all of it was accepted. It is also Microsoft's
order for somebody who leaves [doc: Remove a former employee]. Pure but for `read_sign_ins`.

`signInActivity` needs AuditLog.Read.All and a tenant with Entra ID P1, and is told by id alone
[doc: user resource type; learn.microsoft.com/answers 1311910]. Where it is not told, nothing is held: the
plan says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from controller.aspect import Resource, set_mailbox
from controller.clients import RANDOM_PASSWORD, Reader
from controller.errors import ServiceError
from controller.model import Key, Request

PERSONAL: Final = "UserMailbox"
READ: Final = ("User.Read.All", "AuditLog.Read.All")
WRITE: Final = ("User-PasswordProfile.ReadWrite.All", "User.RevokeSessions.All")
RECENT: Final = timedelta(days=30)  # somebody who signed in since then may still be working with it
_LAST, _UNTOLD = "lastSignIn", "signInUntold"
_TIMES: Final = ("lastSignInDateTime", "lastNonInteractiveSignInDateTime", "lastSuccessfulSignInDateTime")


def is_asked(resource: Resource) -> bool:
    """Whether its document asks for a conversion that is still to be made."""
    kind = str((resource.row or {}).get("RecipientTypeDetails") or "")
    return bool(resource.principal and resource.spec.convert and kind == PERSONAL)


def requests(resource: Resource) -> tuple[Request, ...]:
    """The password first, the type last. The password need not be changed at the next sign-in: nobody knows
    it."""
    profile = {"password": RANDOM_PASSWORD, "forceChangePasswordNextSignIn": False}
    return (
        Request("graph", f"PATCH {resource.object_path}", {"passwordProfile": profile}),
        Request("graph", f"POST {resource.object_path}/revokeSignInSessions"),
        set_mailbox(resource, {"Type": "Shared"}),
    )


async def read_sign_ins(reader: Reader, resources: Iterable[Resource]) -> dict[Key, dict[str, str]]:
    """For each mailbox to be converted, what an observation keeps beside it: the last sign-in of its
    person, or why it could not be told."""
    asked = [resource for resource in resources if is_asked(resource)]
    told = await asyncio.gather(*(_one(reader, resource) for resource in asked))
    return {resource.key: kept for resource, kept in zip(asked, told, strict=True)}


async def _one(reader: Reader, resource: Resource) -> dict[str, str]:
    try:
        user = await reader.graph(resource.object_path, select="id,signInActivity")
    except ServiceError as error:
        return {_UNTOLD: error.message}
    if "signInActivity" not in user:
        return {_UNTOLD: "the answer does not say"}
    times = sorted(filter(None, map(_time, _written(user["signInActivity"]))))
    return {_LAST: times[-1].isoformat()} if times else {}


def _written(activity: Any) -> list[str]:
    known: Mapping[str, Any] = activity if isinstance(activity, Mapping) else {}
    return [str(known[name]) for name in _TIMES if known.get(name)]


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if found.year > 1 else None  # year 1: never, as old rows have it


def last_sign_in(ids: Mapping[str, str]) -> datetime | None:
    """When the person last signed in, as `read_sign_ins` kept it."""
    return datetime.fromisoformat(ids[_LAST]) if _LAST in ids else None


def notes(resource: Resource, ids: Mapping[str, str]) -> tuple[str, ...]:
    """What a reviewer has to know of a conversion."""
    told = [
        _sign_in_note(ids),
        "the password is replaced by a random one that is made when it is sent and that nobody is told, and "
        "all sessions are ended; neither can be undone or read back",
        "its owner opens it no more, unless named under `access`",
    ]
    if resource.spec.licence is None:
        told.append("its licence stays, and is paid for: `licence: none` releases it")
    return tuple(told)


def _sign_in_note(ids: Mapping[str, str]) -> str:
    if reason := ids.get(_UNTOLD):
        return f"when its owner last signed in could not be told: {reason}"
    last = last_sign_in(ids)
    return f"its owner last signed in at {last:%Y-%m-%d %H:%M} UTC" if last else "its owner never signed in"
