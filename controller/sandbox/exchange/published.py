"""The published API, v2.0 (preview): six endpoints, each of which takes only its own cmdlets.

It has permissions of its own: a token for one surface is refused on the other [doc: admin-api-overview,
-authentication, -endpoints-reference].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox.exchange import answers
from controller.sandbox.exchange.service import Asked, Service, selected
from controller.sandbox.exchange.storms import Answer

if TYPE_CHECKING:
    from starlette.requests import Request

    from controller.sandbox.state import Caller

ENDPOINTS: dict[str, tuple[str, ...]] = {
    "AcceptedDomain": ("get-accepteddomain",),
    "DistributionGroupMember": ("get-distributiongroupmember",),
    "DynamicDistributionGroupMember": ("get-dynamicdistributiongroupmember",),
    "Mailbox": ("get-mailbox", "set-mailbox"),
    "MailboxFolderPermission": tuple(
        f"{verb}-mailboxfolderpermission" for verb in ("get", "add", "set", "remove")
    ),
    "OrganizationConfig": ("get-organizationconfig",),
}
_SET_MAILBOX = frozenset({"identity", "grantsendonbehalfto"})  # all that Set-Mailbox takes there


def run(service: Service, request: Request, caller: Caller, payload: Any, root: str) -> Answer:
    endpoint = request.path_params["endpoint"]
    cmdlets = ENDPOINTS.get(endpoint)
    if cmdlets is None:
        return Answer(404, answers.envelope_error("ResourceNotFound", f"There is no endpoint {endpoint}."))
    envelope = payload.get("CmdletInput") if isinstance(payload, dict) else None
    given = envelope if isinstance(envelope, dict) else {}
    name, parameters = str(given.get("CmdletName", "")).lower(), given.get("Parameters") or {}
    if name not in cmdlets:
        text = f"The cmdlet {given.get('CmdletName')} doesn't belong to the endpoint {endpoint}."
        return Answer(400, answers.envelope_error("BadRequest", text))
    if name == "set-mailbox" and not {key.lower() for key in parameters} <= _SET_MAILBOX:
        text = "Set-Mailbox takes only Identity and GrantSendOnBehalfTo here."
        return Answer(400, answers.envelope_error("BadRequest", text))
    asked = Asked(
        payload=payload,
        caller=caller,
        root=root,
        anchor=request.headers.get("x-anchormailbox", ""),
        prefer=request.headers.get("prefer", ""),
        select=selected(request.query_params),
        token=request.query_params.get("$skiptoken", ""),
        path=endpoint,
    )
    return service.invoke(asked)
