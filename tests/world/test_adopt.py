"""Drift accepted into git: only the lines concerned change, and the plan is empty afterwards."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from controller.intake import Adopted, adopt
from controller.reconciler import prepare
from tests.rig import Rig, make_rig
from tests.samples import SCENARIO
from tests.shapes import scenario
from tests.world.test_import import imported

BOX = "contact@entreprise.example"
WRITTEN = """\
# Our first mailbox. Ask Alice before you change it.
kind: SharedMailbox
address:   contact@entreprise.example   # as printed on the invoices
displayName: 'Contact'
aliases:
    - info@entreprise.example      # on the web site
    - vieux@entreprise.example
access:
    Alice@entreprise.example: [ full-access, send-as ]   # team lead
    bruno.petit@entreprise.example: {rights: [full-access, send-as, send-on-behalf], reason: "Renfort"}
    chloe@entreprise.example: [full-access]
    david@entreprise.example: [full-access]

signInBlocked:    true
categories: {Red category: red,   Blue category: blue}
automaticReplies:
  state: disabled
  internal: {file: replies/standard.html}
mailTip:    ""

---
kind: SharedMailbox
address: factures@entreprise.example   # another document of the same file
displayName:   Factures
"""


@pytest.fixture
def rig(tmp_path: Path, go: Any) -> Rig:
    made = make_rig(tmp_path, SCENARIO, {"contact.yaml": WRITTEN, "replies/standard.html": "<p>Bonjour</p>\n"})
    made.write("tenant.yaml", (tmp_path / "tenant.yaml").read_text("utf-8") + "safety: {maxShareLosingAccess: 1}\n")
    go(made.apply())
    assert go(made.plan()).changes == ()
    return made


def adopted(rig: Rig, go: Any, address: str = BOX) -> Adopted:
    async def look() -> Adopted:
        async with rig.connection() as connection:
            prepared = await prepare(rig.setting(), connection.reader())
        keys = frozenset(c.key for c in prepared.plan.changes if c.key.address == address)
        return adopt(prepared, rig.folder, rig.folder, keys)

    found = go(look())
    for path, text in found.files.items():
        path.write_text(text, encoding="utf-8")
    return found


def table(**parts: list[str]) -> dict[str, Any]:
    return {"@odata.type": "#Exchange.GenericHashTable", **parts}


def lines_changed(text: str) -> list[str]:
    before = WRITTEN.splitlines()
    return [line for line in text.splitlines() if line not in before]


def spec(rig: Rig) -> str:
    return (rig.folder / "contact.yaml").read_text("utf-8")


def test_nothing_to_adopt_changes_no_byte(rig: Rig, go: Any) -> None:
    assert adopted(rig, go).files == {}
    assert spec(rig) == WRITTEN


def test_somebody_added_by_hand(rig: Rig, go: Any) -> None:
    rig.poke("Add-MailboxPermission", Identity=BOX, User="emma@entreprise.example", AccessRights=["FullAccess"],
             InheritanceType="All")  # fmt: skip
    adopted(rig, go)
    assert lines_changed(spec(rig)) == ["    emma@entreprise.example: [full-access]"]
    assert go(rig.plan()).changes == ()


def test_rights_taken_by_hand_from_somebody_written_by_another_address(rig: Rig, go: Any) -> None:
    rig.poke("Remove-RecipientPermission", Identity=BOX, Trustee="bruno@entreprise.example", AccessRights=["SendAs"])
    rig.poke("Remove-RecipientPermission", Identity=BOX, Trustee="alice@entreprise.example", AccessRights=["SendAs"])
    adopted(rig, go)
    text = spec(rig)
    assert 'bruno.petit@entreprise.example: {rights: [full-access, send-on-behalf], reason: "Renfort"}' in text
    assert "Alice@entreprise.example: [full-access]" in text
    assert "# team lead" in text
    assert go(rig.plan()).changes == ()


def test_somebody_removed_by_hand(rig: Rig, go: Any) -> None:
    rig.poke("Remove-MailboxPermission", Identity=BOX, User="david@entreprise.example", AccessRights=["FullAccess"])
    adopted(rig, go)
    assert lines_changed(spec(rig)) == []
    assert "david" not in spec(rig)
    assert len(spec(rig).splitlines()) == len(WRITTEN.splitlines()) - 1


def test_a_name_an_alias_and_a_text_beside(rig: Rig, go: Any) -> None:
    rig.poke("Set-Mailbox", Identity=BOX, DisplayName="Contact: nous")
    rig.poke("Set-Mailbox", Identity=BOX, EmailAddresses=table(Add=["smtp:web@entreprise.example"]))
    rig.poke("Set-Mailbox", Identity=BOX, EmailAddresses=table(Remove=["smtp:vieux@entreprise.example"]))
    rig.poke("Set-MailboxAutoReplyConfiguration", Identity=BOX, InternalMessage="<p>Au revoir</p>")
    found = adopted(rig, go)
    assert found.left == []
    text = spec(rig)
    assert "    - info@entreprise.example      # on the web site\n" in text
    assert "    - web@entreprise.example\n" in text
    assert "vieux" not in text
    assert "displayName: \"Contact: nous\"" in text or "displayName: 'Contact: nous'" in text
    assert "Au revoir" in (rig.folder / "replies/standard.html").read_text("utf-8")
    assert "internal: {file: replies/standard.html}" in text
    assert text.endswith(WRITTEN[WRITTEN.index("---"):])
    assert go(rig.plan()).changes == ()


def test_what_no_document_can_say_is_left_and_told(rig: Rig, go: Any) -> None:
    rig.poke("Set-MailboxAutoReplyConfiguration", Identity=BOX, AutoReplyState="Scheduled",
             StartTime="2026-12-10T08:00:00Z", EndTime="2026-12-20T08:00:00Z",
             InternalMessage="<p>Bonjour</p>", ExternalMessage="<p>Bonjour</p>")  # fmt: skip
    found = adopted(rig, go)
    assert [(change.field, why) for change, why in found.left] == [
        ("automaticReplies.state", "no document can say it")
    ]
    assert "state: disabled" in spec(rig)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_changes_can_be_adopted(tmp_path: Path, go: Any, seed: int) -> None:
    """A tenant of any shape, imported; changed by hand; adopted: the plan is empty again."""
    rig = make_rig(tmp_path, scenario(seed), {})
    for name, text in go(imported(rig)).files.items():
        rig.write(name, text)
    before = {path: path.read_text("utf-8") for path in rig.folder.rglob("*.yaml")}
    draw = random.Random(seed)
    boxes = [f"mailboxes/{path.name}" for path in sorted((rig.folder / "mailboxes").glob("*.yaml"))]
    changed = draw.sample(boxes, 2)
    for name in changed:
        stem = name.removeprefix("mailboxes/").removesuffix(".yaml")
        drift(rig, draw, stem if "@" in stem else f"{stem}@entreprise.example")
    plan = go(rig.plan())
    assert plan.changes
    for key in {change.key for change in plan.changes}:
        assert adopted(rig, go, key.address).left == []
    assert go(rig.plan()).changes == ()
    rewritten = {str(path.relative_to(rig.folder)) for path, text in before.items() if path.read_text("utf-8") != text}
    assert rewritten == set(changed)


def drift(rig: Rig, draw: random.Random, address: str) -> None:
    rig.poke("Set-Mailbox", Identity=address, DisplayName=f"Autre: {draw.random()}", CustomAttribute3="# neuf")
    rig.poke("Set-Mailbox", Identity=address, EmailAddresses=table(Add=[f"smtp:neuf-{draw.random()}@entreprise.example"]))
    rig.poke("Set-Mailbox", Identity=address, ForwardingSmtpAddress=None, DeliverToMailboxAndForward=False,
             MessageCopyForSentAsEnabled=draw.random() < 0.5)  # fmt: skip
    for who in draw.sample(("emma", "david", "farid"), 2):
        rig.poke("Add-MailboxPermission", Identity=address, User=f"{who}@entreprise.example",
                 AccessRights=["FullAccess"], InheritanceType="All")  # fmt: skip
    for who in sorted(rig.send_as(address))[:1]:
        rig.poke("Remove-RecipientPermission", Identity=address, Trustee=who, AccessRights=["SendAs"])


def test_the_other_document_of_the_file(rig: Rig, go: Any) -> None:
    rig.poke("Set-Mailbox", Identity="factures@entreprise.example", DisplayName="Compta")
    adopted(rig, go, "factures@entreprise.example")
    assert lines_changed(spec(rig)) == ["displayName: Compta"]
    assert go(rig.plan()).changes == ()
