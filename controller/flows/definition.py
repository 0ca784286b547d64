"""A hand-off's cloud flow: its definition, the form in which two are compared, and a line for people.

Teams, channels, plans, buckets and people stand in it as `{team:Support}`, to be filled with ids. The fact
one would not guess: what was sent comes back with metadata, with other ways of naming a connection, and with
whatever the designer makes of a trigger, so that only what the flow does is compared. Operation and parameter
names are those of exported flows [reference: Graph API, 22; obs: CreateTask_V4, AtMentionUser]. Pure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

OUTLOOK, TEAMS, PLANNER = "shared_office365", "shared_teams", "shared_planner"
CONNECTORS: Final = {OUTLOOK: "Office 365 Outlook", TEAMS: "Microsoft Teams", PLANNER: "Planner"}
_API: Final = "/providers/Microsoft.PowerApps/apis/"
_SCHEMA: Final = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#"
_EACH_MINUTE: Final = {"frequency": "Minute", "interval": 1}
_WEBHOOK: Final = "OpenApiConnectionNotification"
_PLACE: Final = re.compile(r"\{(team|channel|plan|bucket|person):(.*)\}", re.DOTALL)
_NOISE: Final = frozenset({"metadata", "description", "authentication", "operationOptions"})


def reference_name(connector: str) -> str:
    """What the connection reference of a connector is called, one for all flows of an environment."""
    return f"mbx_{connector}"


def reference_row(connector: str) -> dict[str, str]:
    """The row that makes it, without a connection."""
    return {
        "connectionreferencelogicalname": reference_name(connector),
        "connectionreferencedisplayname": f"Mailbox hand-offs: {CONNECTORS[connector]}",
        "connectorid": f"{_API}{connector}",
    }


def connectors(flow: Any) -> tuple[str, ...]:
    return (OUTLOOK, TEAMS, PLANNER) if flow.planner else (OUTLOOK, TEAMS)


def place(kind: str, name: str) -> str:
    return f"{{{kind}:{name}}}"


def definition(mailbox: str, flow: Any, people: tuple[str, ...]) -> dict[str, Any]:
    """`clientdata` of the flow of a mailbox; `people` are the addresses of whom it mentions."""
    mentions = {f"Mention_{number}": person for number, person in enumerate(people, 1)}
    actions = dict(_mentions(mentions))
    actions["Post"] = _step(
        _after([*mentions][-1:]), TEAMS, "PostMessageToConversation", _post(flow, mentions)
    )
    if flow.planner:
        actions["Task"] = _step(_after(["Post"]), PLANNER, "CreateTask_V4", _task(flow))
    parts = {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {
            "$connections": {"defaultValue": {}, "type": "Object"},
            "$authentication": {"defaultValue": {}, "type": "SecureObject"},
        },
        "triggers": {"When_mail_arrives": _trigger(mailbox)},
        "actions": actions,
    }
    references = {name: _reference(name) for name in connectors(flow)}
    return {
        "properties": {"connectionReferences": references, "definition": parts},
        "schemaVersion": "1.0.0.0",
    }


def _reference(connector: str) -> dict[str, Any]:
    return {
        "runtimeSource": "embedded",
        "connection": {"connectionReferenceLogicalName": reference_name(connector)},
        "api": {"name": connector},
    }


def _step(
    after: Mapping[str, Any], connector: str, operation: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    host = {"apiId": f"{_API}{connector}", "connectionName": connector, "operationId": operation}
    inputs = {
        "host": host,
        "parameters": dict(parameters),
        "authentication": "@parameters('$authentication')",
    }
    return {"runAfter": dict(after), "type": "OpenApiConnection", "inputs": inputs}


def _after(names: list[str]) -> dict[str, list[str]]:
    return {name: ["Succeeded"] for name in names}


def _trigger(mailbox: str) -> dict[str, Any]:
    wanted = {
        "mailboxAddress": mailbox,
        "folderId": "Inbox",
        "importance": "Any",
        "hasAttachments": False,
        "includeAttachments": False,
    }
    step = _step({}, OUTLOOK, "SharedMailboxOnNewEmailV2", wanted)
    del step["runAfter"]
    return {**step, "recurrence": dict(_EACH_MINUTE), "splitOn": "@triggerOutputs()?['body/value']"}


def _mentions(people: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    former: list[str] = []
    for name, person in people.items():
        yield name, _step(_after(former), TEAMS, "AtMentionUser", {"userId": place("person", person)})
        former = [name]


def _said(field: str) -> str:
    """Words of a stranger, so that a channel shows them instead of obeying them."""
    found = f"coalesce(triggerOutputs()?['body/{field}'],'')"
    return f"@{{replace(replace({found},'&','&amp;'),'<','&lt;')}}"


def _post(flow: Any, mentions: Mapping[str, str]) -> dict[str, Any]:
    tokens = "".join(f"@{{outputs('{name}')?['body/atMention']}} " for name in mentions)
    text = (
        f"<p>{tokens}<strong>{_said('subject')}</strong><br>{_said('from')}</p><p>{_said('bodyPreview')}</p>"
    )
    return {
        "poster": "Flow bot",
        "location": "Channel",
        "body/recipient/groupId": place("team", flow.team),
        "body/recipient/channelId": place("channel", flow.channel),
        "body/messageBody": text,
    }


def _task(flow: Any) -> dict[str, Any]:
    return {
        "body/groupId": place("team", flow.team),
        "body/planId": place("plan", flow.planner.plan),
        "body/bucketId": place("bucket", flow.planner.bucket),
        "body/title": "@{coalesce(triggerOutputs()?['body/subject'],'-')}",
    }


# --- filled, and read back -----------------------------------------------------------------------------


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    """The same with an id for each place, as far as `ids` has one."""
    return mapped(value, lambda text: ids.get(text, text) if _PLACE.fullmatch(text) else text)


def places(value: Any) -> set[str]:
    """Every place that stands in it."""
    found: set[str] = set()

    def note(text: str) -> str:
        if _PLACE.fullmatch(text):
            found.add(text)
        return text

    mapped(value, note)
    return found


def mapped(value: Any, each: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {key: mapped(inner, each) for key, inner in value.items()}
    if isinstance(value, list):
        return [mapped(inner, each) for inner in value]
    return each(value) if isinstance(value, str) else value


def parsed(clientdata: Any) -> dict[str, Any]:
    """`clientdata` as it came; what cannot be read is the empty flow."""
    try:
        found = json.loads(clientdata)
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def canonical(clientdata: Mapping[str, Any]) -> dict[str, Any]:
    """What a flow does, however it is written down."""
    properties = _mapping(clientdata.get("properties"))
    parts = _mapping(properties.get("definition"))
    references = _mapping(properties.get("connectionReferences"))
    return {
        kind: {
            name: _plain(_mapping(step), references)
            for name, step in sorted(_mapping(parts.get(kind)).items())
        }
        for kind in ("triggers", "actions")
    }


def _plain(step: Mapping[str, Any], references: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in step.items() if key not in _NOISE and value not in (None, {}, [])}
    if kept.get("type") == _WEBHOOK:  # the designer's word for the same trigger, which then polls nothing
        kept |= {"type": "OpenApiConnection", "recurrence": dict(_EACH_MINUTE)}
    inputs = kept.get("inputs")
    if isinstance(inputs, Mapping) and isinstance(inputs.get("host"), Mapping):
        rest = {key: value for key, value in inputs.items() if key not in ("host", *_NOISE)}
        kept["inputs"] = {**rest, "host": _host(inputs["host"], references)}
    return kept


def _host(host: Mapping[str, Any], references: Mapping[str, Any]) -> dict[str, str]:
    """Which operation of which connector, by which connection; a reference goes by several names in `host`
    [obs: power-platform-skills issue 415]."""
    named = next(
        (host[key] for key in ("connectionName", "connectionReferenceName", "connection") if host.get(key)),
        "",
    )
    named = _mapping(named).get("referenceName", "") if isinstance(named, Mapping) else str(named)
    reference = _mapping(references.get(named))
    api = str(_mapping(reference.get("api")).get("name") or host.get("apiId") or named).rpartition("/")[2]
    connection = _mapping(reference.get("connection"))
    logical = connection.get("connectionReferenceLogicalName") or reference.get(
        "connectionReferenceLogicalName"
    )
    return {
        "operation": str(host.get("operationId")),
        "connector": api.lower(),
        "connection": str(logical or "").lower(),
    }


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def in_words(plain: Mapping[str, Any]) -> str:
    """A flow in its compared form, as one line: what it does, and a digest over all of it."""
    used = [_mapping(_mapping(step).get("inputs")) for kind in plain.values() for step in kind.values()]
    by_operation: dict[str, list[Mapping[str, Any]]] = {}
    for inputs in used:
        operation = str(_mapping(inputs.get("host")).get("operation"))
        by_operation.setdefault(operation, []).append(_mapping(inputs.get("parameters")))

    def named(operation: str, *fields: str) -> list[str]:
        return [
            " / ".join(_name(parameters.get(field)) for field in fields)
            for parameters in by_operation.get(operation, ())
        ]

    channel = ("body/recipient/groupId", "body/recipient/channelId")
    said = [
        *(f"posts in {one}" for one in named("PostMessageToConversation", *channel)),
        *(f"mentions {one}" for one in named("AtMentionUser", "userId")),
        *(f"makes a task in {one}" for one in named("CreateTask_V4", "body/planId", "body/bucketId")),
    ]
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
    return f"{', '.join(said) or 'does something else'} (definition {digest})"


def _name(value: Any) -> str:
    found = _PLACE.fullmatch(str(value))
    return found[2] if found else str(value)
