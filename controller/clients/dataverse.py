"""The Dataverse Web API on the wire: tables of Power Platform environments, one service for each.

Every call names its environment by its whole address, which is what its token is issued for, too; where the
requests really go may be configured (a sandbox, a proxy). The fact one would not guess: a PATCH on a row that
is not there makes it, so that each says `If-Match: *` [doc: Update and delete table rows using the Web API].
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from controller import __version__
from controller.clients import codes, dataverse_errors
from controller.clients.asker import Asker, about
from controller.clients.attempt import Attempts, Effect, Failed
from controller.clients.wire import Answer, Ask, Wire
from controller.errors import InvalidError, ReadOnlyError

ROOT: Final = "/api/data/v9.2"
_CALL: Final = re.compile(r"(?P<verb>[A-Z]+) (?P<environment>https://[^/\s]+)(?P<path>/\S+)")
_VERBS: Final = frozenset({"POST", "PATCH", "DELETE"})
_ENTITY: Final = re.compile(r"\(([0-9a-fA-F-]{36})\)$")
_SAFE: Final = "$,'()/:@=*"


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `path` is relative to the API's root, or the whole link of a further page."""

    verb: str
    environment: str
    path: str
    effect: Effect
    content: bytes | None = None
    hurried: bool = False  # nothing here is only nice to know

    @property
    def name(self) -> str:
        return f"{self.verb} {self.path.partition('?')[0]}"

    @property
    def target(self) -> str:
        return self.environment


@dataclass(slots=True)
class _Environment:
    """One environment's service, asked singly."""

    wire: Wire
    attempts: Attempts
    places: int
    asker: Asker[Call] = field(init=False)

    def __post_init__(self) -> None:
        self.asker = Asker(self, self.wire, self.attempts, places=self.places, size=1)

    def single(self, item: Call) -> Ask:
        url = item.path if item.path.startswith("https://") else f"{self.wire.origin}{ROOT}{item.path}"
        headers = {
            "accept": "application/json",
            "accept-encoding": "gzip",
            "odata-version": "4.0",
            "odata-maxversion": "4.0",
            "user-agent": f"mailbox-controller/{__version__}",
        }
        if item.content is not None:
            headers["content-type"] = "application/json"
        if item.verb == "PATCH":
            headers["if-match"] = "*"
        return Ask(item.verb, url, headers, item.name, item.content, alone=item.effect is not Effect.READ)

    def batch(self, items: Sequence[Call]) -> Ask:
        raise AssertionError("Dataverse is asked singly")

    def failed(self, got: Answer, call: str, target: str) -> Failed:
        return dataverse_errors.failed(got, call, target, self.wire.clock)

    def accepts(self, got: Answer, item: Call) -> bool:
        if item.effect is Effect.READ:
            return got.ok and isinstance(got.body, dict)
        return got.ok and (not got.content or got.body is not None)


class Dataverse:
    """Every environment that was asked about so far. `open_way` gives wire and attempts of one: where its
    requests go, and the scope of its token."""

    def __init__(self, open_way: Callable[[str], tuple[Wire, Attempts]], places: int) -> None:
        self._open_way, self._places = open_way, places
        self._opened: dict[str, _Environment] = {}

    @property
    def opened(self) -> Sequence[_Environment]:
        return tuple(self._opened.values())

    def _of(self, environment: str) -> _Environment:
        if environment not in self._opened:
            self._opened[environment] = _Environment(*self._open_way(environment), self._places)
        return self._opened[environment]

    async def listing(self, environment: str, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """All pages of a table, or an error. Query options by name without `$`."""
        service = self._of(environment)
        options = "&".join(f"${name}={quote(value, safe=_SAFE)}" for name, value in query.items())
        call = Call("GET", environment, _path(path) + (f"?{options}" if options else ""), Effect.READ)
        rows: list[dict[str, Any]] = []
        seen: set[str] = set()
        while True:
            got = await self._ask(service, call)
            page = got.body.get("value")
            if not isinstance(page, list):
                raise _strange(call, got, "the answer is not a list")
            rows += page
            link = got.body.get("@odata.nextLink")
            if not link:
                return rows
            if link in seen:
                raise _strange(call, got, "the service gave the same page link twice")
            seen.add(link)
            try:
                call = Call("GET", environment, service.wire.own(link, call.name), Effect.READ)
            except Failed as error:
                raise about(error, call.name, call.target).error from None

    async def send(self, call: str, body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
        """One write, as a plan shows it: `PATCH https://environment/workflows(id)`. Rows (of what was made:
        its id as `id`), and the request's id."""
        found = _CALL.fullmatch(call)
        if found is None or found["verb"] not in _VERBS:
            message = "not a verb that writes, or no environment"
            raise InvalidError(api="dataverse", call=call, message=message)
        effect = Effect.ONCE if found["verb"] == "POST" else Effect.REPEATABLE
        content = json.dumps(body, ensure_ascii=False).encode() if body else None
        item = Call(found["verb"], found["environment"], _path(found["path"]), effect, content)
        got = await self._ask(self._of(item.environment), item)
        made = _ENTITY.search(got.headers.get("odata-entityid", ""))
        request_id = got.headers.get("x-ms-service-request-id") or got.request_id
        return ([{"id": made[1]}] if made else []), request_id

    async def _ask(self, service: _Environment, call: Call) -> Answer:
        return await service.asker.ask(call, group=None, mailbox="", gate=call.environment)


def refuse_writes(path: str) -> None:
    if path.partition(" ")[0] in _VERBS:
        raise ReadOnlyError(f"a reader was asked to send {path.partition(' ')[0]}: only GET is read")


def _path(path: str) -> str:
    """A path under the API's root. An empty key would be the whole table."""
    if "()" in path or not path.startswith("/") or "//" in path:
        message = "refused: the path has a blank part"
        raise InvalidError(api="dataverse", call=path, message=message, code=codes.BLANK_IDENTITY)
    return path


def _strange(call: Call, got: Answer, message: str) -> InvalidError:
    return InvalidError(
        api="dataverse", call=call.name, message=message, status=got.status, code=codes.TRUNCATED,
        request_id=got.request_id, target=call.target,
    )  # fmt: skip
