"""Who did it: the unified audit log, searched for the writes behind what drifted.

The log is late (minutes to an hour), repeats records and knows nothing of some; no record found is an
answer too. `AuditData` is a JSON text [doc: Search-UnifiedAuditLog]. Our own writes are recognised by the
application that made them, and are nobody's drift.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from controller.clients import Reader
from controller.directory import Directory
from controller.model import Action, Change, Key, Request

_SLACK: Final = timedelta(minutes=10)  # what is searched is wider than what counts
_SKEW: Final = timedelta(seconds=30)  # clocks differ by as much, as a rule [inf]
_AHEAD: Final = timedelta(days=1)  # an end in the future is taken, and misses nothing [obs: public scripts]
_PAGE: Final = 5000  # the most that one call answers with
_PAGES: Final = 10  # a session ends at 50,000 records
_TRUSTEES: Final = ("User", "Trustee", "Member")
# Rules are changed by people in Outlook, which is a doing in the mailbox, and by cmdlets
# [reference: Exchange admin API, auditing].
_RULES: Final = (
    "UpdateInboxRules",
    "New-InboxRule",
    "Set-InboxRule",
    "Remove-InboxRule",
    "Enable-InboxRule",
    "Disable-InboxRule",
)
# Folder permissions likewise; the doing has the member in the folder that it was done to [obs: records that
# investigations of taken-over mailboxes show; doc: UpdateFolderPermissions].
_MEMBERS: Final = ("AddFolderPermissions", "ModifyFolderPermissions", "RemoveFolderPermissions")
_MEMBERSHIP: Final = "MailboxFolderPermission"
_UNTELLING: Final = frozenset(
    {"Identity", "Confirm", "AccessRights", "InheritanceType", "BypassSecurityGroupManagerCheck"}
)
_OBJECTS: Final = frozenset({"Mailbox", "DistributionGroup"})
_SAME_WAY: Final = (
    (Action.GRANT, "Add"), (Action.ADD, "Add"), (Action.REVOKE, "Remove"), (Action.REMOVE, "Remove"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deed:
    """One write by somebody: who, when, and with which operation."""

    who: str
    at: datetime
    operation: str


@dataclass(frozen=True, slots=True)
class _Record:
    deed: Deed
    object_id: str
    parameters: Mapping[str, str]


async def blame(
    reader: Reader,
    changes: Sequence[Change],
    directory: Directory,
    *,
    since: Mapping[Key, datetime],
    until: datetime,
    session_id: str,
    own_app: str | None,
) -> dict[str, Deed]:
    """The latest write by somebody else behind each change, by the change's id, as far as the log tells.
    `since`: when each resource was last found as it should be; what was done before cannot be its drift.

    Raises ServiceError where the log cannot be searched."""
    operations = sorted({name for change in changes for name in _operations(change)})
    if not operations:
        return {}
    earliest = min(since[change.key] for change in changes)
    rows = await _search(reader, operations, earliest - _SLACK, until + _AHEAD, session_id)
    records = sorted(_records(rows, own_app), key=_when, reverse=True)
    found: dict[str, Deed] = {}
    for change in changes:
        for record in records:
            later = record.deed.at >= since[change.key] - _SKEW
            if later and _behind(record, change, directory):
                found[change.id] = record.deed
                break
    return found


def _when(record: _Record) -> tuple[datetime, str, str]:
    """Records tell whole seconds and come in no order: of two in one second, the same is told each time."""
    return record.deed.at, record.deed.who, record.deed.operation


async def _search(
    reader: Reader, operations: Sequence[str], since: datetime, until: datetime, session_id: str
) -> list[dict[str, Any]]:
    """The same call, again and again, until it answers with nothing."""
    parameters = {
        "StartDate": _stamp(since),
        "EndDate": _stamp(until),
        "Operations": list(operations),
        "ResultSize": _PAGE,
        "SessionId": session_id,
        "SessionCommand": "ReturnLargeSet",
    }
    found: list[dict[str, Any]] = []
    for _ in range(_PAGES):
        rows = await reader.exchange("Search-UnifiedAuditLog", parameters)
        if not rows:
            break
        found += rows
    return found


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _operations(change: Change) -> Iterator[str]:
    """Every cmdlet that could have brought this about: the same noun, with any verb that writes. Making or
    changing a folder or a colour category is not recorded at all [doc: manage mailbox auditing]."""
    for request in change.requests:
        if request.api == "graph":
            yield from _RULES if _is_rule(request) else _of_account(request)
            continue
        noun = request.call.partition("-")[2]
        yield from _MEMBERS if noun == _MEMBERSHIP else ()
        verbs = ("Set", "New", "Remove") if noun in _OBJECTS else ("Add", "Remove", "Set")
        yield from (f"{verb}-{noun}" for verb in verbs)


def is_recorded(change: Change) -> bool:
    """Whether the log would ever tell who did it."""
    return any(True for _ in _operations(change))


def _records(rows: Iterable[Mapping[str, Any]], own_app: str | None) -> Iterator[_Record]:
    seen: set[str] = set()
    for row in rows:
        ident = str(row.get("Identity") or "")
        if ident and ident in seen:
            continue
        seen.add(ident)
        try:
            record = json.loads(row.get("AuditData") or "{}")
        except ValueError:
            continue  # a record that cannot be read accuses nobody
        who = str(record.get("UserId") or row.get("UserIds") or "")
        if own_app and own_app.lower() in (str(record.get("AppId") or "").lower(), who.lower()):
            continue
        at = _moment(str(record.get("CreationTime") or row.get("CreationDate") or ""))
        if at is None:
            continue
        operation = str(record.get("Operation") or row.get("Operations") or "")
        yield _Record(Deed(who, at, operation), str(record.get("ObjectId") or ""), _parameters(record))


def _parameters(record: Mapping[str, Any]) -> dict[str, str]:
    """Of a cmdlet its parameters, of a directory activity the properties that it changed, of a doing in a
    mailbox its own, and whose mailbox it was."""
    lists = ("Parameters", "ModifiedProperties", "OperationProperties")
    named = [one for name in lists for one in record.get(name) or ()]
    owner = record.get("MailboxOwnerUPN")
    whose = {"Mailbox": str(owner)} if owner else {}
    folder = (record.get("Item") or {}).get("ParentFolder") or {}
    if member := folder.get("MemberUpn"):
        whose["User"] = str(member)
    return whose | {
        str(one.get("Name")): str(one.get("Value", one.get("NewValue", "")))
        for one in named
        if isinstance(one, Mapping)
    }


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _behind(record: _Record, change: Change, directory: Directory) -> bool:
    return any(_fits(record, change, request, directory) for request in change.requests)


def _fits(record: _Record, change: Change, request: Request, directory: Directory) -> bool:
    if request.api == "graph" and _is_rule(request):
        return record.deed.operation in _RULES and _same_rule(record, change, directory)
    if request.api == "graph":
        return record.deed.operation in _of_account(request) and _same_account(record, request)
    verb, _, noun = record.deed.operation.partition("-")
    if record.deed.operation in _MEMBERS:
        verb, noun = record.deed.operation.partition("Folder")[0], _MEMBERSHIP
    if noun != request.call.partition("-")[2] or not _same_object(record, change, directory):
        return False
    if (change.action, verb) in _SAME_WAY:
        return False  # that is what will be done, not what was
    for name in _TRUSTEES:
        if name in request.parameters:
            return _names(record.parameters.get(name, ""), str(request.parameters[name]), directory)
    telling = {name.lower() for name in request.parameters if name not in _UNTELLING}
    return not telling or bool(telling & {name.lower() for name in record.parameters})


def _is_rule(request: Request) -> bool:
    return "/messageRules" in request.call


def _of_account(request: Request) -> tuple[str, ...]:
    """Entra's names for what was done to an account; none for what lies in its mailbox
    [doc: Microsoft Entra audit activities]."""
    _, _, path = request.call.partition("/users/")
    _, _, rest = path.partition("/")
    return {"": ("Update user.",), "assignLicense": ("Change user license.",)}.get(rest, ())


def _same_rule(record: _Record, change: Change, directory: Directory) -> bool:
    """By the mailbox, and by the rule's name where the record has it."""
    if not _same_object(record, change, directory):
        return False
    told = {record.parameters[name].lower() for name in ("RuleName", "Name") if name in record.parameters}
    return not told or change.path[1] == "order" or change.path[1].lower() in told


def _same_account(record: _Record, request: Request) -> bool:
    ident = request.call.split("/")[2].lower()
    told = " ".join((record.object_id, *record.parameters.values())).lower()
    by_name = record.deed.operation == "Change user license."
    return ident in told and (by_name or any("accountenabled" in name.lower() for name in record.parameters))


def _same_object(record: _Record, change: Change, directory: Directory) -> bool:
    wanted = {one.guid for one in directory.by_address(change.key.address)}
    return any(
        _guid(name, directory) in wanted
        for name in (
            record.parameters.get("Identity", "").partition(":")[0],  # of a folder: the mailbox it is in
            record.parameters.get("Mailbox", ""),
            record.object_id,
        )
        if name
    )


def _names(text: str, trustee: str, directory: Directory) -> bool:
    return text.lower() == trustee.lower() or _guid(text, directory) == trustee


def _guid(text: str, directory: Directory) -> str | None:
    found = directory.by_address(text) if "@" in text else []
    principal = found[0] if len(found) == 1 else directory.by_id(text.replace("\\", "/"))
    return principal.guid if principal else None
