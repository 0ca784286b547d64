"""What whoever writes gets back, as the tenant has it: standing texts, holidays, what the service rewrites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controller.markup import canonical
from controller.model import Cause, Status
from controller.sandbox import mailbox_settings
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import ForecastWeather

BOX = "libre@entreprise.example"
DOCUMENT = f"""\
kind: SharedMailbox
address: {BOX}
automaticReplies:
  state: enabled
  externalAudience: all
  internal: "Bonjour, nous répondons sous 4 h ouvrées."
  external: {{file: replies/standard.html}}
  periods:
    - name: Fêtes
      from: 2026-12-24T18:00
      until: 2027-01-04T08:00
      external: {{file: replies/fetes.html}}
"""
STANDARD = "<p>Bonjour,</p>\n<p>Votre demande est bien arrivée.</p>\n"
FETES = "<!doctype html><html><body><p>L'équipe est en congés jusqu'au 4&nbsp;janvier.</p></body></html>"
NOUN = "MailboxAutoReplyConfiguration"


def made(rig, document=DOCUMENT, **kwargs):
    tenant = rig(document, **kwargs)
    tenant.write("replies/standard.html", STANDARD)
    tenant.write("replies/fetes.html", FETES)
    return tenant


def replies(tenant, address=BOX):
    return mailbox_settings.automatic_replies(tenant.entry(address), tenant.clock.now())


def at(tenant, moment):
    tenant.clock.advance(moment - tenant.clock.now())


def test_the_tenant_ends_as_the_document_says(rig, go):
    tenant = made(rig)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    found = replies(tenant)
    assert (found.state, found.audience) == ("Enabled", "All")
    assert canonical(found.internal) == "Bonjour, nous répondons sous 4 h ouvrées."
    assert canonical(found.external) == canonical(STANDARD)
    assert not go(tenant.plan()).changes


def test_html_arrives_as_it_was_written(rig, go):
    tenant = made(rig)
    plan = go(tenant.plan())
    sent = {c.field: c.requests[0].parameters for c in plan.changes}
    assert sent["automaticReplies.external"]["ExternalMessage"] == STANDARD
    assert sent["automaticReplies.state"]["AutoReplyState"] == "Enabled"
    assert sent["automaticReplies.internal"]["InternalMessage"] == (
        "<html><body>Bonjour, nous répondons sous 4 h ouvrées.</body></html>"
    )


def test_replies_are_on_only_once_their_texts_are_there(rig, go):
    """The service refuses anything else, and refused nothing."""
    tenant = made(rig)
    tenant.poke(f"Set-{NOUN}", Identity=BOX, ExternalAudience="None")
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    done = [r.operation for r in tenant.sandbox.world.audit if r.operation.startswith("Set-MailboxAuto")]
    assert len(done) == 1 + 4


def test_holidays_begin_and_end_by_themselves(rig, go):
    tenant = made(rig)
    cycle = go(tenant.apply())
    ids = "SharedMailbox/libre@entreprise.example/automaticReplies/Fêtes"
    assert [(u.at.isoformat(), u.id, str(u.action)) for u in cycle.plan.upcoming] == [
        ("2026-12-24T18:00:00+01:00", ids, "add"),
        ("2027-01-04T08:00:00+01:00", ids, "remove"),
    ]
    at(tenant, datetime(2026, 12, 24, 16, 59, tzinfo=UTC))
    assert not go(tenant.apply()).plan.changes
    at(tenant, datetime(2026, 12, 24, 17, 0, tzinfo=UTC))
    cycle = go(tenant.apply())
    assert [(c.field, c.cause) for c in cycle.plan.changes] == [("automaticReplies.external", Cause.TIME)]
    assert cycle.plan.changes[0].origin.line == 12
    assert [u.at.isoformat() for u in cycle.plan.upcoming] == ["2027-01-04T08:00:00+01:00"]
    assert "en congés" in replies(tenant).external
    assert not go(tenant.plan()).changes
    at(tenant, datetime(2027, 1, 4, 7, 0, tzinfo=UTC))
    cycle = go(tenant.apply())
    assert [(c.field, c.cause) for c in cycle.plan.changes] == [("automaticReplies.external", Cause.TIME)]
    assert canonical(replies(tenant).external) == canonical(STANDARD)
    assert not cycle.plan.upcoming
    assert not go(tenant.plan()).changes


def test_what_somebody_changes_during_a_holiday_is_drift(rig, go):
    tenant = made(rig)
    at(tenant, datetime(2026, 12, 26, tzinfo=UTC))
    go(tenant.apply())
    tenant.poke(f"Set-{NOUN}", Identity=BOX, ExternalMessage="Fermé")
    tenant.clock.advance(timedelta(minutes=5))
    cycle = go(tenant.apply())
    assert [(c.field, c.cause) for c in cycle.plan.changes] == [("automaticReplies.external", Cause.DRIFT)]
    assert "en congés" in replies(tenant).external


ONLY_HOLIDAYS = f"""\
kind: SharedMailbox
address: {BOX}
automaticReplies:
  externalAudience: known
  periods:
    - {{name: Pont, from: 2026-12-10, until: 2026-12-11, internal: Absents, external: "<p>Absents</p>"}}
    - {{name: Passé, from: 2026-05-01, until: 2026-05-01, internal: Muguet, external: Muguet}}
