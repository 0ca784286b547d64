"""`mbx run`: the loop, and what it answers over HTTP."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import structlog

from controller.board import Board
from controller.cli import outcome
from controller.cli.messenger import messenger
from controller.cli.session import LEVELS, LOG_FORMATS, connection, identity
from controller.cli.snapshot import publisher
from controller.cli.terminal import closing as closing_line
from controller.cli.terminal import paint, show_plan
from controller.cli.terminal import tell as tell_outcome
from controller.errors import SettingsError, UsageError
from controller.journal import Journal
from controller.lead import Lead
from controller.log import set_up
from controller.loop import (
    Halt,
    Loop,
    Means,
    Noticing,
    Onward,
    Pruning,
    ScheduledAlarms,
    Timetable,
    Traced,
    untraced,
)
from controller.loop.telling import outcome_ended
from controller.metrics import Metrics
from controller.model import Outcome, Plan
from controller.notify import Notifier
from controller.settings import Settings, load_settings
from controller.source import FolderSource, RepositorySource, Source, fetched_from
from controller.spec import TenantSpecs
from controller.tracing import traces
from controller.turn import Listener, Reason, Turn
from controller.web import Site, create_app
from controller.web.serving import OFF, address_of, bind, is_exposed, serve

_EXAMPLES = """\b
Examples:
  mbx run                                            the specs in ./specs, looked at for ever
  mbx run --repo ssh://git@git.entreprise.example/mail/specs.git --branch main --path specs
  mbx run --once                                     one turn, for cron; exit status as apply
  mbx run --listen 0.0.0.0:8080 --log-format json    in a container
"""
_log = structlog.get_logger()


@click.command("run", epilog=_EXAMPLES)
@click.argument("specs", required=False, type=click.Path(path_type=Path))
@click.option(
    "--specs",
    "folder",
    type=click.Path(path_type=Path),
    help="The specs folder. Default: MBX_SPECS, else ./specs.",
)
@click.option("--repo", metavar="URL", help="Follow a git repository instead: https, ssh or a path.")
@click.option("--branch", metavar="NAME", help="Its branch. Default: the repository's own.")
@click.option("--path", default="", metavar="FOLDER", help="The specs folder inside it. Default: all of it.")
@click.option("--once", is_flag=True, help="One turn of each tenant, then exit with its status.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Where it answers over HTTP; 'off' for nowhere. Default: MBX_LISTEN, else 127.0.0.1:8080.",
)
@click.option("--tenant", metavar="NAME", help="Only this tenant, where the specs have several.")
@click.option(
    "--log-level",
    type=LEVELS,
    help="What is logged to stderr. Default: MBX_LOG_LEVEL, else info (with --once: warning).",
)
@click.option(
    "--log-format",
    type=LOG_FORMATS,
    help="auto: text on a terminal, JSON elsewhere. Default: MBX_LOG_FORMAT, else auto.",
)
def command(**options: Any) -> int:
    """Looks at the specs and the tenant, reports or applies as the Tenant's `mode` says, and goes on until
    it is told to stop: at its interval, at once on a hook of the forge or SIGHUP, and when a date in the
    specs comes.

    SIGTERM or Ctrl-C finishes the write in hand and ends (MBX_STOP_DEADLINE, 30s); a second one ends at once.

    Exit status: 0 when told to stop. With --once as apply; in report mode, outside the apply windows and
    for documents with `mode: report` 2 where something is pending.
    """
    if not options["once"]:
        _expect_signals()
    settings = load_settings()
    once, level = options["once"], options["log_level"] or settings.log_level
    if not once and "log_level" not in settings.model_fields_set and not options["log_level"]:
        level = "info"  # one line a cycle is what it has to say
    set_up(level=level, form=options["log_format"] or settings.log_format)
    source = _source(settings, options)
    with closing(Journals(settings.journal_url)) as journals:
        run = _once if once else _for_ever
        return asyncio.run(_told(run, settings, source, journals, options))


def _expect_signals() -> None:
    """Until the loop hears them itself: told to stop, it has nothing to finish yet, and a hang-up asks for
    the look that comes anyway."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _source(settings: Settings, options: dict[str, Any]) -> Source:
    repo, branch, path = options["repo"], options["branch"], options["path"]
    specs, folder = options["specs"], options["folder"]
    if repo is None:
        if branch or path:
            raise UsageError("--branch and --path belong to --repo: name the repository, too")
        return FolderSource(specs or folder or settings.specs)
    if specs or folder:
        raise UsageError("a specs folder and --repo: keep one; inside a repository the folder is --path")
    return RepositorySource(repo, branch, path, settings.state_folder, patience=settings.git_timeout)


def _repository(settings: Settings, options: dict[str, Any]) -> str | None:
    """Where git fetches the specs from: messages link to their lines."""
    folder = options["specs"] or options["folder"] or settings.specs
    return options["repo"] or fetched_from(folder)


