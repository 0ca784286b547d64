"""Who can read what, as noted whenever the tenant was looked at: held against the tenant itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.entitlements import Answers, Notes, as_lists
from controller.intake import leave, who_can_open
from tests.rig import Rig, make_rig
from tests.samples import LIMITS, SCENARIO
from tests.shapes import scenario
from tests.world.test_import import imported, put

BOX = "contact@entreprise.example"
SPECS = """\
kind: SharedMailbox
address: contact@entreprise.example
access:
  alice@entreprise.example: [full-access, send-as]
  equipe@entreprise.example: [full-access]
folderPermissions:
  Calendar: {emma@entreprise.example: reviewer}
---
kind: SharedMailbox
address: neuf@entreprise.example
access: {bruno@entreprise.example: [full-access]}
---
kind: DistributionList
address: equipe@entreprise.example
members: [chloe@entreprise.example, noyau@entreprise.example]
"""


def answers(rig: Rig, at: datetime | None = None) -> Answers:
    moment = at or rig.clock.now()
    records = rig.journal.access_lists_at(rig.sandbox.world.tenant_id, moment)
    return Answers(Notes.of_records(records, moment))


def readers(found: Answers, address: str = BOX) -> set[str]:
    return found.readers(address)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    made = make_rig(tmp_path, SCENARIO, {"box.yaml": SPECS})
    made.write("tenant.yaml", (tmp_path / "tenant.yaml").read_text("utf-8") + LIMITS)
    return made


def test_a_plan_notes_what_is_and_an_apply_what_became_of_it(rig: Rig, go: Any) -> None:
    go(rig.plan())
    before = answers(rig)
    assert readers(before) == {"alice@entreprise.example", "bruno@entreprise.example", "chloe@entreprise.example",
                               "david@entreprise.example"}  # fmt: skip
    assert before.opening("neuf@entreprise.example") is None
    go(rig.apply())
    after = answers(rig)
    assert readers(after) == {"alice@entreprise.example", "chloe@entreprise.example", "bruno@entreprise.example"}
    assert readers(after, "neuf@entreprise.example") == {"bruno@entreprise.example"}
    opening = after.opening(BOX)
    assert opening is not None
    bruno = next(holder for holder in opening.people if holder.who == "bruno@entreprise.example")
    assert bruno.rights == {"full-access": [("equipe@entreprise.example", "noyau@entreprise.example")]}
    emma = next(holder for holder in opening.people if holder.who == "emma@entreprise.example")
    assert emma.folders == {("Calendar", "reviewer"): [()]}
    assert len(opening.orphans) == 1  # left, as `orphans: report` says
    go(rig.plan())
    assert readers(answers(rig)) == readers(after)


def test_a_day_in_the_past_is_as_it_was_seen_then(rig: Rig, go: Any) -> None:
    go(rig.apply())
    then = rig.clock.now()
    rig.clock.advance(timedelta(days=3))
    rig.poke("Add-MailboxPermission", Identity=BOX, User="intrus@entreprise.example", AccessRights=["FullAccess"],
             InheritanceType="All")  # fmt: skip
    rig.poke("Add-DistributionGroupMember", Identity="noyau@entreprise.example", Member="david@entreprise.example",
             BypassSecurityGroupManagerCheck=True)  # fmt: skip
    go(rig.plan())
    now = readers(answers(rig))
    assert now - readers(answers(rig, then)) == {"intrus@entreprise.example", "david@entreprise.example"}
    opening = answers(rig, then).opening(BOX)
    assert opening is not None
    assert opening.seen_at <= then
    assert answers(rig, then - timedelta(days=30)).mailboxes == []


@pytest.mark.parametrize("seed", range(4))
def test_asked_and_noted_are_the_same(tmp_path: Path, go: Any, seed: int) -> None:
    rig = make_rig(tmp_path, scenario(seed), {})
    put(rig, go(imported(rig)))
    go(rig.plan())

    async def asked() -> Answers:
        async with rig.connection() as connection:
            return Answers(Notes.of_now(as_lists(await who_can_open(connection.reader())), rig.clock.now()))

    noted, live = answers(rig), go(asked())
    assert noted.mailboxes == live.mailboxes
    for address in noted.mailboxes:
        one, other = noted.opening(address), live.opening(address)
        assert one is not None
        assert other is not None
        assert [(h.who, h.rights) for h in one.people if h.rights] == [(h.who, h.rights) for h in other.people if h.rights]
        if address.startswith("box"):
            by_name = {h.who for h in one.people if () in h.rights.get("full-access", ())}
            people = {who for who in rig.full_access(address) if "@" in who and not who.startswith(("equipe", "noyau"))}
            assert by_name == people


def test_a_leaver_is_taken_out_and_nobody_else(rig: Rig, go: Any) -> None:
    go(rig.apply())
    before = (rig.folder / "box.yaml").read_text("utf-8")
    documents = rig.specs().documents
    leaving = leave(documents, frozenset({"chloe@entreprise.example"}), rig.folder)
    (path,) = leaving.files
    assert leaving.files[path] == before.replace("members: [chloe@entreprise.example, noyau", "members: [noyau")
    assert [(entry.document, entry.path) for entry in leaving.removed] == [
        ("equipe@entreprise.example", ("members", "chloe@entreprise.example"))
    ]
    path.write_text(leaving.files[path], encoding="utf-8")
    go(rig.apply())
    after = answers(rig)
    assert after.of_person("chloe@entreprise.example") == []
    assert readers(after) == {"alice@entreprise.example", "bruno@entreprise.example"}


def test_where_mail_goes_to_a_leaver_somebody_decides(rig: Rig) -> None:
    rig.write("box.yaml", SPECS.replace("address: neuf@entreprise.example\n",
              "address: neuf@entreprise.example\nforwarding: {to: bruno@entreprise.example}\n"))  # fmt: skip
    leaving = leave(rig.specs().documents, frozenset({"bruno@entreprise.example"}), rig.folder)
    assert [entry.path for entry in leaving.removed] == [("access", "bruno@entreprise.example")]
    assert [entry.path for entry, _ in leaving.kept] == [("forwarding", "to")]
