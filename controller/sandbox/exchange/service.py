"""The REST side: requests in, answers out, for single calls and for those inside a batch.

A success is 200 even where nothing was done; what a call means stands in warnings and in the error's type
[reference: sections 5 and 8]. Which calls there are is `endpoints`'.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from controller.sandbox.exchange import answers, engine, paging, refusals, registry, storms, table
from controller.sandbox.exchange.invocation import Actor
from controller.sandbox.exchange.paging import Bookmarks, Stretch
from controller.sandbox.exchange.refusals import CmdletError
from controller.sandbox.exchange.roles import Grants
from controller.sandbox.exchange.storms import Answer, Storms
from controller.sandbox.exchange.values import print_date
from controller.sandbox.state import Call, ConnectionLostError, FaultKind

if TYPE_CHECKING:
    from controller.sandbox.exchange.searches import AuditSearch
    from controller.sandbox.state import Caller, Sandbox

_SEARCHES_KEPT = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """One InvokeCommand, alone or inside a batch. `root` is the URL up to the tenant."""

    payload: Any
    caller: Caller
    root: str
    anchor: str
    prefer: str
    select: frozenset[str] | None = None
    token: str = ""
    path: str = "InvokeCommand"
    format: str = ""
    inner: bool = False


class Service:
    """The service in front of one sandbox: its bookmarks, its search sessions."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.storms = Storms()
        self.bookmarks = Bookmarks()
        self._searches: dict[str, AuditSearch] = {}
        self._answered = itertools.count()

    # --- one cmdlet ------------------------------------------------------------------------------------

    def invoke(self, asked: Asked) -> Answer:
        """ConnectionLostError where the weather cuts a call that is not inside a batch."""
        grants = Grants.of(asked.caller.app.directory_roles)
        if not grants.any:
            return storms.denied("The role assigned to the application isn't supported in this scenario.")
        try:
            order = self._order(asked, grants)
        except CmdletError as error:
            return storms.refused(error)
        call = self._call(order, inner=asked.inner)
        fault = self.sandbox.admit(call)
        stormy = self.storms.answer(fault)
        if stormy is not None:
            return stormy
        if fault.kind is FaultKind.LOST_BEFORE:
            return self._lost(asked)
        answer = self._run(asked, order, cut=fault.kind is FaultKind.CUT_PAGE)
        return self._lost(asked) if fault.kind is FaultKind.LOST_AFTER else answer

    def _lost(self, asked: Asked) -> Answer:
        """Inside a batch the outer answer still comes: the front door waited in vain [inf]."""
        if asked.inner:
            return storms.gateway_timeout(504)
        raise ConnectionLostError

    def _order(self, asked: Asked, grants: Grants) -> engine.Order:
        if asked.format.lower() == "clixml":
            raise refusals.not_offered("the response format clixml, only json")
        envelope = asked.payload.get("CmdletInput") if isinstance(asked.payload, dict) else None
        name = envelope.get("CmdletName") if isinstance(envelope, dict) else None
        parameters = envelope.get("Parameters", {}) if isinstance(envelope, dict) else None
        if not isinstance(name, str) or not isinstance(parameters, dict):
            text = "The request needs an object CmdletInput with CmdletName and an object Parameters."
            raise CmdletError(400, "Microsoft.OData.ODataException", text, client=True)
        return engine.Order(
            name,
            parameters,
            Actor(asked.caller.app.name, asked.caller.app.client_id),
            asked.anchor,
            asked.select,
            grants,
            self.sandbox.new_request_id(),
            self._searches,
        )

    def _call(self, order: engine.Order, *, inner: bool) -> Call:
        """The call as weather and log know it: the target by its primary address where it has one."""
        spec = table.spec(order.cmdlet)
        if spec is None:
            return Call("exchange", order.cmdlet, inner=inner)
        cmdlet = registry.find(spec.name)
        wanted = (cmdlet.target if cmdlet is not None else "Identity").lower()
        named = (value for key, value in order.parameters.items() if key.lower() == wanted)
        target = self.address_of(next(named, ""))
        return Call("exchange", spec.name, target, spec.writes, inner)

    def address_of(self, identity: Any) -> str:
        if not isinstance(identity, str):
            return ""
        mailbox = identity.split(":\\", 1)[0].strip()
        found = self.sandbox.world.find(mailbox) if mailbox else []
        return found[0].primary or mailbox if len(found) == 1 else mailbox

    def _run(self, asked: Asked, order: engine.Order, *, cut: bool) -> Answer:
        try:
            prepared = engine.prepare(order)
            if asked.token:
                return self._page(asked, self._bookmarked(asked, cut=cut), [], None)
            outcome = engine.execute(self.sandbox, order, prepared)
        except CmdletError as error:
            return storms.refused(error)
        self._forget_searches()
        rows = len(outcome.listing)
        total = rows if outcome.limit is None else min(rows, outcome.limit)
        stretch = Stretch(outcome.listing, 0, total)
        return self._page(asked, stretch, outcome.warnings, outcome.confirmation, cut=cut)

    def _bookmarked(self, asked: Asked, *, cut: bool) -> Stretch:
        if cut:
            raise refusals.expired_page()
        now = self.sandbox.clock.now()
        return self.bookmarks.find(asked.token, asked.anchor, paging.digest(asked.payload), now)

    def _page(
        self,
        asked: Asked,
        stretch: Stretch,
        warnings: list[str],
        confirmation: str | None,
        *,
        cut: bool = False,
    ) -> Answer:
        rows, rest = stretch.page(paging.page_size(asked.prefer))
        link = None
        if rest is not None:
            digest, now = paging.digest(asked.payload), self.sandbox.clock.now()
            token = self.bookmarks.issue(rest, asked.anchor, digest, now, dead=cut)
            link = f"{asked.root}/{asked.path}?%24skiptoken={token}"
        elif stretch.truncated:
            warnings = [*warnings, paging.MORE_ROWS]
        context = f"{asked.root}/$metadata#Collection(Exchange.GenericHashTable)"
        body = answers.success(context, rows, warnings, next_link=link, confirmation=confirmation)
        return Answer(200, body)

    def _forget_searches(self) -> None:
        while len(self._searches) > _SEARCHES_KEPT:
            del self._searches[next(iter(self._searches))]

    # --- what every answer has -------------------------------------------------------------------------

    def headers(self) -> dict[str, str]:
        """`request-id` always; the rate headers only at times [obs: ExoHelper, graph2otel]."""
        turn = next(self._answered)
        headers = {
            "request-id": self.sandbox.new_request_id(),
            "X-CalculatedBETarget": "db1pr01mb0001.eurprd01.prod.outlook.com",
        }
        if turn % 3 == 0:
            reset = self.sandbox.clock.now() + timedelta(minutes=1)
            headers["Rate-Limit-Limit"] = "3000"
            headers["Rate-Limit-Remaining"] = str(3000 - turn % 3000)
            headers["Rate-Limit-Reset"] = print_date(reset)
        return headers


def tenant_known(sandbox: Sandbox, tenant: str) -> bool:
    """A tenant is named by its GUID or by one of its domains [obs: CIPP, ExoHelper]."""
    world = sandbox.world
    return tenant.lower() in {world.tenant_id.lower(), *(domain.lower() for domain in world.domains)}


def selected(query: Mapping[str, str]) -> frozenset[str] | None:
    """The names of `$select`, in lower case; None for all."""
    text = query.get("$select", "")
    names = frozenset(name.strip().lower() for name in text.split(",") if name.strip())
    return names or None
