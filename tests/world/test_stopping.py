"""A controller that is being stopped, or that lost its lead, writes no more; whoever comes next goes on."""

from __future__ import annotations

import pytest

from controller.model import Status

BOX = """\
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libérée
access: {alice@entreprise.example: [full-access, send-as]}
mailTip: Bonjour
"""


class Fleeting:
    """A lead that is lost after so many questions."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def held(self) -> bool:
        self.left -= 1
        return self.left >= 0


def mutations(tenant) -> int:
    return len(tenant.sandbox.world.audit)


@pytest.mark.parametrize("questions", range(5))
def test_nothing_is_sent_after_the_lead_is_lost(rig, go, questions):
    tenant = rig(BOX)
    cycle = go(tenant.apply(lead=Fleeting(questions)))
    sent = [outcome for outcome in cycle.outcomes if outcome.status is not Status.SKIPPED]
    assert len(sent) <= questions
    assert bool(mutations(tenant)) == bool(questions)
    assert all("another replica" in (o.error or "") or "not succeed" in (o.error or "")
               for o in cycle.outcomes if o.status is Status.SKIPPED)  # fmt: skip
    again = go(tenant.apply())
    assert {outcome.status for outcome in again.outcomes} <= {Status.APPLIED}
    assert not go(tenant.plan()).changes
    assert tenant.full_access("libre@entreprise.example") == {"alice@entreprise.example"}


def test_who_lost_the_lead_leaves_the_record_to_who_has_it(rig, go):
    tenant = rig(BOX)
    go(tenant.apply(lead=Fleeting(0)))
    assert not tenant.journal.managed("7f1b2c3d-0000-4000-8000-000000000001")


def test_asked_to_stop_it_begins_nothing_and_waits_for_nothing(rig, go):
    tenant = rig(BOX)
    begun = tenant.clock.now()
    cycle = go(tenant.apply(stopping=lambda: True))
    assert {outcome.status for outcome in cycle.outcomes} == {Status.SKIPPED}
    assert mutations(tenant) == 0
    assert (tenant.clock.now() - begun).total_seconds() < 1


def test_what_is_under_way_is_finished_and_recorded(rig, go):
    tenant = rig(BOX)
    cycle = go(tenant.apply(stopping=lambda: mutations(tenant) > 0))
    done = [outcome for outcome in cycle.outcomes if outcome.status is Status.APPLIED]
    assert done
    assert len(done) < len(cycle.outcomes)
    assert all(row.status is not None for row in tenant.journal.history("7f1b2c3d-0000-4000-8000-000000000001"))
    go(tenant.apply())
    assert not go(tenant.plan()).changes
