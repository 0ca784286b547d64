"""`mbx access`: who can read and send as a mailbox, what a person can open, and what it takes to end it."""

from __future__ import annotations

import difflib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from controller.cli import outcome
from controller.cli.diffs import show_diff
from controller.cli.session import Session, chosen_options, open_session, run
from controller.entitlements import Answers, Notes, as_lists, pages
from controller.entitlements.review import review
from controller.errors import UsageError
from controller.intake import leave, who_can_open
from controller.journal import Journal
from controller.spec import TenantSpecs
from controller.spec.dates import ends_at, parse_moment
from controller.spec.files import repository_root

_EXAMPLES = """\b
Examples:
  mbx access support@entreprise.example      who, and through which group
  mbx access --user alice@entreprise.example what she can open
  mbx access support@entreprise.example --at 2027-03-03
                                             who could on the third of March
  mbx access --live                          every shared mailbox, asked now
  mbx access support@entreprise.example --format html > review.html
                                             for the owner to tick and sign
  mbx access --user alice@entreprise.example --leaver
                                             take her out of the specs
"""


_NOTHING = "Nobody had looked at this tenant. Run mbx plan, or ask with --live."


@click.command("access", epilog=_EXAMPLES)
@click.argument("addresses", nargs=-1, metavar="[ADDRESS…]")
@chosen_options
@click.option("--user", "who", metavar="WHO", help="What this person can open, by any of their addresses.")
@click.option("--at", metavar="TIME", help="As it was seen then: a date (its end) or a timestamp.")
@click.option("--live", is_flag=True, help="Ask the tenant now, unmanaged shared mailboxes too.")
@click.option("--leaver", is_flag=True, help="With --user: take them out of the specs, to be reviewed.")
@click.option("--diff", is_flag=True, help="With --leaver: only show what would be written.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "html"]),
    default="text",
    show_default=True,
    help="html: a page for the owner to review, tick and sign.",
)
def command(addresses: tuple[str, ...], target: tuple[str, ...], **rest: Any) -> int:
    """Tells who can read and send as a mailbox, by which path; or what a person can open. Never writes to the
    tenant.

    It answers from what was last seen, and says how old that is: whatever looks at the tenant (plan, apply,
    drift, the loop) keeps who has access to the managed mailboxes. What nobody had looked at is asked of
    the tenant now; with --live everything is.

    Exit status: 0 answered; 1 nobody has that address, or an error.
    """
    return run(_access((*addresses, *target), **rest))


async def _access(
    addresses: tuple[str, ...],
    who: str | None,
    at: str | None,
    live: bool,
    leaver: bool,
    diff: bool,
    form: str,
    **common: Any,
) -> int:
    if leaver and (who is None or at):
        raise UsageError("--leaver takes somebody out of today's specs: name them with --user, without --at")
    if live and at:
        raise UsageError("--live asks for now: leave out --at")
    if who and addresses:
        raise UsageError("--user tells of every mailbox: leave out the address, or name one alone")
    if who and form == "html":
        raise UsageError("--format html is a review of mailboxes: name mailboxes, not --user")
    session = open_session(specs=None, target=(), **common)
    if len(session.tenants) > 1:
        raise UsageError("several tenants: choose one with --tenant")
    (specs,) = session.tenants
    now = datetime.now(UTC)
    notes = await _asked(session, specs, now) if live else _noted(session, specs, _moment(at, specs) or now)
    answers = Answers(notes)
    if not (live or at or leaver) and _is_news(answers, addresses):
        click.echo("nobody had looked at that yet: asking the tenant", err=True)
        answers = Answers(await _asked(session, specs, now, addresses))
    if who is not None:
        if leaver:
            return _leaver(answers, who, session, specs, only_show=diff)
        return _person(answers, who, form, now)
    return _mailboxes(answers, addresses, form, now, specs)


def _is_news(answers: Answers, addresses: tuple[str, ...]) -> bool:
    return not answers.mailboxes or any(answers.opening(address) is None for address in addresses)


async def _asked(
    session: Session, specs: TenantSpecs, now: datetime, addresses: tuple[str, ...] = ()
) -> Notes:
    async with session.connection(specs) as connection:
        return Notes.of_now(as_lists(await who_can_open(connection.reader(), addresses)), now)


def _noted(session: Session, specs: TenantSpecs, moment: datetime) -> Notes:
    with Journal.open(session.settings.journal_url) as journal:
        tenant: Any = specs.tenant.spec
        return Notes.of_records(journal.access_lists_at(tenant.tenant_id, moment), moment)