"""


def test_replies_that_are_on_in_a_period_only(rig, go):
    tenant = rig(ONLY_HOLIDAYS)
    cycle = go(tenant.apply())
    assert [c.field for c in cycle.plan.changes] == ["automaticReplies.externalAudience"]
    at(tenant, datetime(2026, 12, 9, 23, 0, tzinfo=UTC))  # midnight in Paris
    cycle = go(tenant.apply())
    assert {c.cause for c in cycle.plan.changes} == {Cause.TIME}
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert (replies(tenant).state, canonical(replies(tenant).internal)) == ("Enabled", "Absents")
    at(tenant, datetime(2026, 12, 11, 22, 59, tzinfo=UTC))
    assert not go(tenant.plan()).changes
    at(tenant, datetime(2026, 12, 11, 23, 0, tzinfo=UTC))
    cycle = go(tenant.apply())
    assert [(c.field, c.after, c.cause) for c in cycle.plan.changes] == [
        ("automaticReplies.external", "", Cause.TIME),
        ("automaticReplies.internal", "", Cause.TIME),
        ("automaticReplies.state", "disabled", Cause.TIME),
    ]
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert (replies(tenant).state, replies(tenant).internal, replies(tenant).external) == ("Disabled", "", "")
    assert not go(tenant.plan()).changes


def test_a_holiday_text_goes_with_its_period_unless_somebody_wrote_another(rig, go):
    tenant = rig(ONLY_HOLIDAYS)
    tenant.poke(f"Set-{NOUN}", Identity=BOX, InternalMessage="À nous", ExternalMessage="À nous aussi")
    go(tenant.apply())
    assert canonical(replies(tenant).internal) == "À nous"  # in no period, nothing is ours
    at(tenant, datetime(2026, 12, 10, tzinfo=UTC))
    plan = go(tenant.apply()).plan
    told = {c.field for c in plan.changes if any("does not come back" in note for note in c.notes)}
    assert told == {"automaticReplies.internal", "automaticReplies.external"}
    tenant.poke(f"Set-{NOUN}", Identity=BOX, ExternalMessage="À nous, et ailleurs")
    at(tenant, datetime(2026, 12, 12, tzinfo=UTC))
    go(tenant.apply())
    found = replies(tenant)
    assert (found.state, found.internal, canonical(found.external)) == ("Disabled", "", "À nous, et ailleurs")
    assert not go(tenant.plan()).changes


def test_a_holiday_text_stays_where_nobody_takes_the_period_back(rig, go):
    """A document that says nothing of replies any more manages none of them."""
    tenant = rig(ONLY_HOLIDAYS)
    at(tenant, datetime(2026, 12, 10, tzinfo=UTC))
    go(tenant.apply())
    tenant.write("0.yaml", f"kind: SharedMailbox\naddress: {BOX}\n")
    at(tenant, datetime(2026, 12, 12, tzinfo=UTC))
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize(
    ("period", "begins", "ends"),
    [
        # The clock skips from 2 to 3 on 28 March: 02:30 is the moment it skips to.
        ("from: 2027-03-28T02:30, until: 2027-03-28", "2027-03-28T01:30:00+00:00", "2027-03-28T22:00:00+00:00"),
        # On 31 October 02:30 comes twice: the first.
        ("from: 2027-10-31T02:30, until: 2027-10-31", "2027-10-31T00:30:00+00:00", "2027-10-31T23:00:00+00:00"),
    ],
)
def test_both_ends_where_the_clock_changes(rig, go, period, begins, ends):
    document = f"""\
