"""A snapshot made by one who may sign in, and plans by one who holds a public key."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Desk, environment
from tests.e2e.test_saved_plans import pair

BOX = """\
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libre
"""
EDIT = BOX + "access: {emma@entreprise.example: [full-access]}\nmailTip: Bonjour\n"


@pytest.fixture
def published(desk: Desk) -> Desk:
    desk.spec(BOX)
    key, _ = pair(desk.folder, "snapshot")
    desk.mbx("apply", "--yes", code=0)
    done = desk.mbx("snapshot", "--out", "t.snapshot", code=0, MBX_SNAPSHOT_KEY=key)
    assert "t.snapshot: 1 mailboxes and lists" in done.out
    desk.spec(EDIT)
    return desk


def stranger(desk: Desk) -> Desk:
    """The same folder with nothing but a public key in its environment."""
    env = environment(HOME=str(desk.folder), MBX_SNAPSHOT_PUBLIC_KEY="snapshot.pub")
    return Desk(desk.folder, desk.tenant, env)


def plain(plan: Any) -> Any:
    del plan["createdAt"]
    plan["diagnostics"] = [one for one in plan["diagnostics"] if one["code"] != "from-snapshot"]
    return plan


def test_the_same_plan_with_nothing_but_a_public_key(published: Desk):
    online = published.plan()
    desk = stranger(published)
    desk.tenant.ask("DELETE", "requests")
    made = desk.plan("--snapshot", "t.snapshot")
    assert desk.tenant.ask("GET", "requests")["value"] == []
    (said,) = [one for one in made["diagnostics"] if one["code"] == "from-snapshot"]
    assert "old, and not from the tenant" in said["message"]
    assert json.dumps(plain(made)) == json.dumps(plain(online))
    assert len(made["changes"]) == 2
    assert not (desk.folder / ".local").exists(), "no journal is made where none is asked"


def test_what_was_planned_offline_is_applied_online(published: Desk):
    stranger(published).mbx("plan", "--snapshot", "t.snapshot", "--out", "plan.json", code=0)
    published.mbx("apply", "plan.json", "--yes", code=0)
    assert published.tenant.holders("libre@entreprise.example") == {"emma@entreprise.example"}


def test_what_is_refused(published: Desk):
    desk = stranger(published)
    _, other = pair(desk.folder, "other")
    taken = ("plan", "--snapshot", "t.snapshot")
    assert "not signed with the key" in desk.mbx(*taken, code=1, MBX_SNAPSHOT_PUBLIC_KEY=other).err
    assert "MBX_SNAPSHOT_PUBLIC_KEY is not set" in desk.mbx(*taken, code=1, MBX_SNAPSHOT_PUBLIC_KEY="").err
    assert "--max-age allows" in desk.mbx(*taken, "--max-age", "0", code=1).err
    assert "is not a duration" in desk.mbx(*taken, "--max-age", "soon", code=1).err
    assert "this is no snapshot" in desk.mbx("plan", "--snapshot", "specs/box.yaml", code=1).err
    assert "No such file" in desk.mbx("plan", "--snapshot", "nowhere", code=1).err
    other_tenant = (desk.folder / "specs" / "tenant.yaml").read_text(encoding="utf-8").replace("0001", "0002")
    desk.spec(other_tenant, "tenant.yaml")
    assert "the snapshot is of tenant" in desk.mbx(*taken, code=1).err
    assert "MBX_SNAPSHOT_KEY is not set" in published.mbx("snapshot", "--out", "x", code=1).err


def test_the_loop_publishes_one_after_each_good_turn(published: Desk):
    named = {"MBX_SNAPSHOT_KEY": "snapshot.key", "MBX_SNAPSHOT_FILE": "of-{tenant}.snapshot"}
    published.mbx("run", "--once", code=0, **named)
    assert stranger(published).plan("--snapshot", "of-entreprise.snapshot")["changes"] == []
    published.spec(EDIT + "hiddenFromAddressLists: true\n")
    made = stranger(published).plan("--snapshot", "of-entreprise.snapshot")["changes"]
    assert [(change["field"], change["cause"]) for change in made] == [("hiddenFromAddressLists", "spec")]
    assert "MBX_SNAPSHOT_KEY is not set" in published.mbx("run", "--once", code=1, MBX_SNAPSHOT_FILE="x").err


class Shelf(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; `/moved` sends on to it, `/away` to elsewhere."""

    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("location", "/t.snapshot")
            self.end_headers()
        elif self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("location", "http://192.0.2.1/t.snapshot")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def shelf(desk: Desk) -> Iterator[str]:
    serve = functools.partial(Shelf, directory=str(desk.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_by_its_address(published: Desk, shelf: str):
    desk = stranger(published)
    for path in ("t.snapshot", "moved?sig=hidden"):
        assert len(desk.plan("--snapshot", f"{shelf}/{path}")["changes"]) == 2
    gone = desk.mbx("plan", "--snapshot", f"{shelf}/none?sig=hidden", code=1).err
    assert "answers with HTTP 404" in gone
    assert "hidden" not in gone
    for place in (f"{shelf}/away", "http://192.0.2.1/t.snapshot", "ftp://127.0.0.1/t.snapshot"):
        assert "neither an https:// address nor" in desk.mbx("plan", "--snapshot", place, code=1).err
    assert Path(desk.folder, "t.snapshot").exists()
