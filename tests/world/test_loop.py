"""The loop over days: what the specs say is so, at the moment they say it, once; whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from controller.board import Board
from controller.errors import ServiceError, SignInError, StateError
from controller.model import Cause, Condition, Mode, Status
from controller.turn import Reason, Restraint
from tests.rig import START, TENANT, make_rig

from .conftest import SMALL
from .loop_rig import Follow

BOX = """\
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libérée
access:
  alice@entreprise.example: [full-access]
"""
HOLIDAY = (
    BOX
    + """\
  bruno@entreprise.example:
    rights: [full-access]
    from: 2026-12-03
    until: 2026-12-04
    reason: Remplacement
"""
)
LIBRE = "libre@entreprise.example"
DAYS = TENANT + "interval: 6h\n"


@pytest.fixture
def tenant(rig):
    made = rig(BOX)
    made.write("tenant.yaml", DAYS)
    return made


def follow(rig, **options):
    return Follow(rig.folder, rig, **options)


def writes(rig, operation=""):
    return [record for record in rig.sandbox.world.audit if operation in record.operation]


def test_it_applies_and_then_leaves_alone(tenant, go):
    board = Board()

    async def story():
        loop = follow(tenant, listeners=[board])
        assert not board.ready
        async with loop.running() as first:
            assert board.ready
            assert board.standings()[first.tenant_id].last_good is board.standings()[first.tenant_id].last
            assert first.condition is Condition.CONVERGED
            assert first.cycle.run_id in {run.run_id for run in tenant.journal.runs(first.tenant_id)}
            written = len(writes(tenant))
            for _ in range(4):
                assert (await loop.next()).condition is Condition.CLEAN
            assert len(writes(tenant)) == written

    go(story())
    assert tenant.full_access(LIBRE) == {"alice@entreprise.example"}


def test_it_comes_back_at_the_interval_and_a_little_later(tenant, go):
    async def story():
        loop = follow(tenant)
        async with loop.running() as first:
            second = await loop.next()
            gap = second.started_at - first.ended_at
            assert timedelta(hours=6) <= gap <= timedelta(hours=6.6)

    go(story())


def test_what_somebody_changed_is_healed_and_told_with_who(tenant, go):
    async def story():
        loop = follow(tenant)
        async with loop.running():
            await loop.next()
            tenant.poke("Remove-MailboxPermission", Identity=LIBRE, User="alice@entreprise.example",
                        AccessRights="FullAccess", Confirm=False)  # fmt: skip
            turn = await loop.next()
            (change,) = turn.cycle.plan.changes
            assert change.cause is Cause.DRIFT
            assert turn.deeds[change.id].who == "admin@entreprise.example"
            assert turn.condition is Condition.CONVERGED

    go(story())
    assert tenant.full_access(LIBRE) == {"alice@entreprise.example"}


def test_a_date_is_met_on_the_second_and_once(rig, go):
    tenant = rig(HOLIDAY)
    tenant.write("tenant.yaml", DAYS)
    begin = datetime(2026, 12, 2, 23, tzinfo=UTC)  # midnight in Paris
    end = datetime(2026, 12, 4, 23, tzinfo=UTC)
    had = []

    async def story():
        loop = follow(tenant)
        async with loop.running() as first:
            assert first.next_dates[0].at == begin
            while tenant.clock.now() < end + timedelta(days=1):
                turn = await loop.next()
                had.append((turn.started_at, "bruno@entreprise.example" in tenant.full_access(LIBRE)))

    go(story())
    assert {at for at, holds in had if holds} == {at for at, _ in had if begin <= at < end}
    assert begin in [at for at, _ in had]
    assert end in [at for at, _ in had]
    assert tenant.full_access(LIBRE) == {"alice@entreprise.example"}
    assert len(writes(tenant, "Add-MailboxPermission")) == 2
    assert len(writes(tenant, "Remove-MailboxPermission")) == 1


def test_dates_that_were_slept_through_are_made_up_for(rig, go):
    tenant = rig(HOLIDAY)
    tenant.write("tenant.yaml", DAYS)

    async def story():
        loop = follow(tenant)
        async with loop.running():
            loop.pass_until(datetime(2026, 12, 3, 12, tzinfo=UTC))  # the machine sleeps; then the alarm rings
            await loop.next()
            assert "bruno@entreprise.example" in tenant.full_access(LIBRE)
            loop.pass_until(datetime(2027, 3, 1, tzinfo=UTC))
            await loop.next()
            assert "bruno@entreprise.example" not in tenant.full_access(LIBRE)

    go(story())


def test_a_clock_that_is_set_back_hides_no_change_of_the_specs(tenant, go):
    async def story():
        loop = follow(tenant)
        async with loop.running():
            tenant.clock.advance(timedelta(hours=-3))
            tenant.write("0.yaml", BOX.replace("Libérée", "Libre"))
            loop.alarms.ring(next(iter(loop.alarms.at)))  # as alarms do that see it
            assert (await loop.turn()).condition is Condition.CONVERGED
            tenant.clock.advance(timedelta(hours=-1))
            tenant.write("0.yaml", BOX)
            loop.loop.look("a hook")
            assert (await loop.turn()).condition is Condition.CONVERGED

    go(story())
    assert tenant.entry(LIBRE).display_name == "Libérée"


@pytest.mark.parametrize(
    ("lines", "restraint"),
    [("mode: report\n", Restraint.MODE), ("mode: apply\napplyWindows: ['tue 20:00-21:00']\n", Restraint.WINDOW)],
)
def test_where_it_only_reports_nothing_is_sent(tenant, go, lines, restraint):
    tenant.write("tenant.yaml", DAYS.replace("mode: apply\n", lines))

    async def story():
        loop = follow(tenant)
        async with loop.running() as first:
            assert (first.mode, first.restraint, first.condition) == (Mode.REPORT, restraint, Condition.DRIFTED)
            assert first.cycle.plan.changes
            await loop.next()

    go(story())
    assert not writes(tenant)
    assert not tenant.journal.runs("7f1b2c3d-0000-4000-8000-000000000001")


def test_it_applies_when_the_window_opens_and_not_when_it_is_closed(tenant, go):
    tenant.write("tenant.yaml", DAYS.replace("interval: 6h", "interval: 2d") + "applyWindows: ['tue 20:00-21:00']\n")

    async def story():
        loop = follow(tenant)
        async with loop.running():
            turn = await loop.next()
            assert turn.started_at == datetime(2026, 12, 1, 19, tzinfo=UTC)  # 20:00 in Paris
            assert turn.condition is Condition.CONVERGED
            written = len(writes(tenant))
            tenant.poke("Set-Mailbox", Identity=LIBRE, DisplayName="Autre")
            turn = await loop.next()
            assert turn.condition is Condition.DRIFTED
            assert len(writes(tenant)) == written + 1  # somebody's own

    go(story())


def test_a_document_that_is_only_reported_is_not_applied(tenant, go):
    tenant.write("0.yaml", BOX + "mode: report\n")

    async def story():
        loop = follow(tenant)
        async with loop.running() as first:
            assert first.mode is Mode.APPLY
            assert first.cycle.plan.changes

    go(story())
    assert not writes(tenant)


@pytest.mark.parametrize("how", ["broken", "emptied", "gone"])
def test_specs_that_are_broken_or_gone_change_nothing(tenant, go, how):
    async def story():
        loop = follow(tenant)
        async with loop.running():
            written = len(writes(tenant))
            if how == "broken":
                tenant.write("0.yaml", BOX.replace("access:", "acess:"))
            else:
                for path in tenant.folder.iterdir():
                    path.unlink()
                if how == "gone":
                    tenant.folder.rmdir()
            turn = await loop.next()
            assert (turn.reason, turn.condition) == (Reason.BAD_SPECS, Condition.STALLED)
            assert turn.error
            assert len(writes(tenant)) == written
            gap = turn.next_at - turn.ended_at
            assert gap < timedelta(minutes=2)  # soon again: somebody is mending it
            tenant.write("tenant.yaml", DAYS)
            tenant.write("0.yaml", BOX.replace("Libérée", "Libre"))
            assert (await loop.next()).condition is Condition.CONVERGED

    go(story())
    assert tenant.entry(LIBRE).display_name == "Libre"


def test_a_failure_is_retried_ever_more_rarely(tenant, go):
    async def story():
        loop = follow(tenant)
        async with loop.running():
            tenant.write("0.yaml", "kind: Nonsense\n")
            gaps = [(turn.next_at - turn.ended_at) for turn in [await loop.next() for _ in range(8)]]
            assert gaps == sorted(gaps)
            assert gaps[0] < timedelta(minutes=2)
            assert timedelta(hours=1) < gaps[-1] <= timedelta(hours=6.6)

    go(story())


def test_specs_that_are_wrong_from_the_start_are_told_for_the_whole_estate(tenant, go):
    tenant.write("0.yaml", "kind: Nonsense\n")

    async def story():
        loop = follow(tenant)
        async with loop.running() as first:
            assert (first.tenant_id, first.reason) == ("", Reason.BAD_SPECS)
            tenant.write("0.yaml", BOX)
            turn = await loop.next()
            assert (turn.tenant, turn.condition) == ("entreprise", Condition.CONVERGED)

    go(story())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SignInError("entra", "token", "wrong secret"), Reason.SIGN_IN_FAILED),
        (StateError("the journal is away"), Reason.JOURNAL_UNREACHABLE),
        (RuntimeError("a bug"), Reason.FAILED),
    ],
)
def test_what_keeps_it_from_its_work_has_a_name_and_passes(tenant, go, error, reason):
    wrong = [error]

    @asynccontextmanager
    async def troubled():
        if wrong:
            raise wrong[0]
        async with real() as connection:
            yield connection

    real, tenant.connection = tenant.connection, troubled

    async def story():
        loop = follow(tenant)
        async with loop.running() as first:
            assert first.reason is reason
            assert not writes(tenant)
            wrong.clear()
            assert (await loop.next()).condition is Condition.CONVERGED

    go(story())


def test_a_journal_out_of_reach_stops_before_any_write(tenant, go):
    away = [True]

    def journal():
        if away:
            raise StateError("no route to the database")
        return tenant.journal

    async def story():
        loop = follow(tenant, journal=journal)
        async with loop.running() as first:
            assert first.reason is Reason.JOURNAL_UNREACHABLE
            assert tenant.wire.requests == 0
            away.clear()
            assert (await loop.next()).condition is Condition.CONVERGED

    go(story())


class Elsewhere:
    """Another replica leads."""

    @asynccontextmanager
    async def lead(self, tenant_id):
        yield None


def test_where_another_replica_leads_it_keeps_still(tenant, go):
    async def story():
        loop = follow(tenant, lead=Elsewhere())
        async with loop.running() as first:
            assert (first.reason, first.condition) == (Reason.NOT_LEADING, None)
            assert first.next_at - first.ended_at < timedelta(seconds=30)  # a dead leader is replaced soon

    go(story())
    assert tenant.wire.requests == 0


def test_two_tenants_are_strangers_to_each_other(tmp_path, go):
    folder = tmp_path / "specs"
    other_id = "7f1b2c3d-0000-4000-8000-000000000002"
    one = make_rig(folder / "one", SMALL, {"0.yaml": BOX})
    two = make_rig(folder / "two", SMALL.replace("7f1b2c3d-0000-4000-8000-000000000001", other_id), {"0.yaml": BOX})
    two.write("tenant.yaml", TENANT.replace("name: entreprise", "name: filiale").replace("000000000001\n", "000000000002\n"))
    two.sandbox.clock = one.sandbox.clock

    @asynccontextmanager
    async def away():
        raise ServiceError("exchange", "connect", "nobody answers")
        yield

    two.connection = away

    async def story():
        loop = Follow(folder, one, two)
        async with loop.running() as first:
            turns = {turn.tenant: turn for turn in (first, await loop.turn())}
            assert turns["entreprise"].condition is Condition.CONVERGED
            assert turns["filiale"].condition is Condition.STALLED

    go(story())
    assert one.full_access(LIBRE) == {"alice@entreprise.example"}
    assert not two.sandbox.world.audit


def test_one_tenant_in_two_documents_is_refused(tenant, go):
    tenant.write("other/tenant.yaml", TENANT.replace("name: entreprise", "name: encore"))

    async def story():
        loop = follow(tenant)
        async with loop.running() as first:
            assert first.reason is Reason.BAD_SPECS
            assert "are about one tenant" in first.error

    go(story())
    assert not writes(tenant)


def test_tenants_come_and_go_with_their_documents(tmp_path, tenant, go):
    async def story():
        loop = Follow(tenant.folder, tenant)
        async with loop.running():
            written = len(writes(tenant))
            for path in list(tenant.folder.iterdir()):
                path.unlink()
            tenant.write("tenant.yaml", TENANT.replace("000000000001\n", "000000000009\n"))
            turn = await loop.next()
            assert turn.tenant_id.endswith("9")
            assert len(writes(tenant)) == written

    go(story())


# --- stopping, being woken, being listened to -------------------------------------------------------


def is_write(rig):
    return len(rig.sandbox.world.audit) > 0


def test_told_to_stop_it_finishes_the_write_and_writes_it_down(tenant, go):
    async def story():
        loop = follow(tenant)
        tenant.wire.strike = lambda number, when: loop.loop.stop() if when == "after" and is_write(tenant) and not loop.halt.asked() else None
        task = asyncio.ensure_future(loop.loop.run())
        await asyncio.wait_for(task, 60)
        assert loop.alarms.stopped
        (turn,) = loop.turns  # told, and no trouble
        assert (turn.reason, turn.condition) == (Reason.STOPPED, None)
        assert {o.status for o in turn.cycle.outcomes} >= {Status.SKIPPED}

    go(story())
    tenant.wire.strike = lambda number, when: None
    rows = tenant.journal.history("7f1b2c3d-0000-4000-8000-000000000001")
    assert rows
    assert all(row.status is not None for row in rows)
    assert [row for row in rows if row.status is Status.APPLIED]
    written = len(writes(tenant))
    go(tenant.apply())
    assert not go(tenant.plan()).changes
    assert len(writes(tenant, "Add-MailboxPermission")) == 1
    assert len(writes(tenant)) > written


def test_a_write_that_never_ends_is_cut_off_at_the_deadline(tenant, go):
    stuck = asyncio.Event()

    async def hang(request, inner):
        answer = await inner(request)
        if is_write(tenant):
            stuck.set()
            await asyncio.sleep(3600)
        return answer

    async def story():
        loop = follow(tenant, stop_within=timedelta(milliseconds=50))
        inner = tenant.wire.handle_async_request
        tenant.wire.handle_async_request = lambda request: hang(request, inner)
        task = asyncio.ensure_future(loop.loop.run())
        await asyncio.wait_for(stuck.wait(), 60)
        loop.loop.stop()
        await asyncio.wait_for(task, 60)
        tenant.wire.handle_async_request = inner

    go(story())
    go(tenant.apply())
    assert not go(tenant.plan()).changes
    assert len(writes(tenant, "Add-MailboxPermission")) == 1


def test_while_it_only_reads_it_stops_at_once(tenant, go):
    asked = asyncio.Event()

    async def hang(request):
        asked.set()
        await asyncio.sleep(3600)

    async def story():
        loop = follow(tenant, stop_within=timedelta(hours=1))
        tenant.wire.handle_async_request = hang
        task = asyncio.ensure_future(loop.loop.run())
        await asyncio.wait_for(asked.wait(), 60)
        loop.loop.stop()
        await asyncio.wait_for(task, 60)

    go(story())


def test_many_who_ask_get_one_look(tenant, go):
    async def story():
        loop = follow(tenant)
        async with loop.running():
            tenant.clock.advance(timedelta(minutes=1))
            for _ in range(50):
                loop.loop.look("test")
            await loop.turn()
            assert "asked" in loop.alarms.at
            await loop.next() if min(loop.alarms.at, key=loop.alarms.at.get) == "asked" else None
            assert len(loop.turns) == 3

    go(story())


def test_who_listens_badly_harms_nobody(tenant, go, monkeypatch):
    monkeypatch.setattr("controller.loop.telling._PATIENCE", 0.01)

    async def raises(turn):
        raise RuntimeError("no")

    async def hangs(turn):
        await asyncio.sleep(3600)

    async def story():
        loop = follow(tenant, listeners=[raises, hangs])
        async with loop.running() as first:
            assert first.condition is Condition.CONVERGED
            assert (await loop.next()).condition is Condition.CLEAN

    go(story())


def test_once_is_one_turn_of_each(tenant, go):
    turns = go(follow(tenant).loop.once())
    assert [turn.condition for turn in turns] == [Condition.CONVERGED]
    assert turns[0].started_at >= START
