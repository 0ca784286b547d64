"""Microsoft Graph v1.0 on the wire: paths, query options, pages, batches.

It leaves alone what a refusal means (`graph_errors`) and when to ask again (`attempt`). The fact one
would not guess: `ConsistencyLevel` must be repeated on every page, and an empty page with a link is legal
[doc: Graph paging].
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, urlsplit

from controller import __version__
from controller.clients import codes, graph_errors
from controller.clients.asker import Asker, about
from controller.clients.attempt import Attempts, Effect, Failed
from controller.clients.wire import Answer, Ask, Wire
from controller.errors import InvalidError, ReadOnlyError, TransientError

BATCH: Final = 20  # [doc: Graph JSON batching]
_RESTARTS: Final = 3
_OPTIONS: Final = frozenset(
    {"select", "filter", "expand", "top", "skip", "orderby", "count", "search", "format"}
)
_VERBS: Final = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_PATH_SAFE: Final = "/%@:$()',;=+!*~-._&"
_QUERY_SAFE: Final = "$,'()/:@=*"
# What is kept in the mailbox; the rest of a user is the directory's.
_OUTLOOK: Final = re.compile(
    r"/users/([^/]+)/(mailfolders|messages|mailboxsettings|outlook|inferenceclassification|calendar|events|"
    r"contacts|sendmail|photo|people)",
    re.IGNORECASE,
)


def segment(value: str) -> str:
    """One path segment, percent-encoded: ids hold `/`, `+` and `=`, UPNs of guests a `#`."""
    return quote(value, safe="@.-_~!'")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `url` is relative to the version, or the whole link of a further page."""

    verb: str
    url: str
    headers: Mapping[str, str]
    target: str
    mailbox: str
    effect: Effect
    content: bytes | None = None
    batchable: bool = False
    text: bool = False  # the answer is no JSON: a report, which comes from another host
    hurried: bool = False

    @property
    def name(self) -> str:
        return f"{self.verb} {urlsplit(self.url).path}"


