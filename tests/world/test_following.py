"""The loop on a bare repository: what was pushed is applied, once; what may not be trusted never is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.journal import Order, Will
from controller.model import Condition
from controller.turn import Reason
from tests.rig import TENANT
from tests.unit.source.conftest import Forge

from .loop_rig import Follow

TENANT_ID = "7f1b2c3d-0000-4000-8000-000000000001"
BOX = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: {}\n"


@pytest.fixture
def forge(tmp_path):
    (tmp_path / "forge").mkdir()
    made = Forge(tmp_path / "forge")
    made.write("specs/tenant.yaml", TENANT)
    made.write("specs/box.yaml", BOX.format("Un"))
    made.commit()
    return made


@pytest.fixture
def tenant(rig):
    return rig()


def name(tenant):
    return tenant.entry("libre@entreprise.example").display_name


def push(forge, text):
    forge.write("specs/box.yaml", BOX.format(text))
    return forge.commit(text)


def test_what_is_pushed_is_applied_and_its_commit_recorded(tenant, forge, go):
    async def story():
        loop = Follow(forge.top, tenant, source=forge.follow())
        async with loop.running() as first:
            assert first.condition is Condition.CONVERGED
            commit = push(forge, "Deux")
            tenant.clock.advance(timedelta(minutes=1))
            loop.loop.look("hook")
            turn = await loop.turn()
            assert (turn.commit, turn.condition) == (commit, Condition.CONVERGED)
            assert tenant.journal.runs(TENANT_ID)[0].commit == commit
            assert first.specs.documents[0].origin.path == "specs/box.yaml"

    go(story())
    assert name(tenant) == "Deux"


def test_a_force_push_is_refused_until_the_operator_accepts_it(tenant, forge, go):
    async def story():
        loop = Follow(forge.top, tenant, source=forge.follow())
        async with loop.running():
            first = forge.git("rev-parse", "HEAD")
            push(forge, "Deux")
            await loop.next()
            forge.git("reset", "--quiet", "--hard", first)
            forge.git("push", "--quiet", "--force", str(forge.bare), "HEAD:refs/heads/main")
            turn = await loop.next()
            assert turn.reason is Reason.NOT_FAST_FORWARD
            assert f"mbx accept {first}" in turn.error
            assert name(tenant) == "Deux"
            other = push(forge, "Trois")
            turn = await loop.next()
            assert turn.reason is Reason.NOT_FAST_FORWARD
            assert name(tenant) == "Deux"
            order = Order(Will.ACCEPT, other, "meant", "ada", tenant.clock.now())
            tenant.journal.orders.give(TENANT_ID, order)
            assert (await loop.next()).condition is Condition.CONVERGED
            assert name(tenant) == "Trois"
            forge.git("reset", "--quiet", "--hard", first)
            push(forge, "Quatre")
            assert (await loop.next()).reason is Reason.NOT_FAST_FORWARD

    go(story())
    assert name(tenant) == "Trois"


@pytest.mark.parametrize(
    ("harm", "reason"),
    [("branch", Reason.BRANCH_GONE), ("away", Reason.SOURCE_UNREACHABLE), ("emptied", Reason.BAD_SPECS)],
)
def test_a_source_in_trouble_changes_nothing_and_recovers(tenant, forge, go, harm, reason):
    async def story():
        loop = Follow(forge.top, tenant, source=forge.follow())
        async with loop.running():
            written = len(tenant.sandbox.world.audit)
            if harm == "branch":
                forge.git("update-ref", "-d", "refs/heads/main", at=forge.bare)
            elif harm == "away":
                forge.bare.rename(forge.top / "away")
            else:
                forge.git("rm", "-r", "--quiet", "specs")
                forge.commit()
            turn = await loop.next()
            assert (turn.reason, turn.condition) == (reason, Condition.STALLED)
            assert len(tenant.sandbox.world.audit) == written
            if harm == "away":
                (forge.top / "away").rename(forge.bare)
            forge.write("specs/tenant.yaml", TENANT)
            push(forge, "Deux")
            assert (await loop.next()).condition is Condition.CONVERGED

    go(story())
    assert name(tenant) == "Deux"
