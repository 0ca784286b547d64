"""The forges: one comment on a pull request, kept up to date in place, and the status of a commit.

What stands in the comment is the caller's. The fact one would not guess: a marker in a comment can be copied
by anybody, and some forges let our token edit what a stranger wrote, so that our words would stand where the
stranger may change them afterwards: only a comment that is ours by its author is written over.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import httpx

from controller.clients.attempt import Attempts, Policy
from controller.clients.forge import azure, github, gitlab
from controller.clients.forge.line import ForgeLine
from controller.clients.forge.model import (
    Comment,
    CommitStatus,
    Forge,
    ForgeName,
    Head,
    Site,
    State,
    cut,
)
from controller.clients.forge.site import home_of, loopback, settled, site_of_job
from controller.clients.transport import Door
from controller.errors import DeniedError, NotFoundError, UnknownOutcomeError
from controller.log import hide
from controller.settings import Settings

__all__ = [
    "Comment",
    "CommitStatus",
    "Forge",
    "ForgeName",
    "Head",
    "Site",
    "State",
    "cut",
    "home_of",
    "loopback",
    "open_forge",
    "put_comment",
    "put_status",
    "settled",
    "site_of_job",
]

# A job waits for a busy forge, and not for the better part of an hour.
_POLICY: Final = Policy(deadline=300.0)


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_forge(
    site: Site,
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    rng: random.Random | None = None,
    clock: Callable[[], datetime] = _now,
    policy: Policy = _POLICY,
) -> AsyncIterator[Forge]:
    """The forge behind `site`; nothing is sent before the first question."""
    if site.token is not None:
        hide([site.token.get_secret_value()])
    door = Door(settings.ca_bundle, settings.http_timeout, 4, http2=False, transport=transport)
    chance = rng or random.Random()  # noqa: S311 - spreads retries, keeps no secret
    headers, advice = _manners(site)
    line = ForgeLine(
        str(site.forge),
        site.root,
        headers,
        advice,
        door,
        Attempts(sleep=sleep, monotonic=monotonic, rng=chance, policy=policy),
        clock,
    )
    try:
        yield _forge(site, line)
    finally:
        await door.close()


def _forge(site: Site, line: ForgeLine) -> Forge:
    match site.forge:
        case ForgeName.GITHUB:
            return github.GitHub(line, site.repository)
        case ForgeName.GITLAB:
            return gitlab.GitLab(line, site.repository, site.pipeline)
        case ForgeName.AZURE:
            return azure.AzureDevOps(line, site.repository)


def _manners(site: Site) -> tuple[dict[str, str], dict[int, str]]:
    """What every request carries, and what to do when it is refused."""
    secret = site.token.get_secret_value() if site.token else ""
    match site.forge:
        case ForgeName.GITHUB:
            own = {"authorization": f"Bearer {secret}"} if secret else {}
            return {**github.HEADERS, **own}, github.ADVICE
        case ForgeName.GITLAB:
            name = "job-token" if site.of_job else "private-token"
            return {name: secret} if secret else {}, gitlab.ADVICE
        case ForgeName.AZURE:
            if site.token is None:
                return {"accept": "application/json"}, azure.ADVICE
            given = azure.authorization(site.token, of_job=site.of_job)
            return {"accept": "application/json", "authorization": given}, azure.ADVICE


async def put_comment(forge: Forge, pull: int, marker: str, text: str) -> Comment:
    """Makes the one comment that begins with `marker` say `text`, and returns it. `marker` is hidden from
    readers: an HTML comment. Raises a ServiceError."""
    body = f"{marker}\n{text}"
    for attempt in (1, 2):
        try:
            return await _put(forge, pull, marker, body)
        except UnknownOutcomeError:
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


async def _put(forge: Forge, pull: int, marker: str, body: str) -> Comment:
    for comment in await forge.comments(pull):
        if not comment.body.startswith(marker) or not await forge.is_own(comment):
            continue
        if comment.body == body:
            return comment
        try:
            return await forge.update(pull, comment, body)
        except (DeniedError, NotFoundError):  # not ours after all, or deleted a moment ago
            continue
    return await forge.create(pull, body)


async def put_status(forge: Forge, status: CommitStatus, *, sha: str, pull: int | None = None) -> None:
    """Sets a status; setting it twice does no harm, so a lost answer is followed by another try."""
    try:
        await forge.set_status(status, sha=sha, pull=pull)
    except UnknownOutcomeError:
        await forge.set_status(status, sha=sha, pull=pull)
