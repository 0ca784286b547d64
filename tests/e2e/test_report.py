"""`mbx report service` as its users have it: a mailbox whose mail is known, told in each form."""

from __future__ import annotations

import yaml

from tests.e2e.conftest import Desk

BOX = "contact@entreprise.example"
MAIL = [
    {"received": "2026-03-03T09:00:00Z", "from": "ann@client.example", "conversation": "a", "subject": "Geheim"},
    {"received": "2026-03-03T10:30:00Z", "from": BOX, "sender": "bruno@entreprise.example", "conversation": "a",
     "folder": "sentitems"},
    {"received": "2026-03-04T09:00:00Z", "from": "<b>@client.example", "conversation": "b"},
]  # fmt: skip
ASKED = ("report", "service", BOX, "--since", "2026-03-01", "--until", "2026-03-31")


def received(desk: Desk) -> None:
    state = yaml.safe_load(desk.tenant.ask("GET", "state"))
    state["apps"][0]["graph"].append("Mail.ReadBasic.All")
    (box,) = [one for one in state["objects"] if one.get("primary") == BOX or f"SMTP:{BOX}" in one.get("addresses", ())]
    box.setdefault("stores", {})["mail"] = MAIL
    desk.tenant.ask("PUT", "state", yaml.safe_dump(state, allow_unicode=True, sort_keys=False))


def open_in_paris(desk: Desk) -> None:
    desk.tenant.poke("Set-MailboxCalendarConfiguration", Identity=BOX, WorkingHoursTimeZone="Romance Standard Time")


def test_a_team_is_told_how_it_answers(desk: Desk) -> None:
    received(desk)
    assert "America/Los_Angeles" in desk.mbx(*ASKED, code=0).out
    open_in_paris(desk)
    desk.tenant.ask("DELETE", "requests")
    told = desk.mbx(*ASKED, code=0)
    assert "requests       2, of which 1 answered" in told.out
    assert "half within 1 h 30 min" in told.out
    assert "Geheim" not in told.out
    assert "bruno" not in told.out
    found = desk.mbx(*ASKED, "--format", "json", "--by-person", code=0).json
    assert (found["response"]["medianMinutes"], found["backlog"]["waiting"]) == (90, 1)
    assert found["people"] == [{"who": "bruno@entreprise.example", "answers": 1}]
    assert found["warnings"]
    closed = desk.mbx(*ASKED, "--format", "json", "--holiday", "2026-03-03", code=0).json
    assert closed["response"]["medianMinutes"] == 0
    assert desk.tenant.writes() == []


def test_a_page_with_charts(desk: Desk) -> None:
    received(desk)
    open_in_paris(desk)
    desk.mbx(*ASKED, "--format", "html", "--out", "page.html", code=0)
    page = (desk.folder / "page.html").read_text("utf-8")
    assert page.count("<svg") == 3
    assert "1 h 30 min" in page
    assert "http" not in page.replace("http-equiv", "")


def test_what_is_asked_wrongly_is_said(desk: Desk) -> None:
    assert "nobody@entreprise.example" in desk.mbx("report", "service", "nobody@entreprise.example", code=1).err
    assert "--since" in desk.mbx("report", "service", BOX, "--since", "2035-01-01", code=1).err
    assert "--within" in desk.mbx("report", "service", BOX, "--within", "soon", code=1).err
