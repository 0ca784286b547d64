"""`mbx comment`: the plan as one comment on the pull request, and the status of its commit."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from controller.cli import outcome
from controller.cli.session import Session, chosen_options, open_session, optional_journal, run
from controller.cli.show import opened
from controller.cli.words import body_of, headline, marker_of, unplanned
from controller.clients.forge import (
    CommitStatus,
    Forge,
    ForgeName,
    Site,
    State,
    open_forge,
    put_comment,
    put_status,
    site_of_job,
)
from controller.errors import ControllerError, DeniedError, NotFoundError, UsageError
from controller.log import set_up
from controller.model import Plan
from controller.reconciler import prepare
from controller.settings import Settings, load_settings
from controller.spec import TenantSpecs

_EXAMPLES = """\b
Examples:
  mbx plan --out plan.json; mbx comment plan.json    in a job of a pull request
  mbx comment                                        plans, then comments
  mbx comment entreprise.json filiale.json           several tenants: a comment each
  mbx comment plan.json --forge github --repository entreprise/mail --pr 7
"""
_TOKENS: Final = {
    ForgeName.GITHUB: "hand it to the step (`env: {GITHUB_TOKEN: ${{ github.token }}}`) or set "
    "MBX_FORGE_TOKEN",
    ForgeName.GITLAB: "set MBX_FORGE_TOKEN to a project access token with the scope `api`",
    ForgeName.AZURE: "hand it to the step (`env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}`) or set "
    "MBX_FORGE_TOKEN",
}


@click.command("comment", epilog=_EXAMPLES)
@click.argument("plans", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--forge",
    type=click.Choice([str(name) for name in ForgeName]),
    help="Where the pull request is. Default: whose job this is.",
)
@click.option(
    "--repository",
    metavar="NAME",
    help="OWNER/NAME at GitHub, GROUP/PROJECT at GitLab, PROJECT/REPOSITORY at Azure DevOps. Default: this "
    "job's.",
)
@click.option(
    "--pr", "pull", type=click.IntRange(1), metavar="N", help="The pull request. Default: this job's."
)
@click.option("--no-status", is_flag=True, help="Leave the status of the commit alone.")
@chosen_options
def command(plans: tuple[Path, ...], no_status: bool, **options: Any) -> int:
    """Puts the plan into one comment on the pull request, keeps that comment up to date on each push, and
    sets the status of the commit. Takes plans that `mbx plan --out` saved; without one it plans itself.

    In a pull request from a fork, which gets no token that may write, it prints the comment instead.

    Exit status: 0 the comment stands (or could not, in a fork); 1 an error; 4 a saved plan that was altered.
    What the plan says does not count: that is in the status, and what `mbx plan` exits with.
    """
    settings = load_settings()
    set_up(
        level=options["log_level"] or settings.log_level, form=options["log_format"] or settings.log_format
    )
    forge = options.pop("forge")
    site = site_of_job(
        os.environ,
        forge=ForgeName(forge) if forge else None,
        url=settings.forge_url,
        token=settings.forge_token,
        repository=options.pop("repository"),
        pull=options.pop("pull"),
    )
    if site.pull is None:
        raise UsageError("this job is for no pull request: say --pr N")
    if plans:
        tellings = [_Telling(plan.tenant, plan) for plan in map(opened, plans)]
        return run(_tell(settings, site, tellings, None, no_status))
    session = open_session(specs=None, **options)
    tellings = [_Telling(_name(specs), None, specs) for specs in session.tenants]
    return run(_tell(settings, site, tellings, session, no_status))


def _name(specs: TenantSpecs) -> str:
    tenant: Any = specs.tenant.spec
    return str(tenant.name)


@dataclass(frozen=True, slots=True)
class _Telling:
    """What is to be told of one tenant: a plan, or specs to plan from."""

    tenant: str
    plan: Plan | None
    specs: TenantSpecs | None = None


async def _tell(
    settings: Settings, site: Site, tellings: list[_Telling], session: Session | None, no_status: bool
) -> int:
    names = [telling.tenant for telling in tellings]
    if len(set(names)) < len(names):
        raise UsageError("two of these plans are for the same tenant: one comment cannot hold both")
    async with open_forge(site, settings) as forge:
        desk = _Desk(forge, site, no_status)
        statuses = [await _one(desk, telling, session) for telling in tellings]
    return outcome.first(statuses)


async def _one(desk: _Desk, telling: _Telling, session: Session | None) -> int:
    if telling.plan is not None:
        await desk.tell(telling.tenant, telling.plan)
        return outcome.GOOD
    assert session is not None
    assert telling.specs is not None
    await desk.set_status(telling.tenant, State.PENDING, "planning")
    try:
        plan = await _planned(session, telling.specs)
    except ControllerError as error:
        click.echo(f"Error: tenant {telling.tenant}: {error}", err=True)
        await desk.tell_trouble(telling.tenant, str(error))
        return outcome.ERROR
    await desk.tell(telling.tenant, plan)
    return outcome.GOOD


async def _planned(session: Session, specs: TenantSpecs) -> Plan:
    setting = session.setting(specs, optional_journal(session.settings))
    async with session.connection(specs) as connection:
        return (await prepare(setting, connection.reader())).plan


class _Desk:
    """Where comments and statuses are written, or printed where a fork may not write."""

    def __init__(self, forge: Forge, site: Site, no_status: bool) -> None:
        self._forge = forge
        self._site = site
        self._no_status = no_status
        self._refused = site.token is None
        if self._refused:
            self._excuse(None)

    async def tell(self, tenant: str, plan: Plan) -> None:
        marker = marker_of(tenant)
        text = body_of(plan, self._site, self._forge.body_limit - len(marker) - 1)
        link = await self._comment(tenant, marker, text)
        healthy = outcome.of_plan(plan, detailed=False) == outcome.GOOD
        await self.set_status(tenant, State.SUCCESS if healthy else State.FAILURE, headline(plan), link)

    async def tell_trouble(self, tenant: str, error: str) -> None:
        link = await self._comment(tenant, marker_of(tenant), unplanned(tenant, error, self._site))
        await self.set_status(tenant, State.ERROR, "the plan could not be made", link)

    async def set_status(self, tenant: str, state: State, words: str, link: str | None = None) -> None:
        if self._no_status or self._refused:
            return
        try:
            sha = await self._sha()
            status = CommitStatus(f"mbx/{tenant}", state, words, self._site.job or link)
            await put_status(self._forge, status, sha=sha, pull=self._site.pull)
        except (DeniedError, NotFoundError) as error:
            self._excuse(error)

    async def _comment(self, tenant: str, marker: str, text: str) -> str | None:
        pull = self._site.pull
        assert pull is not None
        if not self._refused:
            try:
                comment = await put_comment(self._forge, pull, marker, text)
                click.echo(f"{tenant}: {comment.url or f'commented on {pull}'}")
                return comment.url
            except (DeniedError, NotFoundError) as error:
                self._excuse(error)
        click.echo(text)
        return None

    async def _sha(self) -> str:
        if self._site.sha is None:
            assert self._site.pull is not None
            head = await self._forge.head(self._site.pull)
            self._site = replace(self._site, sha=head.sha, from_fork=head.from_fork)
        assert self._site.sha is not None
        return self._site.sha

    def _excuse(self, error: ControllerError | None) -> None:
        """A stranger's pull request gets no token that may write: that is as it should be. Elsewhere it is
        somebody's mistake, and an error."""
        if not self._site.from_fork:
            raise error or UsageError(f"no token for {self._site.forge}: {_TOKENS[self._site.forge]}")
        self._refused = True
        click.echo(
            "This pull request comes from a fork, whose jobs get no token that may write: the plan is "
            f"printed here instead of in a comment.{f' ({error})' if error else ''}",
            err=True,
        )
