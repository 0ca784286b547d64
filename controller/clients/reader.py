"""The two doors to the services: a Reader that cannot write, and a Writer that is only made to apply.

They are different objects, not one with a flag: report mode never has a Writer in its hands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from controller.clients import dataverse as tables
from controller.clients.dataverse import Dataverse
from controller.clients.exchange import Call as Cmdlet
from controller.clients.exchange import Exchange, Reply
from controller.clients.graph import Call as Get
from controller.clients.graph import Graph, refuse_writes
from controller.clients.secret import Generate, filled
from controller.errors import InvalidError
from controller.model import Request

T = TypeVar("T")


class Reader:
    """Asks; changes nothing. Requests that are in flight together share batches by themselves.

    Every method raises a ServiceError of `controller.errors`; an answer is complete or it is an error.
    """

    def __init__(
        self, exchange: Exchange, graph: Graph, dataverse: Dataverse, *, hurried: bool = False
    ) -> None:
        self._exchange = exchange
        self._graph = graph
        self._dataverse = dataverse
        self._hurried = hurried

    @cached_property
    def hurried(self) -> Reader:
        """The same for what is only nice to know: it gives up on a broken service within seconds."""
        return Reader(self._exchange, self._graph, self._dataverse, hurried=True)

    async def exchange(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] = (),
        anchor: str | None = None,
    ) -> list[dict[str, Any]]:
        """The rows of a Get- cmdlet (or Search-UnifiedAuditLog), all pages, type hints stripped.

        `select` restricts the properties. `anchor` routes: an address, a mailbox GUID, or a full
        `X-AnchorMailbox`; default: the mailbox for what lives in its store, else the organisation's. The
        default ResultSize is 1,000: ask for `"Unlimited"` where more may exist, a cut result is an error
        (an integer ResultSize is taken as all that was wanted). Raises ReadOnlyError for other cmdlets,
        InvalidError for a blank Identity or rows about another object, ConflictError for several objects.
        """
        return (await self._ask(cmdlet, parameters or {}, select, anchor)).rows

    async def exchange_each(
        self,
        cmdlet: str,
        keep: Callable[[dict[str, Any]], T],
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] = (),
    ) -> list[T]:
        """As `exchange`, for a listing so long that its rows shall not all be held at once: of each row
        only what `keep` makes of it. Not for an Identity, whose rows are checked whole."""
        return (await self._exchange.run(self._call(cmdlet, parameters or {}, select, None), keep)).rows

    async def exchange_reply(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] = (),
        anchor: str | None = None,
    ) -> Reply:
        """As `exchange`, with the warnings and the request ids."""
        return await self._ask(cmdlet, parameters or {}, select, anchor)

    async def _ask(
        self, cmdlet: str, parameters: Mapping[str, Any], select: Sequence[str], anchor: str | None
    ) -> Reply:
        return await self._exchange.run(self._call(cmdlet, parameters, select, anchor))

    def _call(
        self, cmdlet: str, parameters: Mapping[str, Any], select: Sequence[str], anchor: str | None
    ) -> Cmdlet:
        return replace(self._exchange.read_call(cmdlet, parameters, select, anchor), hurried=self._hurried)

    def _get(self, path: str, query: Mapping[str, Any]) -> Get:
        refuse_writes(path)
        return replace(self._graph.read_call(_get(path), query), hurried=self._hurried)

    async def granted_cmdlets(self) -> frozenset[str] | None:
        """What the identity's Exchange roles let it run, in lower case; None where nobody can tell."""
        return await self._exchange.granted()

    async def graph(self, path: str, **query: Any) -> dict[str, Any]:
        """One entity. `path` is relative to the version (`/users/{id}/mailboxSettings`), its segments
        encoded by `segment`. Query options without `$` (`select=("id", "mail")`, `filter=…`); others as
        they are; `consistency=True` for advanced directory queries, `prefer=…` for the header."""
        return await self._graph.entity(self._get(path, query))

    async def graph_list(self, path: str, *, top: int | None = None, **query: Any) -> list[dict[str, Any]]:
        """All pages of a collection. `top` is the page's size, not a limit. Folders page by 10 unless
        told otherwise."""
        return await self._graph.listing(self._get(path, {"top": top, **query}))

    async def graph_text(self, path: str, **query: Any) -> str:
        """A report as text (CSV), from wherever the service keeps it."""
        return await self._graph.text(self._get(path, query))

    async def dataverse(self, environment: str, path: str, **query: str) -> list[dict[str, Any]]:
        """All rows of a table of one environment (`https://….dynamics.com`, `/workflows`). Query options by
        name without `$`."""
        tables.refuse_writes(path)
        return await self._dataverse.listing(environment, path, query)


@dataclass(frozen=True)
class Receipt:
    """What a write was answered with. Rows may be none: most writes return nothing."""

    rows: list[dict[str, Any]]
    warnings: tuple[str, ...]
    request_ids: tuple[str, ...]


class Writer:
    """Sends what a plan shows, one request at a time, never in a batch. `password` makes the secrets that
    a plan only has a place for."""

    def __init__(self, exchange: Exchange, graph: Graph, dataverse: Dataverse, password: Generate) -> None:
        self._exchange = exchange
        self._graph = graph
        self._dataverse = dataverse
        self._password = password

    async def send(self, request: Request, *, anchor: str | None = None) -> Receipt:
        """Raises a ServiceError: UnknownOutcomeError where the answer was lost, so that the write may or
        may not have been done; `codes.already_so` and `codes.not_there` tell refusals that are success."""
        if request.api == "exchange":
            call = self._exchange.write_call(request.call, request.parameters, anchor)
            reply = await self._exchange.run(call)
            return Receipt(reply.rows, tuple(reply.warnings), tuple(reply.request_ids))
        if request.api == "graph":
            sent = filled(request, self._password)
            got = await self._graph.ask(self._graph.write_call(sent.call, sent.parameters))
            rows = [got.body] if isinstance(got.body, dict) else []
            return Receipt(rows, (), (got.request_id,))
        if request.api == "dataverse":
            made, request_id = await self._dataverse.send(request.call, request.parameters)
            return Receipt(made, (), (request_id,))
        message = "no such service: exchange, graph or dataverse"
        raise InvalidError(api=request.api, call=request.call, message=message)


def _get(path: str) -> str:
    return path.strip().removeprefix("GET ").strip()
