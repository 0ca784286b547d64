"""The Exchange admin API on the wire: envelope, headers, routing, pages, batches.

It leaves alone what a refusal means (`exchange_errors`) and when to ask again (`attempt`). The fact one
would not guess: reads, too, are POSTs, and a page link is POSTed to again with the very body and headers
that opened the listing; under another anchor the service calls it expired [reference: Exchange, paging].
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from controller import __version__
from controller.clients import codes, exchange_errors, identity
from controller.clients.asker import Asker, about
from controller.clients.attempt import Attempt, Attempts, Effect, Failed
from controller.clients.wire import Answer, Ask, Wire
from controller.errors import InvalidError, ReadOnlyError, TransientError

BATCH: Final = 10  # sub-requests, the size known to work [obs: CIPP New-ExoBulkRequest]
_PAGE: Final = 1000  # rows, the most a page holds [obs: CIPP, ExoHelper]
_MODULE: Final = "3.9.2"  # of the official module: what the service compares its own against
_RESTARTS: Final = 3  # of a listing whose page links expired
_CMDLET: Final = re.compile(r"[A-Za-z]+-[A-Za-z0-9]+")
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ANCHOR: Final = re.compile(r"(UPN|SMTP|MBX|APP|TID|OID):", re.IGNORECASE)
_TRUNCATED: Final = re.compile(r"more results (are )?available than are currently displayed|"
                               r"there are more results available", re.IGNORECASE)  # fmt: skip
# What lives in the mailbox's own store is asked of the mailbox; everything else of the organisation's
# system mailbox [reference: Exchange, anchors].
_IN_STORE: Final = re.compile(
    r"-(MailboxFolderPermission|MailboxFolderStatistics|MailboxStatistics|InboxRule|"
    r"MailboxAutoReplyConfiguration|MailboxRegionalConfiguration|MailboxMessageConfiguration|"
    r"MailboxCalendarConfiguration|CalendarProcessing|MailboxFolder|MailboxJunkEmailConfiguration)$",
    re.IGNORECASE,
)
# The service's own limit is about 15 minutes; these use it [obs: EXO module constants].
_SLOW: Final = frozenset({"get-distributiongroupmember", "update-distributiongroupmember", "set-unifiedgroup",
                          "set-organizationconfig", "search-unifiedauditlog"})  # fmt: skip
_IDS: Final = frozenset({"Guid", "ExternalDirectoryObjectId", "ExchangeGuid"})  # compared as text
_NOTHING: Final[Mapping[str, Any]] = {}
_SLOW_TIMEOUT: Final = 960.0  # seconds


@dataclass(frozen=True, slots=True)
class Call:
    """One cmdlet, ready to be sent: `content` is its body, the same for every page and every attempt."""

    cmdlet: str
    parameters: Mapping[str, Any]
    body: Mapping[str, Any]
    content: bytes
    query: str
    anchor: str
    routed_by_parameter: bool
    target: str
    mailbox: str
    effect: Effect
    hurried: bool = False


@dataclass(frozen=True, slots=True)
class _Item:
    """A call, or one further page of it."""

    call: Call
    url: str | None

    @property
    def name(self) -> str:
        return self.call.cmdlet

    @property
    def target(self) -> str:
        return self.call.target

    @property
    def effect(self) -> Effect:
        return self.call.effect

    @property
    def hurried(self) -> bool:
        return self.call.hurried


Keep = Callable[[dict[str, Any]], Any] | None


@dataclass(slots=True)
class Reply:
    """Rows of all pages, without side-car keys; warnings and request ids of every page."""

    rows: list[Any] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Exchange:
    """The service for one tenant."""

    wire: Wire
    attempts: Attempts
    tenant_id: str
    places: int
    asker: Asker[_Item] = field(init=False)
    _session: str = field(default_factory=lambda: str(uuid.uuid4()))
    _fixed: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.asker = Asker(self, self.wire, self.attempts, places=self.places, size=BATCH)
        self._fixed = {
            "content-type": "application/json; charset=utf-8",
            "accept": "application/json; odata.metadata=minimal",
            "accept-encoding": "gzip",  # without it some 403 bodies are thousands of NUL bytes
            "accept-language": "en-US",  # messages are matched where no type tells
            "user-agent": f"mailbox-controller/{__version__}",
            "connection-id": self._session,
            "x-responseformat": "json",
        }

    def read_call(
        self, cmdlet: str, parameters: Mapping[str, Any], select: Sequence[str], anchor: str | None
    ) -> Call:
        """A cmdlet that changes nothing; raises ReadOnlyError for any other."""
        lowered = cmdlet.lower()
        if not (lowered.startswith("get-") or lowered == "search-unifiedauditlog"):
            raise ReadOnlyError(f"a reader was asked to run {cmdlet}: only Get- cmdlets are read")
        return self._call(
            cmdlet, parameters, identity.widened(cmdlet, parameters, select), anchor, Effect.READ
        )

    def write_call(self, cmdlet: str, parameters: Mapping[str, Any], anchor: str | None) -> Call:
        effect = Effect.ONCE if cmdlet.lower().startswith("new-") else Effect.REPEATABLE
        return self._call(cmdlet, parameters, (), anchor, effect)

    async def granted(self) -> frozenset[str] | None:
        """The cmdlets that the identity's roles leave it, in lower case, as the official module asks for
        them when it starts [obs: CIPP -AvailableCmdlets]; None where the service does not tell. Asked once:
        whoever is not answered finds out by trying."""
        url = f"{self.wire.origin}/adminapi/v1.0/{self.tenant_id}/EXOModuleFile?Version={_MODULE}"
        ask = Ask("GET", url, self._fixed | {"commandname": "*"}, "EXOModuleFile")
        try:
            got = await self.wire.send(ask, Attempt())
        except Failed:
            return None
        rows = _rows(got.body) if got.ok and isinstance(got.body, dict) else []
        names = ",".join(str(row.get("exportedCmdlets") or "") for row in rows)
        return frozenset(name.strip().lower() for name in names.split(",") if name.strip()) or None

    async def run(self, call: Call, keep: Keep = None) -> Reply:
        """All pages, or an error. An expired page link starts the listing over, a few times.

        `keep` makes of each row what is kept of it, page by page."""
        for _ in range(_RESTARTS):
            try:
                return await self._pages(call, keep)
            except TransientError as error:
                if error.code != codes.PAGE_EXPIRED:
                    raise
                expired = error
        raise expired

    async def _pages(self, call: Call, keep: Keep) -> Reply:
        reply, link, seen = Reply(), None, set[str]()
        while True:
            got = await self._ask(call, link)
            body = got.body if isinstance(got.body, dict) else {}
            reply.request_ids.append(got.request_id)
            reply.warnings.extend(_warnings(body))
            reply.rows.extend(map(keep, _rows(body)) if keep else _rows(body))
            link = body.get("@odata.nextLink") or body.get("odata.nextLink")
            if not link:
                break
            if link in seen:
                raise self._incomplete(call, got, "the service gave the same page link twice")
            seen.add(link)
        self._check(call, reply, got)
        return reply

    async def _ask(self, call: Call, link: str | None) -> Answer:
        """One page, over as many attempts as it takes."""
        url = None if link is None else self._own(link, call)
        # A listing of the whole tenant and a page link are tied to a back end, a write to its outcome:
        # they travel alone. So does what has another anchor: a batch has one [obs: CIPP].
        shared = call.effect is Effect.READ and bool(call.target) and url is None
        item = _Item(call, url)
        group = call.anchor if shared else None
        return await self.asker.ask(item, group=group, mailbox=call.mailbox, gate="exchange")

    # what the asker needs to know of this service

    def single(self, item: _Item) -> Ask:
        call = item.call
        headers = self._fixed | self._routing(call) | {"prefer": f"odata.maxpagesize={_PAGE}"}
        timeout = _SLOW_TIMEOUT if call.cmdlet.lower() in _SLOW else None
        url = item.url or self._url(call)
        alone = call.effect is not Effect.READ
        return Ask("POST", url, headers, call.cmdlet, call.content, timeout, alone)

    def batch(self, items: Sequence[_Item]) -> Ask:
        calls = [item.call for item in items]
        requests = [
            {
                "id": str(number),
                "method": "POST",
                "url": self._url(call),
                "headers": {
                    "Content-Type": "application/json",
                    "X-CmdletName": call.cmdlet,
                    "X-AnchorMailbox": call.anchor,
                    "Prefer": f"odata.maxpagesize={_PAGE}",
                },
                "body": call.body,
            }
            for number, call in enumerate(calls, 1)
        ]
        headers = self._fixed | {
            "x-anchormailbox": _header(calls[0].anchor),
            "prefer": f"odata.maxpagesize={_PAGE};odata.continue-on-error",
        }
        content = json.dumps({"requests": requests}, ensure_ascii=False, separators=(",", ":")).encode()
        url = f"{self.wire.origin}/adminapi/beta/{self.tenant_id}/$batch"
        return Ask("POST", url, headers, f"$batch of {len(calls)}", content, _SLOW_TIMEOUT)

    def failed(self, got: Answer, call: str, target: str) -> Failed:
        return exchange_errors.failed(got, call, target, self.wire.clock)

    def accepts(self, got: Answer, item: _Item) -> bool:
        if not got.ok or exchange_errors.refused_in_success(got):
            return False
        # An empty 200 is how a write says yes; to a question it is an answer that was cut.
        return got.status != 200 or got.body is not None or item.effect is not Effect.READ

    def _check(self, call: Call, reply: Reply, last: Answer) -> None:
        capped = isinstance(_given(call.parameters, "resultsize"), int)
        if call.effect is Effect.READ and not capped and any(_TRUNCATED.search(w) for w in reply.warnings):
            raise self._incomplete(call, last, "the result was cut: ask with ResultSize Unlimited")
        confirmation = last.body.get("@adminapi.confirmationmessage") if isinstance(last.body, dict) else None
        if confirmation and call.effect is not Effect.READ:
            raise InvalidError(
                api="exchange", call=call.cmdlet,
                message=f"nothing was done, a confirmation is asked: {confirmation}",
                status=last.status, code=codes.CONFIRMATION, request_id=last.request_id, target=call.target,
                advice="send Confirm: false",
            )  # fmt: skip
        if call.effect is Effect.READ:
            identity.expect_asked(call.cmdlet, call.parameters, reply.rows)

    def _incomplete(self, call: Call, got: Answer, message: str) -> InvalidError:
        return InvalidError(
            api="exchange", call=call.cmdlet, message=message, status=got.status, code=codes.TRUNCATED,
            request_id=got.request_id, target=call.target,
        )  # fmt: skip

    def _call(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any],
        select: Sequence[str],
        anchor: str | None,
        effect: Effect,
    ) -> Call:
        if not _CMDLET.fullmatch(cmdlet):
            raise InvalidError(api="exchange", call=cmdlet, message="not the name of a cmdlet")
        identity.refuse_blank(cmdlet, parameters)
        target = identity.asked(parameters)
        # "mailbox:\Folder", "mailbox:FolderId", "mailbox\rule": the mailbox is what stands before.
        mailbox = re.split(r"[:\\]", target, maxsplit=1)[0].lower()
        derived = self._anchor_of(cmdlet, mailbox) if anchor is None else None
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}
        return Call(
            cmdlet=cmdlet, parameters=parameters, body=body,
            content=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
            query=f"?$select={','.join(select)}" if select else "",
            anchor=derived or self._spelt(anchor), routed_by_parameter=derived is not None,
            target=target, mailbox=mailbox, effect=effect,
        )  # fmt: skip

    def _anchor_of(self, cmdlet: str, mailbox: str) -> str | None:
        return f"SMTP:{mailbox}" if "@" in mailbox and _IN_STORE.search(cmdlet) else None

    def _spelt(self, anchor: str | None) -> str:
        """An anchor as the service writes them; a bare address or mailbox GUID is completed."""
        if not anchor:
            return f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{self.tenant_id}"
        if _ANCHOR.match(anchor):
            return anchor
        return f"MBX:{anchor}@{self.tenant_id}" if _GUID.fullmatch(anchor) else f"SMTP:{anchor}"

    def _url(self, call: Call) -> str:
        return f"{self.wire.origin}/adminapi/beta/{self.tenant_id}/InvokeCommand{call.query}"

    def _routing(self, call: Call) -> dict[str, str]:
        headers = {"x-anchormailbox": _header(call.anchor), "x-cmdletname": call.cmdlet}
        if call.routed_by_parameter:
            headers["parameter-based-routing"] = "true"
        return headers

    def _own(self, link: str, call: Call) -> str:
        try:
            return self.wire.own(link, call.cmdlet)
        except Failed as error:
            raise about(error, call.cmdlet, call.target).error from None


def _header(text: str) -> str:
    """Header values are ASCII; an internationalised address goes percent-encoded."""
    return text if text.isascii() else "".join(c if c.isascii() else f"%{c.encode().hex('%')}" for c in text)


def _given(parameters: Mapping[str, Any], name: str) -> Any:
    return next((value for key, value in parameters.items() if key.lower() == name), None)


def _warnings(body: Mapping[str, Any]) -> list[str]:
    found = body.get("@adminapi.warnings") or body.get("adminapi.warnings") or ()
    return [found] if isinstance(found, str) else [str(warning) for warning in found]


def _rows(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`value` may be absent, null, a list, or one object [reference: Exchange, response shape]."""
    value = body.get("value")
    if value is None:
        return []
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        return [{"value": value}]
    rows: list[dict[str, Any]] = []
    above: Mapping[str, Any] = _NOTHING
    for row in value:
        above = _plain(row, above) if isinstance(row, dict) else {"value": row}
        rows.append(above)
    return rows


def _as_told(row: Mapping[str, Any], key: str, value: str) -> str | list[str]:
    if key in _IDS:
        return value.lower()
    if str(row.get(f"{key}@odata.type")).startswith("#Collection("):
        return [value] if value else []
    return value


def _plain(row: dict[str, Any], above: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
    """Without the type hints that sit beside the properties (`X@data.type`): what is called a collection
    becomes one, and ids are in lower case. A text or list that the row `above` has, too, is kept once: most
    objects have the same in most of their properties."""
    plain: dict[str, Any] = {}
    for key, sent in row.items():
        if "@" in key:
            continue
        value: Any = _as_told(row, key, sent) if type(sent) is str else sent
        kind = type(value)
        if kind is dict:
            plain[key] = _plain(value)
        elif (kind is str or kind is list) and value == (same := above.get(key)):
            plain[key] = same
        else:
            plain[key] = value
    return plain
