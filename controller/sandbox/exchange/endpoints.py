"""The paths under /adminapi and what stands in front of each: token, tenant, JSON.

`beta` here is Exchange's own path segment and has nothing to do with Microsoft Graph. Only POST continues a
listing of InvokeCommand; the entity sets are read and continued by GET.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from controller.sandbox import tokens
from controller.sandbox.exchange import answers, batch, entities, published, registry, storms
from controller.sandbox.exchange.roles import APP_ROLE, APP_ROLE_V2, Grants, Leave
from controller.sandbox.exchange.service import Asked, Service, selected, tenant_known
from controller.sandbox.exchange.storms import Answer

if TYPE_CHECKING:
    from controller.sandbox.state import Caller, Sandbox

Work = Callable[[Request, "Caller", Any], Answer]


class Endpoints:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._service = Service(sandbox)

    def routes(self) -> list[Route]:
        return [
            Route("/adminapi/{version}/{tenant}/InvokeCommand", self.invoke, methods=["POST"]),
            Route("/adminapi/beta/{tenant}/$batch", self.batch, methods=["POST"]),
            Route("/adminapi/v1.0/{tenant}/EXOModuleFile", self.module_file, methods=["GET"]),
            Route("/adminapi/v2.0/{tenant}/{endpoint}", self.published, methods=["POST"]),
            Route("/adminapi/beta/{tenant}/{resource:path}", self.entity, methods=["GET"]),
        ]

    async def invoke(self, request: Request) -> Response:
        if request.path_params["version"] not in ("beta", "v1.0"):
            return self._respond(_no_such(request))
        return await self._serve(request, self._invoke)

    def _invoke(self, request: Request, caller: Caller, payload: Any) -> Answer:
        headers = request.headers
        return self._service.invoke(
            Asked(
                payload=payload,
                caller=caller,
                root=self._root(request),
                anchor=headers.get("x-anchormailbox", ""),
                prefer=headers.get("prefer", ""),
                select=selected(request.query_params),
                token=request.query_params.get("$skiptoken", ""),
                format=headers.get("x-responseformat", ""),
            )
        )

    async def batch(self, request: Request) -> Response:
        def work(request: Request, caller: Caller, payload: Any) -> Answer:
            return batch.run(self._service, payload, caller, self._root(request), request.headers)

        return await self._serve(request, work)

    async def module_file(self, request: Request) -> Response:
        """The cmdlets that the caller's roles leave, as far as they are played here."""

        def work(_request: Request, caller: Caller, _payload: Any) -> Answer:
            grants = Grants.of(caller.app.directory_roles)
            if not grants.any:
                return storms.denied("The role assigned to the application isn't supported in this scenario.")
            names = [name for name in registry.offered() if grants.leave(name) is Leave.GRANTED]
            row = {"exportedCmdlets": ",".join(names), "version": "3.9.2"}
            return Answer(200, {"value": [row]})

        return await self._serve(request, work)

    async def entity(self, request: Request) -> Response:
        def work(request: Request, caller: Caller, _payload: Any) -> Answer:
            return entities.read(self._service, request, caller, self._root(request))

        return await self._serve(request, work)

    async def published(self, request: Request) -> Response:
        def work(request: Request, caller: Caller, payload: Any) -> Answer:
            return published.run(self._service, request, caller, payload, self._root(request))

        return await self._serve(request, work, role=APP_ROLE_V2)

    # --- what stands in front ------------------------------------------------------------------------

    async def _serve(self, request: Request, work: Work, *, role: str = APP_ROLE) -> Response:
        try:
            caller = tokens.verify(self._sandbox, request.headers.get("authorization"), tokens.EXCHANGE)
        except tokens.TokenRefusedError as error:
            return self._respond(storms.unauthorized(error.reason))
        if role not in caller.roles:  # no app role: 401 whatever the directory roles are [obs: graph2otel]
            return self._respond(storms.unauthorized("app-role"))
        if not tenant_known(self._sandbox, request.path_params["tenant"]):
            return self._respond(_no_such(request))
        payload: Any = None
        if request.method == "POST":
            try:
                payload = json.loads(await request.body())
            except ValueError:
                text = "The request body is not valid JSON."
                return self._respond(Answer(400, answers.envelope_error("BadRequest", text)))
        return self._respond(work(request, caller, payload))

    def _root(self, request: Request) -> str:
        sandbox = self._sandbox
        host = f"https://{request.headers['host']}" if sandbox.real_hosts else sandbox.base_url
        version, tenant = request.url.path.split("/")[2:4]
        return f"{host}/adminapi/{version}/{tenant}"

    def _respond(self, answer: Answer) -> Response:
        headers: Mapping[str, str] = {**self._service.headers(), **answer.headers}
        if isinstance(answer.body, dict):
            return JSONResponse(answer.body, answer.status, headers)
        media = None if "Content-Type" in headers else "text/plain"
        return Response(answer.body, answer.status, headers, media)


def _no_such(request: Request) -> Answer:
    text = f"There is no such resource: {request.url.path}"
    return Answer(404, answers.envelope_error("ResourceNotFound", text))