@dataclass(slots=True)
class Graph:
    """The service for one tenant."""

    wire: Wire
    attempts: Attempts
    places: int
    asker: Asker[Call] = field(init=False)
    _fixed: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.asker = Asker(self, self.wire, self.attempts, places=self.places, size=BATCH)
        self._fixed = {
            "accept": "application/json",
            "accept-encoding": "gzip",
            "accept-language": "en-US",
            "user-agent": f"mailbox-controller/{__version__}",
            "return-client-request-id": "true",
        }

    def read_call(self, path: str, query: Mapping[str, Any]) -> Call:
        """A GET. Query options by name without `$`; `consistency=True` and `prefer=` become headers."""
        headers: dict[str, str] = {}
        options = {name: value for name, value in query.items() if value is not None}
        if options.pop("consistency", False):
            headers["ConsistencyLevel"] = "eventual"
            options.setdefault("count", True)
        if prefer := options.pop("prefer", None):
            headers["Prefer"] = str(prefer)
        url = _path(path, "GET") + _query(options, "?" in path)
        return Call("GET", url, headers, *_about_path(url), Effect.READ, None, _is_narrow(url))

    def write_call(self, call: str, body: Mapping[str, Any] | None) -> Call:
        """`PATCH /users/{id}` and its JSON body."""
        verb, _, path = call.strip().partition(" ")
        verb = verb.upper()
        if verb not in _VERBS:
            raise InvalidError(api="graph", call=call, message=f"not a verb that writes: {verb}")
        url = _path(path.strip(), verb)
        headers = {"Content-Type": "application/json"} if body else {}
        content = json.dumps(body, ensure_ascii=False).encode() if body else None
        effect = Effect.ONCE if verb == "POST" else Effect.REPEATABLE
        return Call(verb, url, headers, *_about_path(url), effect, content)

    async def ask(self, call: Call) -> Answer:
        group = "graph" if call.batchable and self._fits(call) else None
        gate = ("graph", call.mailbox if _OUTLOOK.match(call.url) else "")
        return await self.asker.ask(call, group=group, mailbox=call.mailbox, gate=gate)

    async def entity(self, call: Call) -> dict[str, Any]:
        got = await self.ask(call)
        return got.body if isinstance(got.body, dict) else {"value": got.body}

    async def text(self, call: Call) -> str:
        """A report: answered with a link to another host, which is asked without our token."""
        got = await self.ask(replace(call, text=True, batchable=False))
        return got.content.decode("utf-8-sig", "replace")

    async def listing(self, call: Call) -> list[dict[str, Any]]:
        """All pages, or an error. An expired page link starts the listing over, a few times."""
        for _ in range(_RESTARTS):
            try:
                return await self._pages(call)
            except TransientError as error:
                if error.code != codes.PAGE_EXPIRED:
                    raise
                expired = error
        raise expired

    async def _pages(self, first: Call) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        call, seen = first, set[str]()
        while True:
            got = await self.ask(call)
            page = got.body.get("value") if isinstance(got.body, dict) else None
            if not isinstance(page, list):
                raise self._strange(first, got, "the answer is not a list")
            rows.extend(page)
            link = got.body.get("@odata.nextLink")
            if not link:
                return rows
            if link in seen:
                raise self._strange(first, got, "the service gave the same page link twice")
            seen.add(link)
            call = self._following(first, link)

    def _following(self, first: Call, link: str) -> Call:
        """The next page: the link as it stands, the headers as they were."""
        try:
            url = self.wire.own(link, first.name)
        except Failed as error:
            raise about(error, first.name, first.target).error from None
        return replace(first, url=url, content=None, batchable=False)

    def _strange(self, call: Call, got: Answer, message: str) -> InvalidError:
        return InvalidError(
            api="graph", call=call.name, message=message, status=got.status, code=codes.TRUNCATED,
            request_id=got.request_id, target=call.target,
        )  # fmt: skip

    def _fits(self, call: Call) -> bool:
        return call.content is None and call.url.startswith("/")

    # what the asker needs to know of this service

    def single(self, item: Call) -> Ask:
        url = f"{self.wire.origin}/v1.0{item.url}" if item.url.startswith("/") else item.url
        headers = {**self._fixed, **item.headers}
        alone = item.effect is not Effect.READ
        return Ask(item.verb, url, headers, item.name, item.content, alone=alone, may_leave=item.text)

    def batch(self, items: Sequence[Call]) -> Ask:
        requests: list[dict[str, Any]] = []
        for number, call in enumerate(items, 1):
            request: dict[str, Any] = {"id": str(number), "method": "GET", "url": call.url}
            if call.headers:
                request["headers"] = dict(call.headers)
            requests.append(request)
        content = json.dumps({"requests": requests}, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {**self._fixed, "content-type": "application/json"}
        return Ask("POST", f"{self.wire.origin}/v1.0/$batch", headers, f"$batch of {len(items)}", content)

    def failed(self, got: Answer, call: str, target: str) -> Failed:
        return graph_errors.failed(got, call, target, self.wire.clock)

    def accepts(self, got: Answer, item: Call) -> bool:
        if not got.ok or (isinstance(got.body, dict) and "error" in got.body and "id" not in got.body):
            return False
        if item.text:
            return True
        if item.effect is Effect.READ:
            return got.body is not None or got.status == 204
        return got.body is not None or not got.content.strip()


def refuse_writes(path: str) -> None:
    """`GET /users` may be written with its verb; no other verb may."""
    verb = path.strip().partition(" ")[0].upper()
    if verb in _VERBS:
        raise ReadOnlyError(f"a reader was asked to send {verb}: only GET is read")


def _path(path: str, verb: str) -> str:
    """A path under the version, without a blank segment: `/users//mailFolders` is everybody's."""
    bare, mark, query = path.partition("?")
    bare = "/" + bare.strip().lstrip("/")
    segments = bare.split("/")[1:]
    if any(not s.strip() or s in (".", "..") for s in segments):
        raise InvalidError(
            api="graph", call=f"{verb} {bare}", message="refused: a segment of the path is blank",
            code=codes.BLANK_IDENTITY,
        )  # fmt: skip
    return quote(bare, safe=_PATH_SAFE) + mark + query


def _query(options: Mapping[str, Any], more: bool) -> str:
    parts = []
    for name, value in options.items():
        key = f"${name}" if name in _OPTIONS else name
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, str | int | float):
            text = str(value)
        else:
            text = ",".join(str(item) for item in value)
        parts.append(f"{key}={quote(text, safe=_QUERY_SAFE)}")
    return ("&" if more else "?") + "&".join(parts) if parts else ""


def _about_path(url: str) -> tuple[str, str]:
    """What a path is about, for people, and whose mailbox it counts for."""
    segments = urlsplit(url).path.split("/")[1:]
    target = segments[1] if len(segments) > 1 else ""
    match = _OUTLOOK.match(url)
    return target, match[1].lower() if match else ""


def _is_narrow(url: str) -> bool:
    """About one object. Whole collections page, and a page link does not fit in a batch."""
    return url.partition("?")[0].count("/") > 1
