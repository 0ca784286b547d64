"""One sandbox's Graph: every request, alone or in a batch, goes through `Graph.answer`.

What lives here: the order of things (path, weather, permission, work) and the error shape. What it leaves
alone: HTTP (`http.py`), batches (`batch.py`), resources (one file each). Faults come before permissions, as a
throttled caller learns nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from controller.sandbox.graph import apps, faults
from controller.sandbox.graph.delta_rounds import DeltaStore
from controller.sandbox.graph.errors import GraphError, access_denied, denied, page_token_expired
from controller.sandbox.graph.permissions import allowed, sight
from controller.sandbox.graph.query import options
from controller.sandbox.graph.routing import Route, Router, is_outlook
from controller.sandbox.graph.rows import Row, instant, type_of
from controller.sandbox.graph.tenant import Tenant
from controller.sandbox.graph.wire import Answer, Request, bare
from controller.sandbox.state import Call, FaultKind, Sandbox
from controller.sandbox.world import Entry

Work = Callable[[], Answer]


class Graph:
    """The service of one sandbox."""

    def __init__(self, sandbox: Sandbox, routes: Iterable[Route]) -> None:
        self.sandbox = sandbox
        self.tenant = Tenant(sandbox)
        self.deltas = DeltaStore()
        self._router = Router(routes)

    def answer(self, request: Request, *, serial: bool = False) -> Answer:
        """The answer to one request; refusals are answers too. `serial` marks a member of a batch that
        waits for another.

        Raises:
            ConnectionLostError: the weather cuts the connection.
        """
        try:
            answer = self._respond(request, serial=serial)
        except GraphError as error:
            return self.refuse(error, request)
        if not request.annotated:
            answer.body = bare(answer.body)
        return answer

    def batch(self, request: Request, run: Work) -> Answer:
        """A batch's outer call; `run` answers its members. It counts as reading: what is written is said
        by the members."""
        try:
            return self._admit(Call("graph", "POST /$batch"), request, run)
        except GraphError as error:
            return self.refuse(error, request)

    def refuse(self, error: GraphError, request: Request) -> Answer:
        date = instant(self.sandbox.clock.now()).removesuffix("Z")
        body = error.body(date, request.request_id, request.client_request_id)
        return Answer(error.status, body, dict(error.headers))

    def _respond(self, request: Request, *, serial: bool) -> Answer:
        try:
            route = self._router.match(request)
        except GraphError:
            unknown = Call("graph", f"{request.method} (unknown)", inner=request.inner)
            self._admit(unknown, request, Answer)
            raise
        call = Call("graph", route.operation, self._target(request), route.writes, request.inner, serial)
        return self._admit(call, request, lambda: self._work(route, request))

    def _work(self, route: Route, request: Request) -> Answer:
        if route.roles is not None and not allowed(request.caller, route.roles):
            raise access_denied() if is_outlook(route.operation) else denied()
        return route.respond(self, request)

    def _admit(self, call: Call, request: Request, go_on: Work) -> Answer:
        fault = self.sandbox.admit(call)
        outlook = is_outlook(call.operation)
        app_id = request.caller.app.client_id
        refused = faults.refusal(fault, call, self.sandbox.world, app_id, outlook=outlook)
        if refused is not None:
            raise refused
        match fault.kind:
            case FaultKind.GATEWAY:
                return faults.gateway(write=call.write)
            case FaultKind.LOST_BEFORE | FaultKind.LOST_AFTER:
                return faults.lost(fault, request, go_on)
            case FaultKind.CUT_PAGE if "skiptoken" in options(request):
                raise page_token_expired()
        return go_on()

    def _target(self, request: Request) -> str:
        """The address of whom a call concerns, for the weather and the log; the key as it came where
        it names nobody."""
        params = request.params
        key = params.get("user") or params.get("group") or params.get("mailbox") or ""
        key = key.removeprefix("MBX:").partition("@")[0] if "mailbox" in params else key
        for entry in self.sandbox.world.candidates(key) if key else ():
            return entry.primary or entry.upn or entry.object_id
        return key

    # --- for resources -------------------------------------------------------------------------------

    def related(self, request: Request) -> Related:
        return Related(self, request)

    def made(self, entry: Entry, request: Request) -> Row:
        """What a write answers with: the object as it now is, not as replicas have it."""
        name = type_of(entry) or "user"
        return Row(name, entry.object_id, self.sandbox.world, entry, sight=sight(request.caller, name))


class Related:
    """What an object leads to, for $expand and for navigation paths."""

    def __init__(self, graph: Graph, request: Request) -> None:
        self._tenant = graph.tenant
        self._caller = request.caller

    def ids(self, row: Row, name: str) -> list[str]:
        """Ids behind a navigation property, dangling ones included."""
        tenant, entry = self._tenant, row.entry
        match name:
            case "memberOf":
                return tenant.groups_of(row.id)
            case "transitiveMemberOf":
                return tenant.groups_above(row.id)
            case "members" if entry is not None:
                return tenant.members(entry)
            case "transitiveMembers" if entry is not None:
                return tenant.members_below(entry)
            case "owners" if entry is not None:
                return list(entry.owners)
            case "manager" if entry is not None:
                return [entry.graph["manager"]] if entry.graph.get("manager") else []
            case "directReports":
                people = (e for e in tenant.world.entries.values() if e.graph.get("manager") == row.id)
                return [person.object_id for person in people]
        return []

    def __call__(self, row: Row, name: str) -> list[Row]:
        if name == "appRoleAssignments":
            return apps.grants(self._tenant.world, row.id)
        found = (self._tenant.row(object_id, self._caller) for object_id in self.ids(row, name))
        return [other for other in found if other is not None]
