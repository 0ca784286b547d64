"""The pages in Chromium, as people have them: by keyboard, on a phone, in the dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from controller.board import Board
from tests.pages import BOX, HOSTILE, PAGES, looked_at, served, site_of
from tests.rig import Rig

TOKEN = "a-token-of-sixteen-letters-or-more"
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="there is no chromium on this machine: apt install chromium"
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rig, Board]:
    return looked_at(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def address(seen: tuple[Rig, Board]) -> Iterator[str]:
    rig, board = seen
    with served(site_of(rig, board, rig.clock.now())) as at:
        yield at


@pytest.fixture(scope="module")
def shut(seen: tuple[Rig, Board]) -> Iterator[str]:
    """The same, where a token is asked for."""
    rig, board = seen
    with served(site_of(rig, board, rig.clock.now(), MBX_WEB_TOKEN=TOKEN)) as at:
        yield at


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    """After the address: where Playwright runs, no other event loop can."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Visitor:
    """A page, and all that it complained about or asked somebody else for."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(urlsplit(request.url).hostname or request.url))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_every_page_fits_asks_nobody_else_and_complains_of_nothing(
    address: str, browser: Any, width: int, scheme: str
) -> None:
    visitor = Visitor(browser, viewport={"width": width, "height": 800}, color_scheme=scheme)
    for path in PAGES:
        answer = visitor.page.goto(address + path)
        assert answer.status == 200
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert "owned" not in visitor.page.title()
        assert visitor.page.locator("h1").count() == 1
        back = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, back.strip("rgb()").split(","))) < 3 * 128) is (scheme == "dark")
    assert visitor.complaints == []
    assert visitor.asked == {"127.0.0.1"}
    visitor.context.close()


def test_searching_by_keyboard_alone(address: str, browser: Any) -> None:
    visitor = Visitor(browser)
    page = visitor.page
    page.goto(f"{address}/t/entreprise/mailboxes")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0, "the skip link is seen once it has the focus"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    page.keyboard.type("factures")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=factures**")
    assert page.locator("tbody tr").count() == 1
    for _ in range(30):
        page.keyboard.press("Tab")
        if "factures" in page.evaluate("document.activeElement.textContent"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/mailboxes/factures@entreprise.example")
    assert "factures@entreprise.example" in page.locator("h1").inner_text()
    visitor.context.close()


def test_a_name_from_the_tenant_is_shown_and_not_run(address: str, browser: Any) -> None:
    visitor = Visitor(browser)
    visitor.page.goto(f"{address}/t/entreprise/mailboxes/{BOX}")
    assert HOSTILE in visitor.page.locator("main").inner_text()
    assert visitor.page.locator("main img, main script").count() == 0
    visitor.context.close()


def test_without_script_everything_is_there(address: str, browser: Any) -> None:
    visitor = Visitor(browser, java_script_enabled=False)
    visitor.page.goto(f"{address}/t/entreprise/mailboxes")
    visitor.page.get_by_label("Address, alias, name").fill("contact")
    visitor.page.get_by_role("button", name="Search").click()
    visitor.page.get_by_role("link", name=BOX).click()
    assert BOX in visitor.page.locator("h1").inner_text()
    visitor.context.close()


def test_signing_in_leads_to_what_was_asked_for(browser: Any, shut: str) -> None:
    visitor = Visitor(browser)
    page = visitor.page
    page.goto(f"{shut}/t/entreprise/mailboxes?q=contact")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    page.get_by_label("The token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/t/entreprise/mailboxes?q=contact")
    assert page.locator("tbody tr").count() == 1
    visitor.context.close()
