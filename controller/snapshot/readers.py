"""Two Readers: one that asks a tenant and notes what it answers, one that answers from what was noted.

Neither sends anything itself; neither can write. What was refused is noted, too: a plan offline then says
what one online would have said.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from controller import errors
from controller.clients import Reader, Reply
from controller.errors import ServiceError, SignInError, UnseenError
from controller.snapshot.tape import Answer, Tape, is_shortcut

T = TypeVar("T")
_KEPT = ("api", "call", "message", "status", "code", "request_id", "target", "advice")


class _Taped(Reader, ABC):
    """The Reader's methods, each as one question for `_answer`."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    @abstractmethod
    async def _answer(
        self, way: str, what: str, asked: Mapping[str, Any], select: Sequence[str] = (), **rest: Any
    ) -> Any:
        """The service's answer to a question; raises what it raised."""

    async def exchange(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] = (),
        anchor: str | None = None,
    ) -> list[dict[str, Any]]:
        rows = await self._answer("exchange", cmdlet, parameters or {}, select, anchor=anchor)
        return [dict(row) for row in rows]

    async def exchange_each(
        self,
        cmdlet: str,
        keep: Callable[[dict[str, Any]], T],
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] = (),
    ) -> list[T]:
        return [keep(row) for row in await self.exchange(cmdlet, parameters, select=select)]

    async def exchange_reply(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] = (),
        anchor: str | None = None,
    ) -> Reply:
        return Reply(await self.exchange(cmdlet, parameters, select=select, anchor=anchor))

    async def granted_cmdlets(self) -> frozenset[str] | None:
        return None  # only apply asks

    async def graph(self, path: str, **query: Any) -> dict[str, Any]:
        return dict(await self._answer("graph", path, _plain(query)))

    async def graph_list(self, path: str, *, top: int | None = None, **query: Any) -> list[dict[str, Any]]:
        asked = _plain(query if top is None else {"top": top, **query})
        return [dict(row) for row in await self._answer("graph_list", path, asked)]

    async def graph_text(self, path: str, **query: Any) -> str:
        return str(await self._answer("graph_text", path, _plain(query)))

    async def dataverse(self, environment: str, path: str, **query: str) -> list[dict[str, Any]]:
        asked = {"environment": environment, **query}
        return [dict(row) for row in await self._answer("dataverse", path, asked)]


class Recorder(_Taped):
    """Asks what the tape does not know yet. `hurried` is kept apart only on the way to the tenant."""

    def __init__(self, inner: Reader, tape: Tape) -> None:
        super().__init__(tape)
        self._inner = inner

    @property
    def hurried(self) -> Reader:
        return Recorder(self._inner.hurried, self.tape)

    async def _answer(
        self, way: str, what: str, asked: Mapping[str, Any], select: Sequence[str] = (), **rest: Any
    ) -> Any:
        answer = self.tape.find(way, what, asked, select)
        if answer is None:
            columns = frozenset(select) if select else None
            try:
                answer = Answer(columns, await self._ask_tenant(way, what, asked, select, rest))
            except SignInError:
                raise  # nothing can be asked: no answer at all
            except ServiceError as error:
                answer = Answer(columns, error=_written(error))
            answer = self.tape.note(way, what, asked, answer)
        return _given(answer)

    async def _ask_tenant(
        self, way: str, what: str, asked: Mapping[str, Any], select: Sequence[str], rest: Mapping[str, Any]
    ) -> Any:
        if way == "exchange":
            return await self._inner.exchange(what, asked, select=select, **rest)
        if way == "dataverse":
            query = {name: str(value) for name, value in asked.items() if name != "environment"}
            return await self._inner.dataverse(str(asked["environment"]), what, **query)
        if way == "graph_list":
            return await self._inner.graph_list(what, **asked)
        if way == "graph_text":
            return await self._inner.graph_text(what, **asked)
        return await self._inner.graph(what, **asked)


class Replay(_Taped):
    """Answers from a tape. Raises UnseenError for what was not asked then; `unseen` has those questions of
    which the answer is missed."""

    def __init__(self, tape: Tape) -> None:
        super().__init__(tape)
        self.unseen: set[str] = set()

    @property
    def hurried(self) -> Reader:
        return self

    async def _answer(
        self, way: str, what: str, asked: Mapping[str, Any], select: Sequence[str] = (), **rest: Any
    ) -> Any:
        answer = self.tape.find(way, what, asked, select)
        if answer is None:
            api = way.partition("_")[0]
            about = self.tape.called(str(asked.get("Identity") or asked.get("Mailbox") or ""))
            call = self.tape.called(what.partition("?")[0])
            if not is_shortcut(way, what, asked):
                self.unseen.add(f"{call} {about}".strip())
            raise UnseenError(api, call, "the snapshot did not look at this", target=about)
        return _given(answer)


def _plain(query: Mapping[str, Any]) -> dict[str, Any]:
    """As it will be read back from a file."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in query.items()}


def _written(error: ServiceError) -> dict[str, Any]:
    said = asdict(error)
    return {"class": type(error).__name__, **{name: said[name] for name in _KEPT if said[name]}}


def _given(answer: Answer) -> Any:
    if answer.error is None:
        return answer.value
    said = dict(answer.error)
    kind = getattr(errors, str(said.pop("class")), ServiceError)
    if not (isinstance(kind, type) and issubclass(kind, ServiceError)):
        kind = ServiceError
    raise kind(**said)
