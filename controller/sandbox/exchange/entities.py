"""The REST entity set `Mailbox`, which backs Get-EXOMailbox: read by GET, with $filter, $select and $top.

Without $select the minimum property set comes back; filters on GrantSendOnBehalfTo and ForwardingAddress
are not supported here [doc: cmdlet-property-sets; obs: Export-RecipientPermissions].
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from controller.sandbox.exchange import answers, engine, opath, paging, refusals, storms
from controller.sandbox.exchange.invocation import Actor, Row
from controller.sandbox.exchange.paging import Stretch
from controller.sandbox.exchange.refusals import CmdletError
from controller.sandbox.exchange.roles import Grants, Leave
from controller.sandbox.exchange.service import Service, selected
from controller.sandbox.exchange.storms import Answer
from controller.sandbox.state import Call, ConnectionLostError, FaultKind

if TYPE_CHECKING:
    from starlette.requests import Request

    from controller.sandbox.state import Caller

MINIMUM = frozenset(
    name.lower()
    for name in (
        "Alias",
        "DisplayName",
        "DistinguishedName",
        "EmailAddresses",
        "ExchangeVersion",
        "ExternalDirectoryObjectId",
        "Guid",
        "Id",
        "Name",
        "OrganizationId",
        "PrimarySmtpAddress",
        "RecipientType",
        "RecipientTypeDetails",
        "UserPrincipalName",
    )
)
_RESOURCE = re.compile(
    r"Mailbox(?:\('((?:[^']|'')+)'\))?(?:/(MailboxPermission|Exchange\.GetMailboxStatistics\(\)))?"
)
# Behind the rest of Get-EXO*, and what describes them all [reference: section 2; inf: their spelling].
_UNPLAYED = re.compile(r"$|\$metadata|(Mailbox|Recipient|CasMailbox|MobileDevice)\b", re.IGNORECASE)
_CMDLETS = {
    None: "Get-Mailbox",
    "MailboxPermission": "Get-MailboxPermission",
    "Exchange.GetMailboxStatistics()": "Get-MailboxStatistics",
}


def read(service: Service, request: Request, caller: Caller, root: str) -> Answer:
    """A collection with `value`, or one entity by its key."""
    found = _RESOURCE.fullmatch(request.path_params["resource"])
    if found is None and _UNPLAYED.match(request.path_params["resource"]):
        what = request.path_params["resource"]
        return storms.refused(refusals.not_offered(f"the resource '{what}'"))
    if found is None or (found[2] and not found[1]):
        return Answer(404, answers.envelope_error("ResourceNotFound", "There is no such entity set."))
    identity = found[1].replace("''", "'") if found[1] else None
    cmdlet = _CMDLETS[found[2]]
    if Grants.of(caller.app.directory_roles).leave(cmdlet) is not Leave.GRANTED:
        text = f"User is not allowed to call {cmdlet}"
        return Answer(401, answers.envelope_error("Unauthorized", text))
    fault = service.sandbox.admit(Call("exchange", cmdlet, service.address_of(identity)))
    stormy = service.storms.answer(fault)
    if stormy is not None:
        return stormy
    if fault.kind in (FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER):
        raise ConnectionLostError
    try:
        if identity is not None:
            return _one(service, request, caller, root, cmdlet, identity)
        return _many(service, request, caller, root, cut=fault.kind is FaultKind.CUT_PAGE)
    except CmdletError as error:
        return storms.refused(error)


def _outcome(
    service: Service, request: Request, caller: Caller, cmdlet: str, parameters: dict[str, Any]
) -> engine.Outcome:
    select = selected(request.query_params)
    if select is None and cmdlet == "Get-Mailbox":
        select = MINIMUM
    anchor = request.headers.get("x-anchormailbox", "")
    order = engine.Order(cmdlet, parameters, Actor(caller.app.name), anchor, select)
    return engine.execute(service.sandbox, order, engine.prepare(order))


def _one(service: Service, request: Request, caller: Caller, root: str, cmdlet: str, identity: str) -> Answer:
    outcome = _outcome(service, request, caller, cmdlet, {"Identity": identity})
    rows: list[Row] = outcome.listing.rows(0, len(outcome.listing))
    if cmdlet == "Get-MailboxPermission":
        return Answer(200, answers.success(f"{root}/$metadata#MailboxPermission", rows, outcome.warnings))
    if not rows:
        return Answer(204, "")
    context = f"{root}/$metadata#Mailbox/$entity"
    return Answer(200, {"@odata.context": context, **answers.hinted(rows[0])})


def _many(service: Service, request: Request, caller: Caller, root: str, *, cut: bool) -> Answer:
    query = {key: value for key, value in request.query_params.items() if key != "$skiptoken"}
    anchor, now = request.headers.get("x-anchormailbox", ""), service.sandbox.clock.now()
    digest, token = paging.digest(query), request.query_params.get("$skiptoken", "")
    if token and cut:
        raise refusals.expired_page()
    if token:
        stretch = service.bookmarks.find(token, anchor, digest, now)
    else:
        listing = _outcome(service, request, caller, "Get-Mailbox", _parameters(query)).listing
        top = int(query["$top"]) if query.get("$top", "").isdigit() else len(listing)
        stretch = Stretch(listing, 0, min(top, len(listing)))
    rows, rest = stretch.page(paging.page_size(request.headers.get("prefer", "")))
    link = None
    if rest is not None:
        token = service.bookmarks.issue(rest, anchor, digest, now, dead=cut)
        link = f"{root}/Mailbox?{urlencode({**query, '$skiptoken': token}, quote_via=quote)}"
    return Answer(200, answers.success(f"{root}/$metadata#Mailbox", rows, [], next_link=link))


def _parameters(query: dict[str, str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {"ResultSize": "Unlimited"}
    text = query.get("$filter")
    if text:
        if re.search(r"GrantSendOnBehalfTo|ForwardingAddress", text, re.IGNORECASE):
            raise opath.refusal(text, "The property can't be filtered on")
        parameters["Filter"] = text
    for switch in ("SoftDeletedMailbox", "InactiveMailboxOnly", "IncludeInactiveMailbox"):
        if query.get(switch, "").lower() == "true":
            parameters[switch] = True
    return parameters
