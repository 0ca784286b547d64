"""The pages: who is let in, what they say, and that they do nothing."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import httpx
import pytest

from controller.board import Board
from controller.errors import SettingsError, StateError
from controller.settings import load_settings
from controller.web import create_app
from tests.pages import BOX, HOSTILE, looked_at, site_of

TOKEN = "a-token-of-sixteen-letters-or-more"
ESTATE = "/t/entreprise"
PAGES = ("/", *(f"{ESTATE}/{name}" for name in ("mailboxes", f"mailboxes/{BOX}", "people", "dates", "findings", "history", "plan")))


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    rig, board = looked_at(tmp_path_factory.mktemp("pages"))
    return SimpleNamespace(rig=rig, board=board)


@pytest.fixture
def visit(seen):
    def make(exposed=False, board=None, **settings):
        site = site_of(seen.rig, board or seen.board, seen.rig.clock.now(), exposed=exposed, **settings)
        app = create_app(site)

        def ask(path, method="GET", host="127.0.0.1:8080", **rest):
            async def one():
                transport = httpx.ASGITransport(app)
                async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                    return await client.request(method, path, **rest)

            return asyncio.run(one())

        return ask

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
    text = visit()(f"{ESTATE}/mailboxes/{BOX}").text
    differs = text.partition("What differs")[2].partition("<details>")[0]
    assert "chloe@entreprise.example › full-access" in differs
    assert "intrus@entreprise.example › full-access" in differs
    assert differs.count("by admin@entreprise.example, 2026-12-01") == 2
    assert "contact.yaml:8" in differs
    access = text.partition("Who has access, and why")[2]
    assert "through equipe@entreprise.example › noyau@entreprise.example" in access
    assert "until 2027-01-31" in access
    assert "Remplacement — TICKET-1234" in access
    assert "grant access › emma@entreprise.example › full-access" in access.partition("History")[2]
    assert "revoke" in text.partition("Next dates")[2]


def test_the_estate_says_what_needs_a_person(visit):
    text = visit()("/").text
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


def test_a_person_is_found_by_part_of_an_address_and_what_they_open_through_whom(visit):
    ask = visit()
    assert "through equipe@entreprise.example" in ask(f"{ESTATE}/people?q=alice@entreprise.example").text
    assert f">{BOX}</a>" in ask(f"{ESTATE}/people?q=bruno.petit").text
    assert "Several are meant" in ask(f"{ESTATE}/people?q=entreprise").text
    assert "Nobody of that address" in ask(f"{ESTATE}/people?q=zzz").text


def test_nothing_but_reading_is_answered(visit, seen):
    ask = visit()
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert ask("/", method).status_code == 405
        assert ask(f"{ESTATE}/mailboxes", method).status_code == 405
    assert ask("/", "HEAD").status_code == 200
    assert ask("/t/nobody/mailboxes").status_code == 404
    assert ask(f"{ESTATE}/mailboxes/nobody@entreprise.example").status_code == 404


def test_on_loopback_a_name_of_somebody_elses_is_refused(visit):
    ask = visit()
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080"):
        answer = ask("/", host=host)
        assert answer.status_code == 421
        assert BOX not in answer.text
    for host in ("localhost:8080", "[::1]:8080", "127.0.0.1"):
        assert ask("/", host=host).status_code == 200


def test_beyond_loopback_without_a_door_only_probes_are_answered(visit):
    ask = visit(exposed=True)
    for path in PAGES:
        answer = ask(path)
        assert answer.status_code == 403
        assert "MBX_WEB_TOKEN" in answer.text
        assert BOX not in answer.text
    assert ask("/healthz").status_code == 200
    assert ask("/readyz").status_code == 200


def test_a_token_lets_in_by_header_or_by_signing_in(visit):
    ask = visit(exposed=True, MBX_WEB_TOKEN=TOKEN)
    assert ask("/").status_code == 401
    assert ask("/", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert ask("/", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    sent = ask(f"{ESTATE}/mailboxes?q=x", headers={"accept": "text/html"})
    assert sent.status_code == 303
    assert sent.headers["location"] == "/login?to=%2Ft%2Fentreprise%2Fmailboxes%3Fq%3Dx"
    assert ask("/login", "POST", data={"token": "wrong"}).status_code == 401
    signed = ask("/login", "POST", data={"token": TOKEN, "to": f"{ESTATE}/dates"})
    assert signed.headers["location"] == f"{ESTATE}/dates"
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert TOKEN not in cookie
    value = cookie.partition(";")[0]
    assert ask("/", headers={"cookie": value}).status_code == 200
    ends, _, rest = value.partition(".")
    later = f"{ends.partition('=')[0]}={int(ends.partition('=')[2]) + 1}.{rest}"
    assert ask("/", headers={"cookie": later}).status_code == 401
    for target in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert ask("/login", "POST", data={"token": TOKEN, "to": target}).headers["location"] == "/"


def test_a_session_ends(visit, seen):
    ask = visit(exposed=True, MBX_WEB_TOKEN=TOKEN)
    value = ask("/login", "POST", data={"token": TOKEN}).headers["set-cookie"].partition(";")[0]
    from datetime import timedelta

    later = site_of(seen.rig, seen.board, seen.rig.clock.now() + timedelta(hours=13), exposed=True, MBX_WEB_TOKEN=TOKEN)

    async def one():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(later)), base_url="http://mbx") as client:
            return await client.get("/", headers={"cookie": value})

    assert asyncio.run(one()).status_code == 401


def test_a_proxys_header_lets_in_and_with_a_token_both_are_needed(visit):
    ask = visit(exposed=True, MBX_WEB_USER_HEADER="X-Forwarded-User")
    assert ask("/").status_code == 401
    assert ask("/", headers={"x-forwarded-user": " "}).status_code == 401
    assert ask("/", headers={"x-forwarded-user": "ada"}).status_code == 200
    both = visit(exposed=True, MBX_WEB_USER_HEADER="X-Forwarded-User", MBX_WEB_TOKEN=TOKEN)
    assert both("/", headers={"x-forwarded-user": "ada"}).status_code == 401
    assert both("/", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 401
    assert both("/", headers={"x-forwarded-user": "ada", "authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("env", [{"MBX_WEB_TOKEN": "short"}, {"MBX_WEB_USER_HEADER": "two words"}])
def test_settings_that_would_not_hold_are_refused(env):
    with pytest.raises(SettingsError) as refused:
        load_settings(env, env_file=None)
    assert "short" not in str(refused.value)


def test_pages_stay_when_the_journal_is_out_of_reach(seen):
    def gone():
        raise StateError("gone")

    site = site_of(seen.rig, seen.board, seen.rig.clock.now())
    from dataclasses import replace

    app = create_app(replace(site, journal=gone))

    async def one(path):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.get(path)

    assert asyncio.run(one("/")).status_code == 200
    assert "out of reach" in asyncio.run(one(f"{ESTATE}/history")).text
    assert "out of reach" in asyncio.run(one(f"{ESTATE}/mailboxes/{BOX}")).text


def test_before_the_first_cycle_the_page_says_so(visit):
    assert "No cycle was completed yet" in visit(board=Board())("/").text


def test_a_date_is_told_in_its_own_time_zone() -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from controller.web.paper import stamp

    assert stamp(datetime(2026, 12, 24, 18, tzinfo=ZoneInfo("Europe/Paris"))) == "2026-12-24 18:00 CET"
    assert stamp(datetime(2026, 12, 24, 17, tzinfo=ZoneInfo("UTC"))) == "2026-12-24 17:00 UTC"
