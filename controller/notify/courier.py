"""From the outbox to people: what waits is sent, again and again until it arrives or a day has gone by.

All that waits for one way to tell goes as one message, so that a hook that was down for hours gets one and
not one for each turn. A process that is killed after it sent and before it said so sends once more: each
message and each of its news has an id of its own by which whoever is told can know.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import structlog

from controller.errors import ControllerError, ServiceError
from controller.journal import Journal, Message
from controller.notify.channels import Channel, Means, send, send_status
from controller.notify.desk import Desk
from controller.notify.news import Notice
from controller.notify.noting import id_of
from controller.notify.status import Verdict

_log = structlog.get_logger(__name__)
_DAY: Final = timedelta(days=1)  # older news is no news
_HOLD: Final = timedelta(minutes=5)  # longer than any sending takes
_PATIENCE: Final = 120.0  # seconds for one message
_FIRST: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(minutes=30)
_AT_ONCE: Final = 200  # messages claimed in one pass
_KEPT: Final = 100  # news in one message
_GAP: Final = 1.0  # seconds between two messages one way: Slack takes one a second [doc: docs.slack.dev]

MeansOf = Callable[[Desk], Means]


class Courier:
    """Sends what waits for the tenants that it is given. Time comes from outside."""

    def __init__(
        self,
        journal: Callable[[], Journal],
        means_of: MeansOf,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._journal = journal
        self._means_of = means_of
        self._now = now
        self._sleep = sleep
        self._doors: dict[str, asyncio.Lock] = {}
        self._last: dict[str, datetime] = {}

    async def deliver(self, desks: Sequence[Desk]) -> int:
        """One pass over all that is due; returns how many messages were sent. Raises StateError."""
        return sum(await asyncio.gather(*map(self._of_tenant, desks)))

    async def _of_tenant(self, desk: Desk) -> int:
        due = await asyncio.to_thread(self._due, desk.tenant_id)
        ordered = sorted(due, key=lambda message: (message.notifier, message.number))
        groups = [(name, list(group)) for name, group in groupby(ordered, key=lambda m: m.notifier)]
        return sum(await asyncio.gather(*(self._to_one(desk, name, group) for name, group in groups)))

    def _due(self, tenant_id: str) -> list[Message]:
        return self._journal().outbox.claim(now=self._now(), hold=_HOLD, limit=_AT_ONCE, tenant_id=tenant_id)

    async def _to_one(self, desk: Desk, name: str, messages: list[Message]) -> int:
        channel = next((one for one in desk.channels if one.name == name), None)
        if channel is None:
            await self._end(
                messages, self._journal().outbox.gave_up, reason="no longer in the Tenant's notify"
            )
            return 0
        try:
            async with self._doors.setdefault(name, asyncio.Lock()):
                await self._pace(name)
                async with asyncio.timeout(_PATIENCE):
                    await self._send(desk, channel, messages)
        except (ControllerError, TimeoutError) as error:
            await self._put_off(name, messages, error)
            return 0
        await self._end(messages, self._journal().outbox.sent)
        _log.info("notification.sent", notifier=name, tenant=desk.tenant, messages=len(messages))
        return len(messages)

    async def _pace(self, name: str) -> None:
        """Several tenants may tell the same hook."""
        last = self._last.get(name)
        if last is not None and (left := _GAP - (self._now() - last).total_seconds()) > 0:
            await self._sleep(min(left, _GAP))  # more only where the clock was set back
        self._last[name] = self._now()

    async def _send(self, desk: Desk, channel: Channel, messages: list[Message]) -> None:
        means = self._means_of(desk)
        if channel.of_status:
            latest = Verdict.of(messages[-1].payload)  # an earlier one would only be written over
            await send_status(channel, desk.tenant, latest, means.settings)
            return
        await send(channel, together([Notice.of(message.payload) for message in messages]), means)

    async def _put_off(self, name: str, messages: list[Message], error: Exception) -> None:
        now, reason = self._now(), str(error) or "it took too long"
        told = error.retry_after if isinstance(error, ServiceError) and error.retry_after else 0.0
        for message in messages:
            if now - message.at >= _DAY:
                _log.error("notification.given_up", notifier=name, id=message.dedupe_key, reason=reason)
                await self._end([message], self._journal().outbox.gave_up, reason=reason)
                continue
            wait = max(min(_FIRST * 2 ** min(message.attempt - 1, 10), _LONGEST), timedelta(seconds=told))
            _log.warning("notification.put_off", notifier=name, id=message.dedupe_key, reason=reason,
                         attempt=message.attempt, wait=wait.total_seconds())  # fmt: skip
            await asyncio.to_thread(self._journal().outbox.failed, message, next_at=now + wait, reason=reason)

    async def _end(self, messages: Sequence[Message], end: Callable[..., None], **more: Any) -> None:
        for message in messages:
            await asyncio.to_thread(end, message, at=self._now(), **more)


def together(notices: Sequence[Notice]) -> Notice:
    """Several messages as one; a single one is itself."""
    if len(notices) == 1:
        return notices[0]
    news = [one for notice in notices for one in notice.news]
    more = Counter(str(one.kind) for one in news[_KEPT:])
    for notice in notices:
        more.update(notice.more)
    last = notices[-1]
    return Notice(id_of(n.id for n in notices), last.tenant, last.at, tuple(news[:_KEPT]), more, last.commit)
