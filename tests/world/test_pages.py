"""The pages: what they say, of whom, and where they lead."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from controller.board import Board
from controller.errors import ServiceError, StateError
from controller.model import Finding, Outcome, Severity, Status
from controller.turn import Reason, Turn
from tests.pages import BOX, ESTATE, HOSTILE, PAGES, asking, at_commit, looked_at, read, site_of

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    rig, board = looked_at(tmp_path_factory.mktemp("pages"))
    return SimpleNamespace(rig=rig, board=board)


@pytest.fixture
def visit(seen):
    def make(board=None, **more):
        return asking(site_of(seen.rig, board or seen.board, seen.rig.clock.now(), **more))

    return make



def test_every_page_is_answered_with_a_strict_policy_and_strangers_words_escaped(visit):
    ask = visit()
    for path in PAGES:
        answer = ask(path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert HOSTILE not in answer.text
        assert "<img src=x" not in answer.text
    assert "&lt;script&gt;document.title" in ask(f"{ESTATE}/mailboxes").text


def test_a_mailbox_says_what_differs_who_did_it_and_why_people_have_access(visit):
    text = read(visit()(f"{ESTATE}/mailboxes/{BOX}"))
    differs = text.partition("What differs")[2].partition("values that are as they should be")[0]
    assert "chloe@entreprise.example › full-access" in differs
    assert "intrus@entreprise.example › full-access" in differs
    assert differs.count("by admin@entreprise.example, 2026-12-01") == 2
    assert "contact.yaml:8" in differs
    access = text.partition("Who has access, and why")[2]
    assert "through equipe@entreprise.example › noyau@entreprise.example" in access
    assert "until 2027-01-31" in access
    assert "Remplacement — TICKET-1234" in access
    assert "grant access › emma@entreprise.example › full-access" in access.partition("History")[2]
    assert "emma@entreprise.example loses reading" in text.partition("Next dates")[2]
    assert access.count("no document gives it") == 1, "the intruder"
    assert re.search(r"read everything, by name — until 2027-01-31 \S*contact.yaml:\d+ Remplacement — TICKET-1234 given 2026-12-01 \d\d:\d\d CET", access)


def test_the_estate_says_what_needs_a_person(visit):
    text = read(visit()("/"))
    assert "unknown-address/factures@entreprise.example/personne@entreprise.example" in text
    assert "intrus@entreprise.example was given full-access — by admin@entreprise.example" in text
    assert "It only reports" in text


def test_searching_finds_by_address_name_label_and_state(visit):
    ask = visit()

    def found(query):
        text = ask(f"{ESTATE}/mailboxes?{query}").text
        return {name for name in (BOX, "factures@entreprise.example") if f">{name}</a>" in text}

    assert found("q=CONTACT") == {BOX}
    assert found("q=team%3Dsupport") == {BOX}
    assert found("state=drift") == {BOX}
    assert found("state=held") == {"factures@entreprise.example"}
    assert found("q=nothing") == set()
    assert found("q=entreprise+.example&page=99") == {BOX, "factures@entreprise.example"}
    assert found("page=-1&kind=DistributionList") == set()
    assert found("q=recus") == found("q=RE%C3%87US") == found("q=compta%40") == {"factures@entreprise.example"}


def test_a_person_is_found_by_part_of_an_address_and_what_they_open_through_whom(visit):
    ask = visit()
    assert "through equipe@entreprise.example" in ask(f"{ESTATE}/people?q=alice@entreprise.example").text
    assert f">{BOX}</a>" in ask(f"{ESTATE}/people?q=bruno.petit").text
    assert "Several are meant" in ask(f"{ESTATE}/people?q=entreprise").text
    assert "Nobody of that address" in ask(f"{ESTATE}/people?q=zzz").text


def test_a_group_tells_who_is_in_it_and_where_it_is_named(visit):
    told = read(visit()(f"{ESTATE}/people?q=equipe@entreprise.example"))
    assert "equipe@entreprise.example: a group, named on 1 mailbox or list" in told
    assert f"{BOX} read everything, send as it, by name" in told
    assert re.search(r"bruno\S* through noyau@entreprise.example", told.partition("In the group: ")[2])


def test_what_is_on_its_way_is_told_apart_from_what_differs(visit, seen):
    [standing] = seen.board.standings().values()
    cycle = standing.last_good.cycle
    intruder, *_ = (change for change in cycle.plan.changes if "intrus@" in change.id)
    board = Board()
    outcome = Outcome(intruder, Status.PROPAGATING)
    board.add(replace(standing.last_good, cycle=replace(cycle, outcomes=(outcome,), plan=replace(cycle.plan, changes=(intruder,)))))
    told = read(visit(board)(f"{ESTATE}/mailboxes/{BOX}"))
    assert f"{BOX} on its way" in told
    coming = Finding("propagating", f"{BOX}/displayName", Severity.INFO, "wait", key=intruder.key)
    board.add(replace(standing.last_good, cycle=replace(cycle, plan=replace(cycle.plan, changes=(), findings=(coming,)))))
    told = read(visit(board)(f"{ESTATE}/mailboxes/{BOX}"))
    assert f"{BOX} on its way" in told
    assert re.search(r"displayName\S*contact.yaml:\d+.*on its way", told.partition("What differs")[2].partition("values that are")[0])
    assert "1 on its way" in read(visit(board)("/"))


def test_pages_stay_when_the_journal_is_out_of_reach(seen):
    def gone():
        raise StateError("gone")

    site = site_of(seen.rig, seen.board, seen.rig.clock.now())
    ask = asking(replace(site, journal=gone))
    assert ask("/").status_code == 200
    for name in ("history", "told", f"mailboxes/{BOX}"):
        assert "out of reach" in ask(f"{ESTATE}/{name}").text


def test_of_many_tenants_the_one_in_trouble_stands_first(visit, seen):
    [standing] = seen.board.standings().values()
    good, now, board = standing.last_good, seen.rig.clock.now(), Board()
    board.add(replace(good, tenant="alpha", tenant_id="a"))
    board.add(replace(good, tenant="beta", tenant_id="b"))
    board.add(Turn("x", "beta", "b", now, now, reason=Reason.UNTRUSTED_COMMIT, error="signed by nobody"))
    board.add(Turn("y", "gamma", "c", now, now, reason=Reason.NOT_LEADING))
    ask = visit(board)
    told = read(ask("/"))
    assert re.findall(r"(alpha|beta|gamma) ?(degraded|stalled|standing by)", told) == 2 * [("beta", "stalled"), ("alpha", "degraded"), ("gamma", "standing by")]
    assert "untrusted-commit — signed by nobody" in told
    assert "last good one just now" in told
    assert "Another replica leads this tenant: nothing is wrong." in told
    for name in ("mailboxes", "people", "plan", f"mailboxes/{BOX}"):
        assert "No cycle has seen this tenant" in read(ask(f"/t/gamma/{name}"))
    for name in ("history", "told"):
        assert ask(f"/t/gamma/{name}").status_code == 200
    assert BOX in ask(f"/t/beta/mailboxes/{BOX}").text


def test_before_the_first_cycle_the_page_says_so(visit):
    assert "No cycle was completed yet" in visit(board=Board())("/").text


def test_a_date_is_told_in_its_own_time_zone() -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from controller.web.paper import stamp

    assert stamp(datetime(2026, 12, 24, 18, tzinfo=ZoneInfo("Europe/Paris"))) == "2026-12-24 18:00 CET"
    assert stamp(datetime(2026, 12, 24, 17, tzinfo=ZoneInfo("UTC"))) == "2026-12-24 17:00 UTC"


def test_lines_and_commits_lead_to_the_forge_and_no_credential_does(visit, seen):
    ask = visit(at_commit(seen.board, SHA), repository="https://bot:geheim@gitlab.com/entreprise/mail.git")
    for path in PAGES:
        assert "geheim" not in ask(path).text
    page = ask(f"{ESTATE}/mailboxes/{BOX}").text
    assert f'href="https://gitlab.com/entreprise/mail/-/commit/{SHA}"' in page
    assert re.search(rf'href="https://gitlab.com/entreprise/mail/-/blob/{SHA}/\S*contact.yaml#L8"', page)
    assert f"/-/blob/{SHA}/" in ask(f"{ESTATE}/plan").text
    for board, repository in ((seen.board, "https://gitlab.com/entreprise/mail"), (at_commit(seen.board, SHA), "/srv/mail.git"),
                              (at_commit(seen.board, f"{SHA}-dirty"), "https://gitlab.com/entreprise/mail")):  # fmt: skip
        assert "https://" not in visit(board, repository=repository)(f"{ESTATE}/mailboxes/{BOX}").text


def test_a_finding_says_what_it_means_and_how_one_that_is_refused_is_let_through(visit, seen):
    told = read(visit()(f"{ESTATE}/findings?q=unknown-address"))
    assert "nobody in the tenant has an address that the document names" in told
    assert "mend the address, or create the account first" in told
    assert "kind: Approval" not in told, "that one cannot be approved"
    [standing] = seen.board.standings().values()
    turn = standing.last_good
    for code, can_be_approved in (("last-reader", True), ("policy/no-outsiders", True), ("delete", False)):
        one = replace(turn.cycle.plan.findings[0], code=code, subject=BOX, severity=Severity.ERROR)
        board = Board()
        board.add(replace(turn, cycle=replace(turn.cycle, plan=replace(turn.cycle.plan, findings=(one,)))))
        told = read(visit(board)(f"{ESTATE}/findings"))
        assert (f"kind: Approval finding: {code}/{BOX} reason:" in told) is can_be_approved


def test_what_stands_between_backticks_is_shown_as_code(visit, seen):
    [standing] = seen.board.standings().values()
    cycle = standing.last_good.cycle
    told = replace(cycle.plan.findings[0], message="write `<b>expand: true</b>` there")
    board = Board()
    board.add(replace(standing.last_good, cycle=replace(cycle, plan=replace(cycle.plan, findings=(told,)))))
    for name in ("findings", "plan"):
        assert "write <code>&lt;b&gt;expand: true&lt;/b&gt;</code> there" in visit(board)(f"{ESTATE}/{name}").text


def test_what_the_tenant_says_of_the_organisation_is_no_mailbox(visit):
    ask = visit()
    assert "2 mailboxes and lists" in read(ask("/"))
    listed = ask(f"{ESTATE}/mailboxes")
    assert "2 found" in read(listed)
    assert "Organisation settings in sync" in read(listed)
    own = read(ask(f"{ESTATE}/mailboxes/entreprise"))
    assert "Organisation settings in sync" in own
    assert "Who has access" not in own
    assert "sendFromAlias" in own


def test_what_was_told_to_whom_and_what_waits_and_why(visit, seen):
    journal, now = seen.rig.journal, seen.rig.clock.now()
    [tenant_id] = seen.board.standings()
    news = {"id": "1", "kind": "drift", "what": "intrus was given full-access", "since": now.isoformat(),
            "resource": None, "who": "admin@entreprise.example", "place": "contact.yaml:7", "url": None, "advice": None}  # fmt: skip
    notice = {"id": "n", "tenant": "entreprise", "at": now.isoformat(), "commit": None, "news": [news], "more": {}}
    for way, payload in (("teams/MBX_A", notice), ("slack/MBX_B", notice), ("webhook/MBX_C", {"of": "another release"})):
        journal.outbox.enqueue(tenant_id, way, f"key {way}", payload, at=now)
    claimed = {one.notifier: one for one in journal.outbox.claim(now=now, hold=timedelta(minutes=5), tenant_id=tenant_id)}
    journal.outbox.sent(claimed["slack/MBX_B"], at=now)
    why = str(ServiceError("hook", "MBX_A", "no answer"))
    journal.outbox.failed(claimed["teams/MBX_A"], next_at=now + timedelta(minutes=9), reason=why)
    told = read(visit()(f"{ESTATE}/told"))
    assert "teams/MBX_A entreprise: 1 drifted" in told
    assert "intrus was given full-access — by admin@entreprise.example contact.yaml:7" in told
    assert re.search(r"waiting ?tried 1 time, due 2026-12-01 12:09 CET ?\S*.*no answer", told)
    assert "sent2026-12-01 12:00 CET" in told
    assert "a message of another release" in told
    assert "1 message could not be sent yet" in read(visit()("/"))


def test_a_history_is_told_run_by_run_and_of_one_mailbox(visit):
    ask = visit()
    assert "grant access › emma@entreprise.example › full-access" in read(ask(f"{ESTATE}/history"))
    assert "emma@" in read(ask(f"{ESTATE}/history?q={BOX}"))
    assert "Nothing was done to nobody@entreprise.example" in read(ask(f"{ESTATE}/history?q=nobody@entreprise.example"))
    assert "emma@" not in read(ask(f"{ESTATE}/history?page=7"))
    by_hand = read(ask(f"{ESTATE}/history?by=hand"))
    assert re.search(r"access › intrus@entreprise.example › full-access ?from — to yes", by_hand)
    assert "Add-MailboxPermission" in by_hand
    assert "emma@" not in by_hand


def test_an_owner_gets_a_sheet_to_tick_and_sign(visit):
    sheet = visit()(f"{ESTATE}/mailboxes/{BOX}/review")
    assert re.search("emma@entreprise.example ?open it and read everything ?by name ?Remplacement — TICKET-1234 — until 2027-01-31", read(sheet))
    assert "Signature" in sheet.text
    assert visit()(f"{ESTATE}/mailboxes/entreprise/review").status_code == 404


def test_who_has_access_comes_as_a_table_for_a_spreadsheet(visit):
    ask = visit()
    table = ask(f"{ESTATE}/mailboxes/{BOX}/access.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"{BOX},SharedMailbox,alice@entreprise.example,full-access,,equipe@entreprise.example," in table.text
    own = ask(f"{ESTATE}/people/alice@entreprise.example/access.csv").text
    assert "alice@" in own
    assert "emma@" not in own
    assert ask(f"{ESTATE}/mailboxes/entreprise/access.csv").status_code == 404
    assert ask(f"{ESTATE}/people/nobody/access.csv").status_code == 404
    whole = ask(f"{ESTATE}/access.csv")
    assert {"alice@entreprise.example", "emma@entreprise.example"} <= {line.split(",")[2] for line in whole.text.splitlines()}
    assert whole.headers["content-disposition"] == 'attachment; filename="access-entreprise-2026-12-01.csv"'
