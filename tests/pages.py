"""A site to look at: a small tenant that was looked at twice, with drift, a hostile name and a date to come."""

from __future__ import annotations

import asyncio
import html
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from controller.board import Board
from controller.notify.links import pages_of
from controller.settings import load_settings
from controller.web import Site, create_app
from controller.web.serving import address_of, bind, serve
from tests.rig import TENANT, Rig, make_rig
from tests.world.loop_rig import Follow

SMALL = (Path(__file__).parent / "scenarios" / "small.yaml").read_text(encoding="utf-8")
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
BOX = "contact@entreprise.example"
ESTATE = "/t/entreprise"
NAMES = ("mailboxes", f"mailboxes/{BOX}", f"mailboxes/{BOX}/review", "mailboxes/entreprise", "people?q=alice", "dates", "findings", "history", "told", "plan")
PAGES = ("/", *(f"{ESTATE}/{name}" for name in NAMES))
SPECS = {
    "contact.yaml": f"""\
kind: SharedMailbox
address: {BOX}
labels: {{team: support}}
displayName: "{HOSTILE}"
mailTip: Réponse sous 4 h
access:
  equipe@entreprise.example: [full-access, send-as]
  chloe@entreprise.example: [full-access]
  david@entreprise.example: [full-access]
  emma@entreprise.example:
    rights: [full-access]
    until: 2027-01-31
    reason: Remplacement — TICKET-1234
""",
    "factures.yaml": """\
kind: SharedMailbox
address: factures@entreprise.example
displayName: Reçus et factures
aliases: [compta@entreprise.example]
access: {personne@entreprise.example: [full-access]}
""",
}


def looked_at(folder: Path) -> tuple[Rig, Board]:
    """Applied once; then the administrator takes rights away and gives some, and it is looked at again, in
    report mode."""
    rig = make_rig(folder, SMALL, SPECS)
    rig.write("tenant.yaml", TENANT + "organization: {sendFromAlias: true}\n")
    board = Board()

    async def live() -> None:
        follow = Follow(folder, rig, listeners=[board])
        async with follow.running():
            rig.poke("Remove-MailboxPermission", Identity=BOX, User="chloe@entreprise.example",
                     AccessRights=["FullAccess"])  # fmt: skip
            rig.poke("Add-MailboxPermission", Identity=BOX, User="intrus@entreprise.example",
                     AccessRights=["FullAccess"])  # fmt: skip
            rig.clock.advance(timedelta(hours=2))  # by then the audit log tells
            text = (folder / "tenant.yaml").read_text(encoding="utf-8")
            (folder / "tenant.yaml").write_text(text.replace("mode: apply", "mode: report"), encoding="utf-8")
            await follow.next()

    asyncio.run(live())
    return rig, board


def site_of(
    rig: Rig, board: Board, now: datetime, *, exposed: bool = False, repository: str | None = None, **settings: str
) -> Site:
    """`repository`: where the specs would be fetched from."""
    return Site(
        board, load_settings(settings, env_file=None), lambda: now, lambda why: None, lambda: rig.journal, exposed,
        pages=pages_of(repository),
    )  # fmt: skip


def at_commit(board: Board, commit: str) -> Board:
    """The same as if the specs had been read from a commit."""
    made = Board()
    for standing in board.standings().values():
        made.add(replace(standing.last, commit=commit))
    return made


def asking(site: Site, *, raise_app_exceptions: bool = True) -> Any:
    """Asks the site for a path, and returns what comes back."""
    app = create_app(site)

    def ask(path: str, method: str = "GET", host: str = "127.0.0.1:8080", **rest: Any) -> httpx.Response:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(app, raise_app_exceptions=raise_app_exceptions)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                return await client.request(method, path, **rest)

        return asyncio.run(one())

    return ask


def read(answer: httpx.Response) -> str:
    """What somebody reads of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", answer.text)).split())


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Its address, on loopback, while it is served from a thread."""
    opened = bind("127.0.0.1:0")
    address, box = address_of(opened), dict[str, Any]()

    def run() -> None:
        async def main() -> None:
            box["loop"], box["stop"] = asyncio.get_running_loop(), asyncio.Event()
            await serve(create_app(site), opened, box["stop"].wait)

        asyncio.run(main())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        box["loop"].call_soon_threadsafe(box["stop"].set)
        thread.join(timeout=30)
