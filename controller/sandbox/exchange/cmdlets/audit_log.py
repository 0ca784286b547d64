"""Search-UnifiedAuditLog: who did what, some time later.

The same call repeated with one SessionId tells the next stretch, until it returns nothing; a stretch may
begin with what the last one ended with, so clients tell records apart by Identity [reference: 15.23].
`AuditData` is a JSON text.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result, Row
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.searches import AuditSearch
from controller.sandbox.world import AuditRecord

_RECORD_TYPES = {"Exchange": ("ExchangeAdmin", 1), "AzureActiveDirectory": ("AzureActiveDirectory", 8)}
_CAPS = {"ReturnLargeSet": 50_000, "ReturnNextPreviewPage": 5_000}
_MIXED_CAP = 10_000
_KEPT = timedelta(days=180)  # [doc: audit standard]


@cmdlet(
    "Search-UnifiedAuditLog",
    target="ObjectIds",
    honours={
        "StartDate",
        "EndDate",
        "ResultSize",
        "SessionId",
        "SessionCommand",
        "Operations",
        "RecordType",
        "UserIds",
        "ObjectIds",
        "FreeText",
        "Formatted",
        "HighCompleteness",
    },
)
def search_unified_audit_log(call: Invocation) -> Result:
    """Rows, 100 at most unless ResultSize says otherwise (up to 5000) [doc]."""
    arguments = call.arguments
    if arguments["StartDate"] >= arguments["EndDate"]:
        raise refusals.invalid("The start date must be earlier than the end date.")
    size = arguments.get("ResultSize", 100)
    if not 1 <= size <= 5000:
        raise refusals.validation("The value of ResultSize must be between 1 and 5000.")
    session = arguments.text("SessionId")
    if session is None:
        return _rows(call, _found(call)[:size], 0, None)
    command = arguments.get("SessionCommand") or "ReturnNextPreviewPage"
    search = call.searches.get(session)
    if search is None:
        search = call.searches[session] = AuditSearch(_found(call, command), command)
    search.mixed |= search.command != command
    cap = min(len(search.found), _MIXED_CAP if search.mixed else _CAPS[command])
    if search.told >= cap:
        return ()
    # The record that the last stretch ended with comes again [obs: duplicates; the pattern is inf].
    start = max(search.told - 1, 0) if command == "ReturnLargeSet" else search.told
    end = min(search.told + size, cap)
    search.told = end
    return _rows(call, search.found[start:end], start, len(search.found))


def _found(call: Invocation, command: str = "") -> list[AuditRecord]:
    arguments = call.arguments
    wanted = {name: _lowered(arguments.get(name)) for name in ("Operations", "UserIds", "ObjectIds")}
    text, kind = (arguments.text("FreeText") or "").lower(), arguments.text("RecordType")
    found = [
        record
        for record in call.world.audit
        if record.visible <= call.now
        and max(arguments["StartDate"], call.now - _KEPT) <= record.at < arguments["EndDate"]
        and (not wanted["Operations"] or record.operation.lower() in wanted["Operations"])
        and (not wanted["UserIds"] or record.actor.lower() in wanted["UserIds"])
        and (not wanted["ObjectIds"] or record.object_id.lower() in wanted["ObjectIds"])
        and (kind is None or _kind(record)[0].lower() == kind.lower())
        and (not text or text in _details(call, record).lower())
    ]
    if command == "ReturnLargeSet":  # unsorted [doc]
        return sorted(found, key=lambda record: record.id)
    return sorted(found, key=lambda record: record.at, reverse=True)


def _lowered(items: Any) -> frozenset[str]:
    return frozenset(item.lower() for item in items or ())


def _kind(record: AuditRecord) -> tuple[str, int]:
    return _RECORD_TYPES.get(record.workload, (record.workload, 0))


def _rows(call: Invocation, records: Any, start: int, count: int | None) -> list[Row]:
    return [
        selected(
            call,
            {
                "RecordType": _kind(record)[0],
                "CreationDate": record.at,
                "UserIds": record.actor,
                "Operations": record.operation,
                "AuditData": _details(call, record),
                "ResultIndex": start + index + 1,
                "ResultCount": count if count is not None else len(records),
                "Identity": record.id,
                "IsValid": True,
                "ObjectState": "Unchanged",
            },
        )
        for index, record in enumerate(records)
    ]


def _details(call: Invocation, record: AuditRecord) -> str:
    world = call.world
    details: dict[str, Any] = {
        "CreationTime": record.at.strftime("%Y-%m-%dT%H:%M:%S"),
        "Id": record.id,
        "Operation": record.operation,
        "OrganizationId": world.tenant_id,
        "RecordType": _kind(record)[1],
        "ResultStatus": "True" if record.workload == "Exchange" else "Success",
        "UserKey": record.actor,
        "UserType": 2 if "@" in record.actor else 4,
        "Version": 1,
        "Workload": record.workload,
        "ObjectId": record.object_id,
        "UserId": record.actor,
        "AppId": record.app_id,
        "OrganizationName": world.initial_domain,
        "RequestId": record.request_id,
    }
    if record.workload == "Exchange":
        details["ExternalAccess"] = False
        details["Parameters"] = [{"Name": name, "Value": value} for name, value in record.parameters]
    else:
        details["ModifiedProperties"] = [
            {"Name": name, "NewValue": value, "OldValue": ""} for name, value in record.parameters
        ]
    return json.dumps(details, ensure_ascii=False)
