"""Weeks of turns leave board, pages and metrics no larger; who may read the metrics; who left is forgotten."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest

from controller.board import Board
from controller.metrics import Metrics
from controller.model import Key, Kind
from controller.turn import Reason, Turn
from controller.web import create_app
from tests.lasting import Lasting
from tests.pages import BOX, looked_at, site_of

TOKEN = "a-token-of-sixteen-letters-or-more"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    rig, board = looked_at(tmp_path_factory.mktemp("weeks"))
    (standing,) = board.standings().values()
    return SimpleNamespace(rig=rig, board=board, turn=standing.last)


def test_weeks_of_turns_leave_nothing_behind(seen):
    board, metrics = Board(), Metrics(lambda: seen.turn.ended_at)
    site = site_of(seen.rig, board, seen.turn.ended_at)
    key = Key(Kind.SHARED_MAILBOX, BOX)

    def weeks(first, count):
        for number in range(first, first + count):
            at = seen.turn.ended_at + timedelta(minutes=15 * number)
            turn = replace(seen.turn, id=f"{number:032}", ended_at=at)
            turn = blind(turn, at) if number % 5 == 0 else turn
            board.add(turn)
            metrics.note(turn)
            good = board.standings()[turn.tenant_id].last_good
            if good is not None and number % 10 == 1:
                site.views.of(good).fields(key)
                metrics.exposition()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before, lines = weeks(1, 200), len(metrics.exposition()[0].splitlines())
        after = weeks(201, 2000)
    finally:
        tracemalloc.stop()
    assert len(metrics.exposition()[0].splitlines()) == lines
    assert len(board.standings()) == 1
    assert after - before < 256 * 1024, "bytes kept of 2000 turns"


def test_a_loop_that_goes_on_holds_no_more_than_before(tmp_path):
    """With git, a journal on disk, messages, traces and pages; longer: `make bench`."""

    async def live():
        lasting = Lasting(tmp_path)
        async with lasting.running():
            await lasting.turns(14)
            tracemalloc.start()
            try:
                await lasting.turns(7)
                before = lasting.held()
                await lasting.turns(14)
                return before, lasting.held()
            finally:
                tracemalloc.stop()

    before, after = asyncio.run(live())
    assert after.memory - before.memory < 256 * 1024, "bytes kept of 14 turns"
    assert after.files <= before.files + 1
    assert after.threads <= before.threads + 1
    assert after.series == before.series
    assert after.journal < 8 * 2**20  # the write-ahead log has 4 MiB
    assert 0 < before.mirror < after.mirror < 2**20


def blind(turn, at):
    return Turn("b", turn.tenant, turn.tenant_id, at, at, reason=Reason.SOURCE_UNREACHABLE, error="gone")


def test_the_door_keeps_the_metrics_as_it_keeps_the_pages(seen):
    metrics = Metrics(lambda: seen.turn.ended_at)
    metrics.note(seen.turn)
    bearer = {"authorization": f"Bearer {TOKEN}"}
    both = {"MBX_WEB_TOKEN": TOKEN, "MBX_WEB_USER_HEADER": "X-Forwarded-User"}
    for exposed, settings, headers, status in (
        (False, {}, {}, 200),
        (True, {}, {}, 403),
        (True, {"MBX_WEB_TOKEN": TOKEN}, {}, 401),
        (True, {"MBX_WEB_TOKEN": TOKEN}, bearer, 200),
        (True, both, bearer, 200),
        (True, both, {"x-forwarded-user": "ada"}, 401),
    ):
        site = site_of(seen.rig, seen.board, seen.turn.ended_at, exposed=exposed, **settings)
        app = create_app(replace(site, metrics=metrics))

        async def ask(app=app, headers=headers):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
                return await client.get("/metrics", headers=headers)

        answer = asyncio.run(ask())
        assert answer.status_code == status
        assert ("mbx_mailbox_drift{" in answer.text) is (status == 200)


def test_a_tenant_that_left_is_told_of_no_more(seen):
    board, metrics = Board(), Metrics(lambda: seen.turn.ended_at)
    for listener in (board.add, metrics.note):
        listener(seen.turn)
    board.forget(seen.turn.tenant_id)
    metrics.forget(seen.turn.tenant_id)
    text = metrics.exposition()[0].decode()
    assert not board.standings()
    assert 'tenant="' not in text
    assert "mbx_build_info{" in text