def _moment(text: str | None, specs: TenantSpecs) -> datetime | None:
    tenant: Any = specs.tenant.spec
    try:
        return None if text is None else ends_at(parse_moment(text), tenant.zone)
    except ValueError as error:
        raise UsageError(f"--at: {error}") from None


def _mailboxes(
    answers: Answers, addresses: tuple[str, ...], form: str, now: datetime, specs: TenantSpecs
) -> int:
    asked = addresses or tuple(answers.mailboxes)
    found = [(address, answers.opening(address)) for address in asked]
    openings = [opening for _, opening in found if opening is not None]
    if form == "json":
        told = [pages.document(opening) for opening in openings]
        if openings or not addresses:
            click.echo(json.dumps(told[0] if len(addresses) == 1 else told, ensure_ascii=False, indent=2))
    elif form == "csv":
        click.echo(pages.table(openings), nl=False)
    elif form == "html":
        click.echo(review(openings, now, lambda mailbox, who: _why(specs, mailbox, who)))
    elif openings:
        click.echo("\n\n".join("\n".join(pages.text(opening, now)) for opening in openings))
    for address, opening in found:
        if opening is None:
            click.echo(_unseen(answers, address), err=True)
    if not found:
        click.echo(_NOTHING, err=True)
    return outcome.GOOD if len(openings) == len(found) and found else outcome.ERROR


def _unseen(answers: Answers, address: str) -> str:
    near = difflib.get_close_matches(address.lower(), answers.mailboxes, 1)
    meant = f" — did you mean {near[0]}?" if near else ""
    return f"nobody had looked at {address}{meant or '.'} Run mbx plan, or ask with --live."


def _person(answers: Answers, who: str, form: str, now: datetime) -> int:
    primary = answers.primary(who) or who.lower()
    found = answers.of_person(who)
    if form == "json":
        told = pages.document_of_person(primary, found, now)
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif form == "csv":
        click.echo(pages.table([opening for opening, _ in found], primary), nl=False)
    elif found:
        click.echo("\n".join(pages.text_of_person(primary, found, now)))
    else:
        count = len(answers.mailboxes)
        click.echo(f"{who} can open none of the {count} mailboxes and lists that were looked at.")
    if not answers.mailboxes:
        click.echo(_NOTHING, err=True)
        return outcome.ERROR
    return outcome.GOOD


def _why(specs: TenantSpecs, mailbox: str, who: str) -> str:
    for document in specs.documents:
        if document.key and document.key.address == mailbox:
            access = getattr(document.spec, "access", None) or {}
            for name, entry in access.items():
                if name.lower() == who:
                    until = f"until {entry.until.isoformat()}" if entry.until else ""
                    return " — ".join(part for part in (entry.reason or "", until) if part)
    return ""


def _leaver(answers: Answers, who: str, session: Session, specs: TenantSpecs, *, only_show: bool) -> int:
    primary = answers.primary(who) or who.lower()
    addresses = frozenset({who.lower(), primary, *answers.addresses(primary)})
    folder = session.folder.resolve()
    root = (repository_root(folder) or Path.cwd()).resolve()
    leaving = leave((*specs.documents, *specs.profiles), addresses, root)
    for path, text in leaving.files.items():
        show_diff(path, text, root)
        if not only_show:
            path.write_text(text, encoding="utf-8", newline="")
    _tell(answers, primary, leaving)
    return outcome.GOOD


def _tell(answers: Answers, who: str, leaving: Any) -> None:
    """What is left to do, and whom it leaves alone."""
    entries = {(entry.document, entry.path[-1].lower()) for entry in leaving.removed}
    count = len(leaving.removed)
    if count:
        click.echo(f"{who}: {'1 entry' if count == 1 else f'{count} entries'} taken out of the specs.")
    else:
        click.echo(f"{who} is named nowhere in these specs.")
    for entry, why in leaving.kept:
        click.echo(f"to decide: {entry.document} {'.'.join(entry.path)} ({entry.place}): {why}", err=True)
    after = answers.without(frozenset(entries))
    for opening, _ in answers.of_person(who):
        if answers.readers(opening.address) == {who} and not after.readers(opening.address):
            click.echo(f"warning: nobody else can read {opening.address}", err=True)
    for opening, holder in after.of_person(who):
        ways = holder.via or ["by name, which no document of these specs says"]
        click.echo(f"still has access to {opening.address}: through {', '.join(ways)}", err=True)