class Journals:
    """The journal, opened when it is first needed, and again as long as it could not be."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self.opened: Journal | None = None

    def open(self) -> Journal:
        with self._lock:
            if self.opened is None:
                self.opened = Journal.open(self._url)
            return self.opened

    def close(self) -> None:
        if self.opened is not None:
            self.opened.close()


class Leading:
    """The lead as the journal has it, which is opened for that when it is first asked for."""

    def __init__(self, journals: Journals, lease: timedelta) -> None:
        self._journals = journals
        self._lease = lease
        self._name = f"process {os.getpid()} on {os.uname().nodename}"

    @asynccontextmanager
    async def lead(self, tenant_id: str) -> AsyncIterator[Lead | None]:
        journal = await asyncio.to_thread(self._journals.open)
        async with journal.leadership(self._name, self._lease).lead(tenant_id) as lead:
            yield lead

    def leader_of(self, tenant_id: str) -> str:
        """By name; raises StateError."""
        return self._journals.open().leader(tenant_id)


_now = Onward().now


def _loop(
    settings: Settings,
    source: Source,
    journals: Journals,
    tenant: str | None,
    halt: Halt,
    notifier: Notifier,
    *,
    told: Callable[[Outcome], None],
    planned: Callable[[Plan], None] = lambda plan: None,
    listeners: Sequence[Listener] = (),
    left: Callable[[str], None] = lambda tenant_id: None,
    traced: Traced = untraced,
) -> Loop:
    leading = Leading(journals, settings.lease)
    means = Means(
        connect=lambda specs: connection(settings, specs),
        journal=journals.open,
        leadership=leading,
        now=_now,
        sleep=halt.sleep,
        deadline=settings.propagation_deadline,
        patience=settings.propagation_wait,
        own_app=lambda specs: identity(settings, specs).client_id,
        leader_of=leading.leader_of,
        planned=planned,
        told=told,
        drifted=notifier.foresee,
        publish=publisher(settings),
        traced=traced,
    )
    pruning = Pruning(journals.open, _now, settings.keep_history, settings.keep_messages)
    timetable = Timetable(random.Random())  # noqa: S311 -- spreads load, keeps no secret
    return Loop(
        source, means, timetable, ScheduledAlarms(), halt,
        listeners=(*listeners, notifier, pruning), left=left, only=tenant, stop_within=settings.stop_deadline,
    )  # fmt: skip


def _obey(loop: Loop) -> None:
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, loop.stop)
    running.add_signal_handler(signal.SIGHUP, loop.look, "SIGHUP")


async def _told(
    run: Callable[..., Awaitable[int]],
    settings: Settings,
    source: Source,
    journals: Journals,
    options: dict[str, Any],
) -> int:
    """Runs it, with somebody who tells people what it finds."""
    repository = _repository(settings, options)
    async with messenger(settings, journals.open, repository, _now) as notifier:
        return await run(settings, source, journals, options["tenant"], options["listen"], notifier)


def _certificate_ends(settings: Settings, specs: TenantSpecs) -> datetime | None:
    """Where one signs in; what is wrong with it is for the turn to tell."""
    from controller.clients.certificate import certificate_ends  # noqa: PLC0415 - loads cryptography

    try:
        own = identity(settings, specs)
        if own.client_certificate is None:
            return None
        password = own.client_certificate_password
        return certificate_ends(own.client_certificate, password.get_secret_value() if password else None)
    except SettingsError:
        return None


async def _for_ever(
    settings: Settings,
    source: Source,
    journals: Journals,
    tenant: str | None,
    listen: str | None,
    notifier: Notifier,
) -> int:
    halt, board, metrics = Halt(), Board(), Metrics(_now, lambda specs: _certificate_ends(settings, specs))
    traced = traces(os.environ)
    noticing = Noticing()
    heard = (noticing, board, metrics, *((traced,) if traced else ()))

    def left(tenant_id: str) -> None:
        for one in (board, metrics, noticing):
            one.forget(tenant_id)

    loop = _loop(settings, source, journals, tenant, halt, notifier, listeners=heard, left=left,
                 told=outcome_ended, traced=traced.turn if traced else untraced)  # fmt: skip
    place = listen or settings.listen
    serving: asyncio.Future[None] | None = None
    if place != OFF:
        opened = bind(place)
        site = Site(board, settings, _now, loop.look, journals.open, is_exposed(opened),
                    metrics=metrics, pages=notifier.pages)  # fmt: skip
        serving = asyncio.ensure_future(serve(create_app(site), opened, halt.wait))
        _log.info("page.served", address=address_of(opened))
    _obey(loop)
    _log.info("loop.started", source=source.shown)
    await loop.run()
    if serving is not None:
        await serving
    _log.info("loop.ended")
    return outcome.GOOD


async def _once(
    settings: Settings,
    source: Source,
    journals: Journals,
    tenant: str | None,
    listen: str | None,
    notifier: Notifier,
) -> int:
    colours = paint()
    loop = _loop(settings, source, journals, tenant, Halt(), notifier,
                 planned=lambda plan: show_plan(plan, "text", colours), told=tell_outcome)  # fmt: skip
    _obey(loop)
    turns = await loop.once()
    for turn in turns:
        _show_end(turn)
    return outcome.first(outcome.of_turn(turn) for turn in turns)


def _show_end(turn: Turn) -> None:
    if turn.reason is Reason.NOT_LEADING:
        click.echo(f"Tenant {turn.tenant}: {turn.error}", err=True)
    elif turn.error:
        click.echo(f"Error: tenant {turn.tenant}: {turn.error}", err=True)
    elif turn.cycle is not None and turn.cycle.applied:
        held = sum(1 for change in turn.cycle.plan.changes if change.blocked_by)
        click.echo(closing_line(turn.cycle.outcomes, held))
