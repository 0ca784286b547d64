"""The control endpoint: what an admin's hand, the clock, the sky and a test's eye do to a running tenant.

Under `/_sandbox`, JSON in and out, no sign-in: whoever reaches the port may move this tenant, which is why
it is on loopback unless asked otherwise. A poke runs the services' own code and leaves its audit record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from controller.sandbox import exchange, files, graph, snapshot, weathers
from controller.sandbox.document import FileError
from controller.sandbox.exchange.refusals import CmdletError
from controller.sandbox.forecast import Forecast, duration
from controller.sandbox.weather import ForecastWeather

if TYPE_CHECKING:
    from controller.sandbox.state import Sandbox
    from controller.sandbox.world import AuditRecord, Entry, World

_MOMENT = TypeAdapter(AwareDatetime)


class ControlError(Exception):
    """Something the caller asked for and cannot have; the answer is 400 with this text."""


def routes(sandbox: Sandbox) -> list[Route]:
    control = Control(sandbox)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("GET", "/_sandbox", control.summary),
        ("POST", "/_sandbox/poke", control.poke),
        ("POST", "/_sandbox/graph", control.call_graph),
        ("GET", "/_sandbox/weather", control.weather),
        ("POST", "/_sandbox/weather", control.change_weather),
        ("GET", "/_sandbox/clock", control.clock),
        ("POST", "/_sandbox/clock", control.move_clock),
        ("GET", "/_sandbox/state", control.save),
        ("PUT", "/_sandbox/state", control.load),
        ("GET", "/_sandbox/audit", control.audit),
        ("GET", "/_sandbox/show", control.show),
        ("GET", "/_sandbox/requests", control.requests),
        ("DELETE", "/_sandbox/requests", control.reset_requests),
        ("GET", "/_sandbox/sent", control.sent),
        ("POST", "/_sandbox/revoke-tokens", control.revoke_tokens),
    ]
    return [Route(path, _answering(respond), methods=[verb]) for verb, path, respond in table]


def _answering(respond: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await respond(request)
        except ControlError as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer


class Control:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def summary(self, _: Request) -> Response:
        world = self._sandbox.world
        return JSONResponse(
            {
                "tenantId": world.tenant_id,
                "name": world.name,
                "domains": world.domains,
                "now": self._sandbox.clock.now().isoformat(),
                "objects": len(world.entries),
                "audit": len(world.audit),
            }
        )

    # --- by hand -------------------------------------------------------------------------------------

    async def poke(self, request: Request) -> Response:
        """Runs a cmdlet as a person: `{actor, cmdlet, parameters}`."""
        body = await _body(request)
        try:
            rows = exchange.run(
                self._sandbox, _text(body, "cmdlet"), body.get("parameters", {}), actor=_text(body, "actor")
            )
        except CmdletError as error:
            raise ControlError(f"{error.type.rsplit('.', 1)[-1]}: {error.message}") from error
        return JSONResponse({"value": rows})

    async def call_graph(self, request: Request) -> Response:
        """Makes a Graph call as a person: `{actor, method, path, body}`."""
        body = await _body(request)
        status, answer = graph.call(
            self._sandbox,
            _text(body, "method").upper(),
            _text(body, "path"),
            body.get("body"),
            actor=_text(body, "actor"),
        )
        return JSONResponse({"status": status, "body": answer})

    async def revoke_tokens(self, _: Request) -> Response:
        """No token issued up to now is accepted any more."""
        self._sandbox.revoked_before = self._sandbox.clock.now() + timedelta(seconds=1)
        return JSONResponse({"before": self._sandbox.revoked_before.isoformat()})

    # --- sky and time --------------------------------------------------------------------------------

    async def weather(self, _: Request) -> Response:
        return JSONResponse(self._weather())

    def _weather(self) -> dict[str, Any]:
        weather = self._sandbox.weather
        if not isinstance(weather, ForecastWeather):
            return {"name": "fair"}
        name = next((n for n, (_, f) in weathers.NAMED.items() if f == weather.forecast), None)
        return {
            "name": name,
            "forecast": weather.forecast.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        }

    async def change_weather(self, request: Request) -> Response:
        """`{name}`, or `{forecast}`."""
        body = await _body(request)
        name = body.get("name")
        if name is not None and name not in weathers.NAMED:
            raise ControlError(f"no weather is called '{name}' (there are {', '.join(weathers.NAMED)})")
        try:
            choice = name if name is not None else Forecast.model_validate(body.get("forecast"))
        except ValidationError as error:
            raise ControlError(f"not a forecast: {error}") from error
        self._sandbox.weather = weathers.make(choice, self._sandbox.clock)
        return JSONResponse(self._weather())

    async def clock(self, _: Request) -> Response:
        return JSONResponse({"now": self._sandbox.clock.now().isoformat()})

    async def move_clock(self, request: Request) -> Response:
        """`{advance: "2d"}` or `{to: ISO}`."""
        body = await _body(request)
        try:
            if "to" in body:
                by = _MOMENT.validate_python(body["to"]) - self._sandbox.clock.now()
            else:
                spelt = _text(body, "advance")
                by = -duration(spelt[1:]) if spelt.startswith("-") else duration(spelt.removeprefix("+"))
        except ValueError as error:
            raise ControlError(f"neither a duration nor a moment: {error}") from error
        self._sandbox.clock.advance(by)
        return await self.clock(request)

    # --- whole tenants -------------------------------------------------------------------------------

    async def save(self, _: Request) -> Response:
        return PlainTextResponse(files.save(self._sandbox), media_type="application/yaml")

    async def load(self, request: Request) -> Response:
        name = request.query_params.get("name", "state")
        try:
            scenario = files.parse((await request.body()).decode(), name)
            files.replace(self._sandbox, scenario, name, self._sandbox.outside or self._sandbox.clock.now)
        except (FileError, UnicodeDecodeError) as error:
            raise ControlError(str(error)) from error
        return await self.summary(request)

    # --- looking -------------------------------------------------------------------------------------

    async def audit(self, request: Request) -> Response:
        since = request.query_params.get("since")
        try:
            after = _MOMENT.validate_python(since) if since else datetime.min.replace(tzinfo=UTC)
        except ValidationError as error:
            raise ControlError(f"not a moment with a time zone: {since}") from error
        records = [_record(each) for each in self._sandbox.world.audit if each.at >= after]
        return JSONResponse({"value": records})

    async def show(self, request: Request) -> Response:
        world, identity = self._sandbox.world, request.query_params.get("identity", "")
        found = [*world.find(identity), *world.find(identity, deleted=True)]
        if not found:
            raise ControlError(f"nothing in the tenant is called '{identity}'")
        return JSONResponse({"value": [_describe(world, entry) for entry in found]})

    async def requests(self, request: Request) -> Response:
        """The calls on record, `?writes=true` for mutating ones alone."""
        only_writes = request.query_params.get("writes") == "true"
        names = ("api", "operation", "target", "write")
        log = [dict(zip(names, call, strict=True)) for call in self._sandbox.log]
        return JSONResponse(
            {
                "recording": self._sandbox.recording,
                "dropped": self._sandbox.log_dropped,
                "value": [call for call in log if call["write"] or not only_writes],
            }
        )

    async def reset_requests(self, _: Request) -> Response:
        self._sandbox.log.clear()
        self._sandbox.log_dropped = 0
        self._sandbox.recording = True
        return Response(status_code=204)

    async def sent(self, _: Request) -> Response:
        """The mails that were sent, the oldest first."""
        return JSONResponse({"value": self._sandbox.sent})


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise ControlError("the body is not JSON") from error
    if not isinstance(body, dict):
        raise ControlError("the body is not a JSON object")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"'{name}' is missing")
    return value


def _record(record: AuditRecord) -> dict[str, Any]:
    return {
        "at": record.at.isoformat(),
        "visible": record.visible.isoformat(),
        "actor": record.actor,
        "operation": record.operation,
        "workload": record.workload,
        "object": record.object_id,
        "parameters": dict(record.parameters),
    }


def _describe(world: World, entry: Entry) -> dict[str, Any]:
    """An object with its references as addresses, for people to read."""

    def who(reference: str) -> str:
        other = world.entries.get(reference)
        return reference if other is None else other.primary or other.upn or other.name

    shown = snapshot.plain_entry(entry)
    for name in ("members", "owners", "send_on_behalf"):
        if name in shown:
            shown[name] = [who(each) for each in shown[name]]
    for name in ("permissions", "send_as"):
        for ace in shown.get(name, ()):
            ace["trustee"] = who(ace["trustee"])
    return _jsonable(shown)  # type: ignore[no-any-return]


def _jsonable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _jsonable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_jsonable(each) for each in value]
    return value.hex() if isinstance(value, bytes) else value
