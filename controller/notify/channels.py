"""The ways to tell people, as a Tenant's `notify` names them: what each is called, and how it sends.

A way's name in the outbox is made of what it is, so that it stays the same when others are added around it.
It names the environment's variables and never what is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from controller.clients import Connection
from controller.clients.forge import CommitStatus, ForgeName, Site, home_of, open_forge, put_status, settled
from controller.clients.hooks import Hooks, checked_url
from controller.errors import SettingsError
from controller.notify import mail, slack, teams, webhook
from controller.notify.news import Notice
from controller.notify.status import Verdict
from controller.settings import Settings
from controller.spec.models.notify import Event, Notification


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to tell people of a tenant."""

    name: str
    entry: Notification

    @property
    def of_status(self) -> bool:
        return self.entry.commit_status is not None

    def wants(self, kind: Event) -> bool:
        """What `on` leaves out is not told; without `on`, everything is."""
        return not self.of_status and (self.entry.on is None or kind in self.entry.on)


@dataclass(frozen=True, slots=True)
class Means:
    """What sending needs. `connect` signs in to the tenant: mail is sent through it."""

    settings: Settings
    hooks: Hooks
    connect: Callable[[], AbstractAsyncContextManager[Connection]]


def channels_of(entries: Iterable[Notification]) -> list[Channel]:
    """Two entries that name the same way are told apart by a number."""
    taken: dict[str, int] = {}
    found = []
    for entry in entries:
        name = _name(entry)
        taken[name] = taken.get(name, 0) + 1
        found.append(Channel(f"{name}#{taken[name]}" if taken[name] > 1 else name, entry))
    return found


def _name(entry: Notification) -> str:
    if entry.teams:
        return f"teams/{entry.teams.webhook_url_from}"
    if entry.slack:
        return f"slack/{entry.slack.webhook_url_from}"
    if entry.webhook:
        return f"webhook/{entry.webhook.url_from}"
    if entry.mail:
        return f"mail/{entry.mail.from_}/{','.join(entry.mail.to)}"
    assert entry.commit_status is not None
    return f"commitStatus/{entry.commit_status.forge}/{entry.commit_status.repository}"


async def send(channel: Channel, notice: Notice, means: Means) -> None:
    """Raises a ServiceError, or SettingsError where a variable is missing."""
    entry = channel.entry
    if entry.teams:
        await _post(channel, entry.teams.webhook_url_from, teams.message(notice), notice, means)
    elif entry.slack:
        await _post(channel, entry.slack.webhook_url_from, slack.message(notice), notice, means)
    elif entry.webhook:
        hook = entry.webhook
        await _post(channel, hook.url_from, webhook.message(notice), notice, means, hook.secret_from)
    elif entry.mail:
        async with means.connect() as connection:
            await connection.post().send(entry.mail.from_, mail.message(notice, entry.mail.to))


async def _post(
    channel: Channel,
    variable: str,
    message: Mapping[str, Any],
    notice: Notice,
    means: Means,
    secret_from: str | None = None,
) -> None:
    url = checked_url(variable, means.settings.environ(variable))
    body = webhook.encoded(dict(message))
    headers = {"X-Mbx-Delivery": notice.id}
    if secret_from is not None:
        secret = means.settings.environ(secret_from)
        if not secret:
            raise SettingsError(f"{secret_from} is not set: the message cannot be signed, and is not sent")
        headers[webhook.SIGNATURE] = webhook.signature(body, secret)
    await means.hooks.post(channel.name, url, body, headers)


async def send_status(channel: Channel, tenant: str, verdict: Verdict, settings: Settings) -> None:
    """Raises a ServiceError, SettingsError or UsageError."""
    entry = channel.entry.commit_status
    assert entry is not None
    forge = ForgeName(entry.forge)
    token: SecretStr | None = settings.forge_token
    if token is None:
        raise SettingsError("MBX_FORGE_TOKEN is not set: the status of the commit cannot be set")
    site = settled(Site(forge, settings.forge_url or home_of(forge), entry.repository, token))
    async with open_forge(site, settings) as at:
        await put_status(at, CommitStatus(f"mbx/{tenant}", verdict.state, verdict.words), sha=verdict.sha)
