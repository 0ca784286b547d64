"""Long texts in a plan: the place where they part, not pages of HTML."""

from __future__ import annotations

from controller.report.text import _turn


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
