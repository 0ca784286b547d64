"""Long texts in a plan: the place where they part, not pages of HTML."""

from __future__ import annotations

from datetime import UTC, datetime

from controller.model import Action, Plan, Upcoming
from controller.report.coming import in_words
from controller.report.text import _turn, as_text

NEW_YEAR = datetime(2027, 1, 4, 8, tzinfo=UTC)
BOX = "support@entreprise.example"
COMING = tuple(
    Upcoming(NEW_YEAR, each, action)
    for each, action in (
        (f"SharedMailbox/{BOX}/access/alice@entreprise.example/full-access", Action.REVOKE),
        (f"SharedMailbox/{BOX}/access/alice@entreprise.example/send-as", Action.REVOKE),
        (f"SharedMailbox/{BOX}/automaticReplies/Fêtes", Action.REMOVE),
        ("DistributionList/equipe@entreprise.example/members/bruno@entreprise.example", Action.ADD),
        (f"SharedMailbox/{BOX}/folderPermissions/Inbox/chloe@entreprise.example", Action.REMOVE),
    )
)


def test_short_values_stand_whole():
    assert _turn("fr-FR", "en-GB") == "“fr-FR” → “en-GB”"
    assert _turn(None, True) == "nothing → true"


def test_of_long_texts_the_place_where_they_part_is_shown():
    same = "<p>Bonjour, " + "a" * 300
    line = _turn(f"{same} 4 heures</p>", f"{same} 8 heures</p>")
    assert line.startswith("“…aaaa")
    assert "4 heures</p>” → “…aaaa" in line
    assert line.endswith("8 heures</p>”")
    assert len(_turn("", "b" * 500)) < 110


def test_what_a_date_brings_is_named_whole():
    told = as_text(Plan("entreprise", "id", None, "", "", NEW_YEAR, (), (), COMING, ()))
    assert f"revoke  alice@entreprise.example  full-access, send-as  on {BOX}" in told
    assert f"remove  automaticReplies  Fêtes  on {BOX}" in told


def test_what_a_date_brings_to_somebody_is_one_sentence():
    assert [(one.address, one.words) for one in in_words(COMING)] == [
        ("equipe@entreprise.example", "bruno@entreprise.example joins the list"),
        (BOX, "alice@entreprise.example loses reading, sending as it"),
        (BOX, "the automatic reply “Fêtes” ends"),
        (BOX, "remove folderPermissions › Inbox › chloe@entreprise.example"),
    ]