kind: SharedMailbox
address: {BOX}
automaticReplies:
  state: disabled
  externalAudience: none
  periods: [{{name: Nuit, {period}, internal: x}}]
"""
    tenant = rig(document)
    go(tenant.apply())
    for moment, before, after in ((begins, "Disabled", "Enabled"), (ends, "Enabled", "Disabled")):
        at(tenant, datetime.fromisoformat(moment) - timedelta(seconds=1))
        go(tenant.apply())
        assert replies(tenant).state == before
        at(tenant, datetime.fromisoformat(moment))
        go(tenant.apply())
        assert replies(tenant).state == after


def test_a_schedule_made_in_outlook_is_a_difference(rig, go):
    tenant = made(rig)
    go(tenant.apply())
    tenant.poke(f"Set-{NOUN}", Identity=BOX, AutoReplyState="Scheduled",
                StartTime="2026-12-02T00:00:00Z", EndTime="2026-12-20T00:00:00Z")  # fmt: skip
    plan = go(tenant.plan())
    assert [(c.field, c.before, c.after, c.cause) for c in plan.changes] == [
        ("automaticReplies.state", "scheduled", "enabled", Cause.DRIFT)
    ]
    assert "2026-12-20" in plan.changes[0].notes[0]


def test_times_mean_nothing_otherwise(rig, go):
    tenant = made(rig)
    go(tenant.apply())
    tenant.poke(f"Set-{NOUN}", Identity=BOX, StartTime="2026-12-02T00:00:00Z", EndTime="2026-12-20T00:00:00Z")
    assert not go(tenant.plan()).changes


def test_what_is_left_out_is_left_alone(rig, go):
    tenant = rig(f"kind: SharedMailbox\naddress: {BOX}\nautomaticReplies: {{state: disabled}}\n")
    tenant.poke(f"Set-{NOUN}", Identity=BOX, AutoReplyState="Enabled", InternalMessage="a", ExternalMessage="b")
    before = replies(tenant)
    go(tenant.apply())
    after = replies(tenant)
    assert (after.internal, after.external, after.audience) == (before.internal, before.external, before.audience)
    assert after.state == "Disabled"


def test_replies_without_their_text_are_not_tried(rig, go):
    tenant = rig(f"kind: SharedMailbox\naddress: {BOX}\nautomaticReplies: {{state: enabled, internal: Bonjour}}\n")
    cycle = go(tenant.apply())
    assert f"reply-incomplete/{BOX}/external" in {f.id for f in cycle.plan.findings}
    (state,) = [c for c in cycle.plan.changes if c.field == "automaticReplies.state"]
    assert state.blocked_by == (f"reply-incomplete/{BOX}/external",)
    assert replies(tenant).state == "Disabled"
    tenant.poke(f"Set-{NOUN}", Identity=BOX, ExternalAudience="None")
    go(tenant.apply())
    assert replies(tenant).state == "Enabled"


def test_a_new_mailbox_has_its_replies_at_once(rig, go):
    document = DOCUMENT.replace(BOX, "support@entreprise.example")
    tenant = made(rig, document)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert replies(tenant, "support@entreprise.example").state == "Enabled"
    assert not go(tenant.plan()).changes


def test_one_unreadable_mailbox_does_not_stop_another(rig, go):
    tenant = made(rig)
    tenant.write("contact.yaml", DOCUMENT.replace(BOX, "contact@entreprise.example"))
    denied = Forecast(faults=(FaultRule(kind=FaultKind.DENIED, operations=(f"*-{NOUN}",), targets=("contact@*",)),))
    tenant.sandbox.weather = ForecastWeather(denied, tenant.clock)
    cycle = go(tenant.apply())
    assert "unreadable/contact@entreprise.example/automaticReplies" in {f.id for f in cycle.plan.findings}
    assert replies(tenant).state == "Enabled"
    assert replies(tenant, "contact@entreprise.example").state == "Disabled"
