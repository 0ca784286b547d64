"""Every page, and every page in a file, for whoever sees little, has a phone, no mouse, or paper."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controller.entitlements import Answers, Notes, as_lists
from controller.entitlements.review import review
from controller.report import FORMATS
from controller.service.html import page as service_page
from tests import eyes
from tests.pages import ESTATE, PAGES, at_commit, looked_at, served, site_of

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="there is no chromium on this machine: apt install chromium"
)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
FILES = ("plan.html", "review.html", "service.html")
MORE = (f"{ESTATE}/history?by=hand", f"{ESTATE}/people?q=e", f"{ESTATE}/mailboxes?q=nothing", "/nowhere")


def figures() -> dict[str, Any]:
    days = [{"day": f"2026-11-{day:02}", "received": day % 7 * 5, "sent": 3, "backlog": day % 5} for day in range(1, 31)]
    hours = [{"hour": hour, "received": hour % 9, "sent": 0} for hour in range(24)]
    response = {"requests": 312, "answered": 290, "medianMinutes": 97, "p90Minutes": 180, "withinMinutes": 240, "answeredWithin": 250, "fromOwnAddress": 2}
    backlog = {"waiting": 12, "claimed": 5, "unclaimed": 7, "oldestMinutes": 1300}
    return {
        "mailbox": "contact@entreprise.example", "since": "2026-11-01T00:00:00", "until": "2026-11-30T00:00:00",
        "response": response, "backlog": backlog, "days": days, "hours": hours, "automaticLeftOut": 3,
        "warnings": ["copies of what is sent are off"], "people": [{"who": "alice@entreprise.example", "answers": 12}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The addresses of all of them."""
    folder: Path = tmp_path_factory.mktemp("everybody")
    rig, board = looked_at(folder / "rig")
    [standing] = board.standings().values()
    turn = standing.last_good
    assert turn is not None
    assert turn.prepared is not None
    answers = Answers(Notes.of_now(as_lists(turn.prepared.observed), NOON))
    openings = [opening for address in answers.mailboxes if (opening := answers.opening(address))]
    (folder / "plan.html").write_text(FORMATS["html"](turn.prepared.plan), "utf-8")
    (folder / "review.html").write_text(review(openings, NOON, lambda address, who: "TICKET-1234, until 2027-01-31"), "utf-8")
    (folder / "service.html").write_text(service_page(figures()), "utf-8")
    shown = at_commit(board, "0" * 40)
    seen = site_of(rig, shown, rig.clock.now(), repository="https://github.com/entreprise/mail")
    shut = site_of(rig, shown, rig.clock.now(), MBX_WEB_TOKEN="a-token-of-sixteen-letters-or-more")
    with served(seen) as at, served(shut) as door:
        pages = [*(at + path for path in (*PAGES, *MORE)), f"{door}/login"]
        yield [*pages, *((folder / name).as_uri() for name in FILES)]


@pytest.fixture(scope="module")
def browser(places: list[str]) -> Iterator[Any]:
    """After the places: where Playwright runs, no other event loop can."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def visited(browser: Any, places: list[str], **options: Any) -> Iterator[tuple[str, Any]]:
    """Each of them, with all that can be opened open."""
    context = browser.new_context(**options)
    page = context.new_page()
    for place in places:
        page.goto(place)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        yield place, page
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_every_word_stands_out_from_what_is_behind_it(places: list[str], browser: Any, width: int, scheme: str) -> None:
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    assert {at: wrong for at, page in visited(browser, places, **options) if (wrong := eyes.contrast(page))} == {}


def test_what_is_reckoned_as_too_faint_is(browser: Any) -> None:
    page = browser.new_page()
    page.set_content("<body style='background:#fff'><p style='color:#777'>faint</p><p style='color:#767676'>just so</p><a href='#'></a><th>x")
    assert eyes.contrast(page) == ["4.48 for “faint”"]
    assert "something to press has no words" in eyes.structure(page)
    page.close()


def test_every_page_is_built_so_that_it_can_be_read_aloud(places: list[str], browser: Any) -> None:
    assert {at: wrong for at, page in visited(browser, places) if (wrong := eyes.structure(page))} == {}


@pytest.mark.parametrize("width", [320, 600])  # 400 % and about 200 % of a screen of 1280 pixels
def test_nothing_is_lost_beyond_the_edge_however_large_it_is_shown(places: list[str], browser: Any, width: int) -> None:
    options = {"viewport": {"width": width, "height": 640}, "bypass_csp": True}
    assert {at: wrong for at, page in visited(browser, places, **options) if (wrong := eyes.overflow(page))} == {}


def test_on_a_phone_rows_stack_over_the_whole_width_and_say_nothing_of_nothing(places: list[str], browser: Any) -> None:
    squeezed = """() => [
      ...[...document.querySelectorAll("tbody th[scope=row]")].filter((one) => one.offsetWidth < 0.8 * one.closest("tr").offsetWidth),
      ...[...document.querySelectorAll("td[data-name]")].filter((one) => one.checkVisibility() && !one.textContent.trim() && !one.matches(".box")),
    ].map((one) => one.textContent || one.dataset.name)"""
    options = {"viewport": {"width": 360, "height": 740}}
    assert {at: wrong for at, page in visited(browser, places, **options) if (wrong := page.evaluate(squeezed))} == {}


def test_all_is_reached_by_the_keyboard_and_seen_to_be(places: list[str], browser: Any) -> None:
    assert {at: wrong for at, page in visited(browser, places) if (wrong := eyes.keyboard(page))} == {}


def test_where_colours_are_forced_a_state_still_has_an_edge(places: list[str], browser: Any) -> None:
    for place, page in visited(browser, places, forced_colors="active"):
        edges = page.eval_on_selector_all(".tag", "(all) => all.map((one) => getComputedStyle(one).borderTopColor)")
        assert all(edge != "rgba(0, 0, 0, 0)" for edge in edges), place


def test_paper_is_white_and_has_no_buttons_whatever_the_screen_was(places: list[str], browser: Any) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.emulate_media(media="print", color_scheme="dark")
    for place in places:
        page.goto(place)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", place
        for kind in ("nav", "form", ".skip"):
            assert page.locator(f"{kind}:visible").count() == 0, (place, kind)
        assert eyes.contrast(page) == [], place
    context.close()
