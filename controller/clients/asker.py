"""Asking one service: through the line, alone or in a batch, as often as the attempt policy allows.

What a request looks like and what a refusal means is the service's own (`Talk`). The fact one would not
guess: a batch that succeeded may hold nothing but failures, and its parts come back in any order, so an
answer belongs to a request by its id alone [reference: Exchange, $batch; Graph, JSON batch].
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

import structlog

from controller.clients.attempt import Attempt, Attempts, Effect, Failed, Nature
from controller.clients.line import Job, Line, answer, fail
from controller.clients.watching import Seen, watched
from controller.clients.wire import Answer, Ask, Wire
from controller.errors import TransientError

_log = structlog.get_logger(__name__)


class Item(Protocol):
    """One request as a service knows it. `name` and `target` are for people."""

    @property
    def name(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def effect(self) -> Effect: ...
    @property
    def hurried(self) -> bool: ...


I = TypeVar("I", bound=Item)  # noqa: E741 - the item of this service
I_contra = TypeVar("I_contra", bound=Item, contravariant=True)


class Talk(Protocol[I_contra]):
    """A service's own language. A batch numbers its requests from 1, in order."""

    def single(self, item: I_contra) -> Ask: ...
    def batch(self, items: Sequence[I_contra]) -> Ask: ...
    def failed(self, got: Answer, call: str, target: str) -> Failed: ...
    def accepts(self, got: Answer, item: I_contra) -> bool: ...


class Asker(Generic[I]):
    """Shared by every reader and writer of one service."""

    def __init__(self, talk: Talk[I], wire: Wire, attempts: Attempts, *, places: int, size: int) -> None:
        self._talk = talk
        self._wire = wire
        self._attempts = attempts
        self._batching = True
        self.line = Line(self._serve, places, size)

    async def ask(self, item: I, *, group: Hashable, mailbox: str, gate: Hashable) -> Answer:
        """The accepted answer; raises the ServiceError of the last attempt. `group` None: never batched.

        `mailbox`: whose at most four requests this one counts to; `gate`: what a 429 speaks for.
        """

        async def once(attempt: Attempt) -> Answer:
            shared = group if self._batching and not attempt.alone else None
            with self._watched(item, attempt) as answered:
                got = await self.line.wait(item, attempt, group=shared, mailbox=mailbox)
                answered(got)
            return got

        return await self._attempts.run(once, effect=item.effect, gate=gate, hurried=item.hurried)

    @contextmanager
    def _watched(self, item: I, attempt: Attempt) -> Iterator[Callable[[Answer], None]]:
        """Tells whoever watches how one attempt ended; inside, it is told the answer."""
        watch, began = watched(), self._wire.clock()

        def told(status: int, request_id: str, trouble: str) -> None:
            if watch is not None:
                seen = Seen(
                    self._wire.api,
                    item.name,
                    status,
                    attempt.number,
                    request_id,
                    trouble,
                    began,
                    self._wire.clock(),
                )
                watch(seen)

        try:
            yield lambda got: told(got.status, got.request_id, "")
        except Failed as failed:
            told(failed.error.status, failed.error.request_id, failed.nature.value)
            raise

    async def _serve(self, jobs: list[Job]) -> None:
        if len(jobs) > 1:
            await self._together(jobs)
            return
        job = jobs[0]
        try:
            got = await self._wire.send(self._talk.single(job.item), job.attempt)
        except Failed as error:
            fail(job, about(error, job.item.name, job.item.target))
        else:
            self._settle(job, got)

    async def _together(self, jobs: list[Job]) -> None:
        try:
            outer = await self._wire.send(self._talk.batch([job.item for job in jobs]), jobs[0].attempt)
        except Failed as error:
            self._fail_all(jobs, error)
            return
        responses = outer.body.get("responses") if outer.ok and isinstance(outer.body, dict) else None
        if not isinstance(responses, list):
            self._refused(jobs, outer)
            return
        self._wire.stats.batches += 1
        self._wire.stats.batched += len(jobs)
        inner = {str(part.get("id")): part for part in responses if isinstance(part, dict)}
        if any(part.get("status") == 401 for part in inner.values()):
            self._wire.forget()
        for number, job in enumerate(jobs, 1):
            part = inner.get(str(number))
            if part is None:
                fail(job, self._unanswered(job.item, outer))
            else:
                self._settle(job, _inner_answer(part, outer))

    def _settle(self, job: Job, got: Answer) -> None:
        if self._talk.accepts(got, job.item):
            answer(job, got)
        else:
            fail(job, self._talk.failed(got, job.item.name, job.item.target))

    def _refused(self, jobs: list[Job], outer: Answer) -> None:
        """The envelope itself was refused. Where it is not known at all, it is not tried again."""
        refusal = self._talk.failed(outer, "$batch", "")
        if outer.status in (404, 405, 501) and self._batching:
            self._batching = False
            _log.info("batching.ended", api=self._wire.api, status=outer.status)
        if outer.ok or outer.status == 424 or refusal.nature in (Nature.FINAL, Nature.FLAKY, Nature.FAULT):
            refusal.nature = Nature.ALONE
        self._fail_all(jobs, refusal)

    def _fail_all(self, jobs: list[Job], error: Failed) -> None:
        """What held for the envelope holds for each; all wait equally long, and go together again."""
        error.together = error.nature is not Nature.ALONE
        if error.error.retry_after is None and error.together:
            error.error.retry_after = self._attempts.backoff(jobs[0].attempt.number)
        for job in jobs:
            fail(job, about(error, job.item.name, job.item.target))

    def _unanswered(self, item: I, outer: Answer) -> Failed:
        error = TransientError(
            api=self._wire.api,
            call=item.name,
            message="the batch came back without an answer to this request",
            request_id=outer.request_id,
            target=item.target,
        )
        return Failed(error, Nature.LOST)


def about(failed: Failed, call: str, target: str) -> Failed:
    """The same failure, told of one request instead of what carried it; an exception of its own."""
    error = failed.error
    own = type(error)(
        api=error.api,
        call=call,
        message=error.message,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
        target=target,
        advice=error.advice,
        retry_after=error.retry_after,
    )
    return Failed(own, failed.nature, claims=failed.claims, together=failed.together)


def _inner_answer(part: Mapping[str, Any], outer: Answer) -> Answer:
    """One part of a batch as if it had come alone. Its headers may be missing, its body a string."""
    headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    if "request-id" not in headers:
        headers["request-id"] = outer.request_id
    if "date" not in headers and (date := outer.headers.get("date")):
        headers["date"] = date
    body, content = part.get("body"), b""
    if isinstance(body, str):
        content = body.encode("utf-8", "replace")
        try:
            body = json.loads(body)
        except ValueError:
            body = None
    try:
        status = int(part.get("status") or 500)
    except (TypeError, ValueError):
        status = 500
    return Answer(status, headers, body, content, outer.client_request_id)
