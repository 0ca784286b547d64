"""A site to look at: a small tenant that was looked at twice, with drift, a hostile name and a date to come."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from controller.board import Board
from controller.settings import load_settings
from controller.web import Site, create_app
from controller.web.serving import address_of, bind, serve
from tests.rig import Rig, make_rig
from tests.world.loop_rig import Follow

SMALL = (Path(__file__).parent / "scenarios" / "small.yaml").read_text(encoding="utf-8")
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
BOX = "contact@entreprise.example"
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
displayName: Factures
access: {personne@entreprise.example: [full-access]}
""",
}


def looked_at(folder: Path) -> tuple[Rig, Board]:
    """Applied once; then the administrator takes rights away and gives some, and it is looked at again, in
    report mode."""
    rig = make_rig(folder, SMALL, SPECS)
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


def site_of(rig: Rig, board: Board, now: datetime, *, exposed: bool = False, **settings: str) -> Site:
    return Site(
        board, load_settings(settings, env_file=None), lambda: now, lambda why: None, lambda: rig.journal, exposed
    )


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
