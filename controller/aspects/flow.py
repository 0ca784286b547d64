"""The cloud flow that a mailbox hands its mail to: deployed, compared and switched on through Dataverse.

It is known by its name, `mbx handoff ADDRESS`, and signs in by connection references, one for each connector
and environment. The fact one would not guess: a reference is of use only once a person has signed in to a
connection and bound it; until then a flow can be deployed, and not be switched on [doc: Work with cloud flows
using code; obs: coe-starter-kit issue 3535]. A changed definition counts once the flow was off and on again
[reference: Graph API, 22].
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from controller import canon
from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader, Receipt, Writer, codes
from controller.directory import Directory
from controller.errors import ConflictError, NotFoundError, ServiceError
from controller.flows.definition import (
    CONNECTORS,
    canonical,
    connectors,
    definition,
    filled,
    in_words,
    mapped,
    parsed,
    place,
    places,
    reference_name,
    reference_row,
)
from controller.flows.places import Places, find_places
from controller.made import recall, remember
from controller.model import (
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
    ident,
)

FLOW: Final = ("handoff", "flow")
DEFINITION: Final = (*FLOW, "definition")
ON: Final = (*FLOW, "on")
CONNECTION: Final = (*FLOW, "connection")
_NEW: Final = "{flow}"  # stands for the id of one that this plan makes
_ON, _OFF = {"statecode": 1}, {"statecode": 0}


class Flow(Aspect):
    name = "flow"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(
        read=(
            "GroupMember.Read.All", "Channel.ReadBasic.All", "Tasks.Read.All",
            "prvReadWorkflow", "prvReadconnectionreference",
        ),
        write=("prvCreateWorkflow", "prvWriteWorkflow", "prvCreateconnectionreference"),
    )  # fmt: skip

    def concerns(self, resource: Resource) -> bool:
        spec = resource.spec
        return bool(spec.state != "absent" and spec.handoff is not None and spec.handoff.flow is not None)

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        answers = await asyncio.gather(*(_observe(reader, r, directory) for r in resources))
        return dict(zip((r.key for r in resources), answers, strict=True))

    def desired(self, resource: Resource, context: Context) -> Desired:
        flow = resource.spec.handoff.flow
        people = [(who, context.ahead.by_address(who)) for who in flow.mentions or ()]
        unknown = [_nobody(resource, who) for who, found in people if len(found) != 1]
        if unknown:
            return Desired(findings=tuple(unknown))
        wished = definition(
            resource.key.address, flow, tuple(found[0].address.lower() for _, found in people)
        )
        at = resource.at(*FLOW)
        wants: dict[Path, Want] = {
            (*CONNECTION, connector): Want(True, connector, at) for connector in connectors(flow)
        }
        wants[DEFINITION] = Want(in_words(canonical(wished)), wished, at)
        wants[ON] = Want(True, True, at)
        return Desired(wants)

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """No document can say what the designer made of a flow."""
        return {}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        draft = Change(
            key=resource.key,
            aspect=self.name,
            action=Action.ADD if delta.path[:-1] == CONNECTION else Action.UPDATE,  # told with its value
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
        )
        assert delta.want is not None
        if delta.path[:-1] == CONNECTION:
            row = reference_row(delta.want.verbatim)
            return replace(draft, requests=(_request("POST", resource, "/connectionreferences", row),))
        if delta.path == ON:
            return replace(
                draft,
                requests=(_request("PATCH", resource, _row(present), _ON),),
                depends_on=(ident(resource.key, DEFINITION),),
                obstacle=_unbound(resource, present),
            )
        return _deployed(draft, delta.want.verbatim, present, resource, context)

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        """Two mailboxes may need the same reference: whoever comes second finds it there."""
        environment, name = _environment(change.requests[0].call), flow_name(change.key.address)
        if _NEW in request.call:
            found = recall(reader, environment, name) or await _id_of(reader, environment, name)
            request = replace(request, call=request.call.replace(_NEW, found))
        try:
            receipt = await writer.send(request)
        except ConflictError as error:
            if change.path[:-1] == CONNECTION and codes.already_so(error):
                return Receipt([], (), ())
            raise
        if change.path == DEFINITION:
            for row in receipt.rows:
                remember(reader, environment, name, row["id"])
        return receipt


def flow_name(address: str) -> str:
    return f"mbx handoff {address}"


def _environment(call: str) -> str:
    return call.partition(" ")[2].partition("://")[0] + "://" + call.partition("://")[2].partition("/")[0]


def _request(verb: str, resource: Resource, path: str, body: Mapping[str, Any]) -> Request:
    environment = resource.spec.handoff.flow.environment.rstrip("/").lower()
    return Request("dataverse", f"{verb} {environment}{path}", body)


def _row(present: Present) -> str:
    return f"/workflows({present.ids.get('flow', _NEW)})"


def _deployed(
    draft: Change, wished: Mapping[str, Any], present: Present, resource: Resource, context: Context
) -> Change:
    """The flow with its definition, whole. One that is on is switched off for it, and on again."""
    ids = dict(present.ids) | dict(_people(wished, context.ahead))
    missing = {
        where: present.ids[f"missing:{where}"]
        for where in places(wished)
        if f"missing:{where}" in present.ids
    }
    body = {"clientdata": json.dumps(filled(wished, ids), ensure_ascii=False)}
    needed = tuple(
        ident(resource.key, (*CONNECTION, name)) for name in connectors(resource.spec.handoff.flow)
    )
    draft = replace(
        draft, depends_on=needed, obstacle=_nowhere(resource, missing), notes=(_consent(resource),)
    )
    if "flow" not in present.ids:
        head = {"category": 5, "type": 1, "primaryentity": "none", "name": flow_name(resource.key.address)}
        return replace(draft, requests=(_request("POST", resource, "/workflows", head | body),))
    row, was_on = _row(present), present.fields.get(ON)
    requests = [_request("PATCH", resource, row, body)]
    if was_on:
        requests.insert(0, _request("PATCH", resource, row, _OFF))
        if _unbound(resource, present) is None:
            requests.append(_request("PATCH", resource, row, _ON))
            draft = replace(draft, rests_on=(ON,))
    return replace(draft, requests=tuple(requests))


def _people(wished: Mapping[str, Any], directory: Directory) -> list[tuple[str, str]]:
    found = (where for where in places(wished) if where.startswith("{person:"))
    named = ((where, directory.by_address(where[len("{person:") : -1])) for where in found)
    return [(where, holders[0].object_id) for where, holders in named if len(holders) == 1]


# --- reading -------------------------------------------------------------------------------------------


async def _observe(reader: Reader, resource: Resource, directory: Directory) -> Observation:
    flow = resource.spec.handoff.flow
    environment = flow.environment.rstrip("/").lower()
    name = flow_name(resource.key.address).replace("'", "''")
    try:
        found, flows, references = await asyncio.gather(
            find_places(reader, flow),
            reader.dataverse(
                environment,
                "/workflows",
                select="workflowid,name,statecode,clientdata",
                filter=f"category eq 5 and type eq 1 and name eq '{name}'",
            ),
            reader.dataverse(
                environment,
                "/connectionreferences",
                select="connectionreferencelogicalname,connectorid,connectionid",
                filter="startswith(connectionreferencelogicalname,'mbx_')",
            ),
        )
    except ServiceError as error:
        return Unreadable(error)
    return _present(resource, found, flows, references, directory)


def _present(
    resource: Resource,
    found: Places,
    flows: Sequence[Mapping[str, Any]],
    references: Sequence[Mapping[str, Any]],
    directory: Directory,
) -> Present:
    fields: dict[Path, Any] = {}
    ids = {**found.ids, **{f"missing:{where}": why for where, why in found.missing.items()}}
    by_name = {str(row.get("connectionreferencelogicalname")).lower(): row for row in references}
    for connector in CONNECTORS:
        row = by_name.get(reference_name(connector))
        if row is not None:
            fields[(*CONNECTION, connector)] = True
        if row is not None and row.get("connectionid"):
            ids[f"bound:{connector}"] = str(row["connectionid"])
    if flows:
        names = {value: where for where, value in found.ids.items()}

        def named(text: str) -> str:
            if text in names:
                return names[text]
            person = directory.by_id(text)
            return place("person", person.address.lower()) if person and person.object_id == text else text

        fields[DEFINITION] = in_words(mapped(canonical(parsed(flows[0].get("clientdata"))), named))
        fields[ON] = flows[0].get("statecode") == 1
        ids["flow"] = str(flows[0].get("workflowid"))
    return Present(fields, ids, (_twins(resource, len(flows)),) if len(flows) > 1 else ())


async def _id_of(reader: Reader, environment: str, name: str) -> str:
    spelt = name.replace("'", "''")
    rows = await reader.dataverse(
        environment, "/workflows", select="workflowid", filter=f"category eq 5 and name eq '{spelt}'"
    )
    if not rows:
        raise NotFoundError("dataverse", "GET /workflows", f"there is no flow “{name}”", target=name)
    return str(rows[0]["workflowid"])


# --- what is told --------------------------------------------------------------------------------------


def _consent(resource: Resource) -> str:
    flow = resource.spec.handoff.flow
    named = ", ".join(CONNECTORS[each] for each in connectors(flow))
    return (
        f"it acts as whoever signed in to its connections ({named}), once for {flow.environment}: the one "
        "for Outlook needs full access to this mailbox"
    )


def _unbound(resource: Resource, present: Present) -> Finding | None:
    flow = resource.spec.handoff.flow
    missing = [each for each in connectors(flow) if f"bound:{each}" not in present.ids]
    if not missing:
        return None
    named = ", ".join(f"{CONNECTORS[each]} ({reference_name(each)})" for each in missing)
    return Finding(
        "flow-not-connected",
        f"{resource.key.address}/flow",
        Severity.WARNING,
        f"the flow of {resource.key.address} is deployed and stays off: nobody has signed in to {named} yet. "
        f"Somebody does so once in Power Automate, in the environment {flow.environment}, under Solutions, "
        "Default Solution, Connection references",
        resource.key,
        resource.at(*FLOW),
    )


def _nowhere(resource: Resource, missing: Mapping[str, str]) -> Finding | None:
    if not missing:
        return None
    where, why = min(missing.items())
    return Finding(
        "flow-unknown-place",
        f"{resource.key.address}/{where.strip('{}').replace(':', '/', 1)}",
        Severity.ERROR,
        f"{why}; the flow of {resource.key.address} is left as it is until this is settled",
        resource.key,
        resource.at(*FLOW),
        blocks=(resource.key, "flow"),
    )


def _nobody(resource: Resource, who: str) -> Finding:
    return Finding(
        "unknown-address",
        f"{resource.key.address}/{canon.address(who)}",
        Severity.ERROR,
        f"nobody in this tenant has the address {who}, or several have; the flow of {resource.key.address} "
        "is left as it is until this is settled",
        resource.key,
        resource.at(*FLOW, "mentions"),
        blocks=(resource.key, "flow"),
    )


def _twins(resource: Resource, count: int) -> Finding:
    return Finding(
        "flow-twins",
        f"{resource.key.address}/flow",
        Severity.ERROR,
        f"{count} flows are called “{flow_name(resource.key.address)}”: delete all but one",
        resource.key,
        resource.at(*FLOW),
        blocks=(resource.key, "flow"),
    )
