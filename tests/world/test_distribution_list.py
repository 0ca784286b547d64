"""Lists as the tenant has them after the controller has been there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.blame import blame
from controller.guard import refused
from controller.model import Action, Cause, Risk, Severity, Status
from controller.reconciler import carry_out, prepare
from controller.report.text import as_text
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import ForecastWeather
from tests.rig import ADMIN, Rig, ids

EQUIPE = """\
kind: DistributionList
address: support-team@entreprise.example
displayName: Équipe support
type: security
owners: [alice@entreprise.example]
members:
  - bruno@entreprise.example
  - chloe@entreprise.example
join: closed
leave: closed
acceptExternal: true
delivery: {rejectFrom: [intrus@entreprise.example]}
sendAs: [emma@entreprise.example]
sendOnBehalf: [david@entreprise.example]
hiddenFromAddressLists: true
aliases: [equipe-support@entreprise.example]
"""
ANNONCES = "kind: DistributionList\naddress: annonces@entreprise.example\n"
NEW = "kind: DistributionList\naddress: veille@entreprise.example\nowners: [alice@entreprise.example]\n"
LIST = "DistributionList/support-team@entreprise.example"
LIBRE = "libre@entreprise.example"


def members(tenant: Rig, address: str) -> set[str]:
    entries = tenant.sandbox.world.entries
    return {(entries[i].primary or entries[i].upn).lower() for i in tenant.entry(address).members}


def owners(tenant: Rig, address: str) -> set[str]:
    return {tenant.sandbox.world.entries[i].primary.lower() for i in tenant.entry(address).owners}


def row(tenant: Rig, address: str) -> dict:
    (found,) = tenant.poke("Get-DistributionGroup", Identity=address)
    return found


def who(*names: str) -> set[str]:
    return {f"{name}@entreprise.example" for name in names}


def limits(tenant: Rig, text: str) -> None:
    tenant.write("tenant.yaml", (tenant.folder / "tenant.yaml").read_text() + text)


def test_a_list_from_nothing(rig, go):
    tenant = rig(EQUIPE)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    address = "support-team@entreprise.example"
    assert tenant.entry(address).type == "MailUniversalSecurityGroup"
    assert members(tenant, address) == who("bruno", "chloe")
    assert owners(tenant, address) == who("alice")
    assert tenant.send_as(address) == who("emma")
    assert tenant.on_behalf(address) == who("david")
    assert tenant.aliases(address) == who("equipe-support")
    told = row(tenant, address)
    assert told["DisplayName"] == "Équipe support"
    assert (told["MemberJoinRestriction"], told["MemberDepartRestriction"]) == ("Closed", "Closed")
    assert told["RequireSenderAuthenticationEnabled"] is False
    assert told["HiddenFromAddressListsEnabled"] is True
    assert len(told["RejectMessagesFrom"]) == 1
    assert not go(tenant.plan()).changes


def test_what_is_left_out_is_left_alone(rig, go):
    tenant = rig(ANNONCES + "displayName: Annonces internes\n")
    tenant.poke("Set-DistributionGroup", Identity="annonces@entreprise.example", MailTip="Bonjour",
                MemberDepartRestriction="Closed", BypassSecurityGroupManagerCheck=True)
    before = tenant.picture()
    assert ids(go(tenant.apply()).plan.changes) == ["DistributionList/annonces@entreprise.example/displayName"]
    entry = tenant.entry("annonces@entreprise.example")
    after = tenant.picture()
    assert after[entry.object_id].pop("display_name") == "Annonces internes"
    before[entry.object_id].pop("display_name")
    assert before == after


def test_settings_both_ways(rig, go):
    tenant = rig(NEW + "join: approval\nleave: closed\nacceptExternal: true\n")
    go(tenant.apply())
    tenant.write("0.yaml", NEW + "join: open\nleave: open\nacceptExternal: false\n")
    plan = go(tenant.apply()).plan
    assert {(c.field, c.risk) for c in plan.changes} == {
        ("join", Risk.LOW), ("leave", Risk.LOW), ("acceptExternal", Risk.MEDIUM)
    }
    told = row(tenant, "veille@entreprise.example")
    assert (told["MemberJoinRestriction"], told["MemberDepartRestriction"]) == ("Open", "Open")
    assert told["RequireSenderAuthenticationEnabled"] is True
    assert not go(tenant.plan()).changes


def test_a_new_list_needs_owners(rig, go):
    tenant = rig("kind: DistributionList\naddress: veille@entreprise.example\n")
    cycle = go(tenant.apply())
    assert [c.blocked_by for c in cycle.plan.changes] == [("owner-needed/veille@entreprise.example",)]
    assert tenant.sandbox.world.holder("veille@entreprise.example") is None


@pytest.mark.parametrize("name", ["nobody@entreprise.example", "pris@entreprise.example"])
def test_a_new_list_is_not_made_without_the_owner_it_names(name, rig, go):
    cycle = go(rig(NEW.replace("alice@entreprise.example", name)).apply())
    assert [c.blocked_by for c in cycle.plan.changes if c.action is Action.CREATE] != [()]
    assert not cycle.outcomes
    assert [f.severity for f in cycle.plan.findings if f.key and f.code != "report-only"] == [Severity.ERROR]


def test_an_address_that_somebody_holds(rig, go):
    plan = go(rig(NEW.replace("veille@", "pris@")).plan())
    assert "address-held/pris@entreprise.example" in plan.changes[0].blocked_by


def test_the_type_cannot_change(rig, go):
    tenant = rig(ANNONCES + "type: security\nmembers: [bruno@entreprise.example]\n")
    cycle = go(tenant.apply())
    assert not cycle.outcomes
    assert {c.blocked_by for c in cycle.plan.changes} == {("list-type/annonces@entreprise.example",)}
    assert members(tenant, "annonces@entreprise.example") == who("alice")


def test_renamed_and_still_reached(rig, go):
    tenant = rig("kind: DistributionList\naddress: nouvelles@entreprise.example\n"
                 "previousAddresses: [annonces@entreprise.example]\naliases: []\n")
    assert [c.action for c in go(tenant.apply()).plan.changes] == [Action.RENAME]
    assert tenant.entry("annonces@entreprise.example").primary == "nouvelles@entreprise.example"
    assert members(tenant, "nouvelles@entreprise.example") == who("alice")
    assert not go(tenant.plan()).changes


def test_deleted_only_where_that_is_allowed(rig, go):
    tenant = rig(ANNONCES + "state: absent\n")
    cycle = go(tenant.apply())
    assert refused(cycle.plan)
    assert [(c.risk, c.blocked_by) for c in cycle.plan.changes] == [
        (Risk.HIGH, ("delete/annonces@entreprise.example",))
    ]
    limits(tenant, "safety: {allowDelete: true}\n")
    go(tenant.apply())
    assert tenant.sandbox.world.holder("annonces@entreprise.example") is None
    assert not go(tenant.plan()).changes


def test_taking_the_document_away_deletes_nothing(rig, go):
    tenant = rig(NEW)
    go(tenant.apply())
    (tenant.folder / "0.yaml").unlink()
    cycle = go(tenant.apply())
    assert not cycle.plan.changes
    assert "unmanaged-list/veille@entreprise.example" in {f.id for f in cycle.plan.findings}
    assert "unmanaged-list/annonces@entreprise.example" not in {f.id for f in cycle.plan.findings}


# --- members ------------------------------------------------------------------------------------------


def test_members_are_the_whole_truth_or_a_minimum(rig, go):
    tenant = rig(ANNONCES + "members: [bruno@entreprise.example]\nadditive: [members]\n")
    go(tenant.apply())
    assert members(tenant, "annonces@entreprise.example") == who("alice", "bruno")
    tenant.write("0.yaml", ANNONCES + "members: [bruno@entreprise.example]\n")
    go(tenant.apply())
    assert members(tenant, "annonces@entreprise.example") == who("bruno")


def test_members_of_every_sort_by_any_of_their_addresses(rig, go):
    tenant = rig(NEW + """\
members:
  - bruno.petit@entreprise.example
  - pris@entreprise.example
  - externe@partenaire.example
  - info@entreprise.example
  - annonces@entreprise.example
""")
    go(tenant.apply())
    assert members(tenant, "veille@entreprise.example") == {
        *who("bruno", "pris", "contact", "annonces"), "externe@partenaire.example"
    }
    assert not go(tenant.plan()).changes


def test_a_member_nobody_knows_takes_nobody_off(rig, go):
    tenant = rig(ANNONCES + "displayName: Annonces internes\nmembers: [brunot@entreprise.example]\n")
    cycle = go(tenant.apply())
    assert [o.change.field for o in cycle.outcomes] == ["displayName"]
    assert members(tenant, "annonces@entreprise.example") == who("alice")
    assert "unknown-address/annonces@entreprise.example/brunot@entreprise.example" in {
        f.id for f in cycle.plan.findings
    }


def test_one_person_by_two_addresses_stops_the_run(rig, go):
    tenant = rig(ANNONCES + "members: [bruno@entreprise.example, bruno.petit@entreprise.example]\n")
    cycle = go(tenant.apply())
    assert [f.code for f in cycle.plan.findings if f.stops_run] == ["duplicate-entry"]
    assert members(tenant, "annonces@entreprise.example") == who("alice")


def test_an_empty_list_is_a_loss(rig, go):
    tenant = rig(ANNONCES + "members: []\n")
    cycle = go(tenant.apply())
    assert {c.blocked_by for c in cycle.plan.changes} == {("empty-list/annonces@entreprise.example",)}
    tenant.write("a.yaml", "kind: Approval\nfinding: empty-list/annonces@entreprise.example\nreason: fini\n")
    go(tenant.apply())
    assert members(tenant, "annonces@entreprise.example") == set()


def test_the_protected_stay(rig, go):
    tenant = rig(ANNONCES + "members: [bruno@entreprise.example]\n")
    limits(tenant, "safety: {protect: [alice@entreprise.example]}\n")
    cycle = go(tenant.apply())
    assert "protected/annonces@entreprise.example/alice@entreprise.example" in {f.id for f in cycle.plan.findings}
    assert members(tenant, "annonces@entreprise.example") == who("alice", "bruno")


def test_time_brings_and_takes_members(rig, go):
    tenant = rig(ANNONCES + """\
members:
  - alice@entreprise.example
  - {who: chloe@entreprise.example, from: 2026-12-03, until: 2026-12-05}
""")
    cycle = go(tenant.apply())
    assert not cycle.plan.changes
    assert [(str(u.action), u.at.isoformat()) for u in cycle.plan.upcoming] == [
        ("add", "2026-12-03T00:00:00+01:00")
    ]
    tenant.clock.advance(timedelta(days=2))
    cycle = go(tenant.apply())
    assert [(c.action, c.cause) for c in cycle.plan.changes] == [(Action.ADD, Cause.TIME)]
    assert members(tenant, "annonces@entreprise.example") == who("alice", "chloe")
    tenant.clock.advance(timedelta(days=3))
    cycle = go(tenant.apply())
    assert [(c.action, c.cause) for c in cycle.plan.changes] == [(Action.REMOVE, Cause.TIME)]
    assert members(tenant, "annonces@entreprise.example") == who("alice")


def test_drift_of_members_is_told_and_healed(rig, go):
    tenant = rig(ANNONCES + "members: [alice@entreprise.example]\n")
    go(tenant.apply())
    tenant.poke("Add-DistributionGroupMember", Identity="annonces@entreprise.example",
                Member="intrus@entreprise.example", BypassSecurityGroupManagerCheck=True)
    cycle = go(tenant.apply())
    assert [(c.action, c.cause) for c in cycle.plan.changes] == [(Action.REMOVE, Cause.DRIFT)]
    assert members(tenant, "annonces@entreprise.example") == who("alice")


def test_owners_change_and_are_never_none(rig, go):
    tenant = rig(NEW)
    go(tenant.apply())
    tenant.write("0.yaml", NEW.replace("alice", "bruno"))
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert owners(tenant, "veille@entreprise.example") == who("bruno")
    (gone,) = [c for c in cycle.plan.changes if c.action is Action.REMOVE]
    assert gone.depends_on == ("DistributionList/veille@entreprise.example/owners/bruno@entreprise.example",)


def test_senders_are_the_whole_truth(rig, go):
    tenant = rig(EQUIPE)
    go(tenant.apply())
    tenant.write("0.yaml", EQUIPE.replace("sendAs: [emma@", "sendAs: [bruno@"))
    go(tenant.apply())
    assert tenant.send_as("support-team@entreprise.example") == who("bruno")
    tenant.write("0.yaml", EQUIPE.replace("sendOnBehalf: [david@entreprise.example]", "sendOnBehalf: []"))
    assert "empty-list/support-team@entreprise.example" in {f.id for f in go(tenant.plan()).findings}


# --- groups in groups, and mailboxes that name them -----------------------------------------------------


def test_lists_in_lists_even_in_a_circle(rig, go):
    tenant = rig(
        NEW + "members: [ecoute@entreprise.example]\n",
        "kind: DistributionList\naddress: ecoute@entreprise.example\nowners: [alice@entreprise.example]\n"
        "members: [veille@entreprise.example, bruno@entreprise.example]\n",
    )
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert members(tenant, "veille@entreprise.example") == who("ecoute")
    assert members(tenant, "ecoute@entreprise.example") == who("veille", "bruno")
    assert not go(tenant.plan()).changes


def test_a_mailbox_names_the_list_that_comes_with_it(rig, go):
    tenant = rig(EQUIPE, """\
kind: SharedMailbox
address: support@entreprise.example
access: {support-team@entreprise.example: [full-access, send-as]}
folderPermissions: {Calendar: {support-team@entreprise.example: editor}}
""")
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert all(LIST in c.depends_on for c in cycle.plan.changes if c.path[:1] in (("access",), ("folderPermissions",)))
    assert tenant.full_access("support@entreprise.example") == who("support-team")
    assert not go(tenant.plan()).changes


def test_a_mailbox_waits_for_a_list_that_cannot_be_made(rig, go):
    tenant = rig(
        EQUIPE.replace("owners: [alice@entreprise.example]\n", ""),
        f"kind: SharedMailbox\naddress: {LIBRE}\nadditive: [access]\n"
        "access: {support-team@entreprise.example: [full-access]}\n",
    )
    cycle = go(tenant.apply())
    assert not cycle.outcomes
    (grant,) = [c for c in cycle.plan.changes if c.action is Action.GRANT and c.key.address == LIBRE]
    assert "owner-needed/support-team@entreprise.example" in grant.blocked_by


def test_a_distribution_list_that_comes_cannot_hold_rights(rig, go):
    plan = go(rig(
        NEW, f"kind: SharedMailbox\naddress: {LIBRE}\naccess: {{veille@entreprise.example: [full-access]}}\n"
    ).plan())
    assert f"invalid-trustee/{LIBRE}/veille@entreprise.example" in {f.id for f in plan.findings}


EXPANDED = f"""\
kind: SharedMailbox
address: {LIBRE}
access: {{support-team@entreprise.example: {{rights: [full-access], expand: true}}}}
"""


def test_expand_follows_the_members_that_the_plan_brings(rig, go):
    tenant = rig(EQUIPE, EXPANDED)
    go(tenant.apply())
    assert tenant.full_access(LIBRE) == who("bruno", "chloe")
    tenant.write("0.yaml", EQUIPE.replace("chloe@", "david@"))
    go(tenant.apply())
    assert tenant.full_access(LIBRE) == who("bruno", "david")
    assert not go(tenant.plan()).changes


def test_where_a_list_cannot_be_read_nobody_loses_what_its_document_gives_them(rig, go):
    """Chloe is on it by its document, and not yet, or no more, in the tenant."""
    tenant = rig(EQUIPE, EXPANDED)
    go(tenant.apply())
    tenant.poke("Remove-DistributionGroupMember", Identity="support-team@entreprise.example",
                Member="chloe@entreprise.example", BypassSecurityGroupManagerCheck=True, Confirm=False)
    refused = FaultRule(kind=FaultKind.DENIED, operations=("Get-DistributionGroup",))
    tenant.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(refused,)), tenant.clock)
    cycle = go(tenant.apply())
    assert f"unreadable/{LIBRE}/support-team@entreprise.example" in {f.id for f in cycle.plan.findings}
    assert tenant.full_access(LIBRE) == who("bruno", "chloe")


def test_a_contractor_whose_membership_ends(rig, go):
    dated = EQUIPE.replace("- chloe@entreprise.example", "- {who: chloe@entreprise.example, until: 2026-12-05}")
    tenant = rig(dated, EXPANDED)
    go(tenant.apply())
    assert tenant.full_access(LIBRE) == who("bruno", "chloe")
    tenant.clock.advance(timedelta(days=5))
    limits(tenant, "safety: {maxPeopleLosingAccess: 0}\n")
    cycle = go(tenant.apply())
    assert {(c.action, c.cause) for c in cycle.plan.changes} == {
        (Action.REMOVE, Cause.TIME), (Action.REVOKE, Cause.TIME)
    }
    assert f"access-ended/{LIBRE}" in {f.id for f in cycle.plan.findings}
    assert tenant.full_access(LIBRE) == who("bruno")
    assert members(tenant, "support-team@entreprise.example") == who("bruno")


# --- what leaves with a member ----------------------------------------------------------------------------

ONLY = f"kind: SharedMailbox\naddress: {LIBRE}\naccess: {{support-team@entreprise.example: [full-access]}}\n"


def test_the_last_reader_is_not_taken_off_the_list(rig, go):
    tenant = rig(EQUIPE, ONLY)
    go(tenant.apply())
    tenant.write("0.yaml", EQUIPE.replace("  - bruno@entreprise.example\n", "").replace("chloe@", "pris@"))
    cycle = go(tenant.apply())
    held = {c.path[-1]: c.blocked_by for c in cycle.plan.changes}
    assert held == {
        "pris@entreprise.example": (),
        "bruno@entreprise.example": (f"last-reader/{LIBRE}",),
        "chloe@entreprise.example": (f"last-reader/{LIBRE}",),
    }
    assert members(tenant, "support-team@entreprise.example") == who("bruno", "chloe", "pris")
    tenant.write("a.yaml", f"kind: Approval\nfinding: last-reader/{LIBRE}\nreason: fermée\n")
    go(tenant.apply())
    assert members(tenant, "support-team@entreprise.example") == who("pris")


def test_people_taken_off_a_list_count_as_losing(rig, go):
    tenant = rig(EQUIPE, ONLY)
    go(tenant.apply())
    tenant.write("0.yaml", EQUIPE.replace("  - bruno@entreprise.example\n", ""))
    assert not refused(go(tenant.plan()))
    limits(tenant, "safety: {maxPeopleLosingAccess: 0}\n")
    plan = go(tenant.plan())
    assert "people-losing-access/entreprise" in {f.id for f in plan.findings}
    assert not plan.open_changes


def test_whoever_keeps_another_way_in_loses_nothing(rig, go):
    tenant = rig(EQUIPE, ONLY.replace("}\n", ", bruno@entreprise.example: [full-access]}\n"))
    go(tenant.apply())
    tenant.write("0.yaml", EQUIPE.replace("  - bruno@entreprise.example\n", ""))
    limits(tenant, "safety: {maxPeopleLosingAccess: 0}\n")
    assert not refused(go(tenant.plan()))


def test_moving_a_team_from_names_to_a_list_takes_nothing_from_anybody(rig, go):
    team = EQUIPE.replace("- bruno@entreprise.example", "- bruno@entreprise.example\n  - alice@entreprise.example\n"
                          "  - david@entreprise.example")
    tenant = rig(team, "kind: SharedMailbox\naddress: contact@entreprise.example\n"
                       "access: {support-team@entreprise.example: [full-access, send-as]}\n")
    limits(tenant, "safety: {maxPeopleLosingAccess: 0}\n")
    cycle = go(tenant.apply())
    assert not refused(cycle.plan)
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert "support-team@entreprise.example" in tenant.full_access("contact@entreprise.example")


def test_deleting_a_list_that_is_the_only_way_in(rig, go):
    tenant = rig(EQUIPE, ONLY)
    go(tenant.apply())
    tenant.write("0.yaml", EQUIPE + "state: absent\n")
    tenant.write("1.yaml", f"kind: SharedMailbox\naddress: {LIBRE}\n")
    limits(tenant, "safety: {allowDelete: true}\n")
    plan = go(tenant.plan())
    assert [c.blocked_by for c in plan.changes] == [(f"last-reader/{LIBRE}",)]


# --- a list that only feeds a mailbox ---------------------------------------------------------------------

FED = ANNONCES + "members: [alice@entreprise.example, bruno@entreprise.example]\n"
MAILBOX = "kind: SharedMailbox\naddress: nouvelles@entreprise.example\n"


def test_from_a_list_to_a_mailbox_and_back(rig, go):
    tenant = rig(FED)
    go(tenant.apply())
    tenant.write("0.yaml", FED + "redirectTo: nouvelles@entreprise.example\n---\n" + MAILBOX)
    plan = go(tenant.plan())
    add = next(c for c in plan.changes if c.action is Action.ADD)
    assert "SharedMailbox/nouvelles@entreprise.example" in add.depends_on
    assert all(c.depends_on == (add.id,) for c in plan.changes if c.action is Action.REMOVE)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert members(tenant, "annonces@entreprise.example") == who("nouvelles")
    assert not go(tenant.plan()).changes
    record = tenant.journal.last_applied(tenant.sandbox.world.tenant_id)
    assert {path for key, path in record if path[:1] == ("redirectTo",)} == {
        ("redirectTo", "alice@entreprise.example"), ("redirectTo", "bruno@entreprise.example")
    }
    tenant.write("0.yaml", FED + "---\n" + MAILBOX)
    cycle = go(tenant.apply())
    assert {c.cause for c in cycle.plan.changes} == {Cause.SPEC}
    (gone,) = [c for c in cycle.plan.changes if c.action is Action.REMOVE]
    assert len(gone.depends_on) == 2
    assert members(tenant, "annonces@entreprise.example") == who("alice", "bruno")
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize("target", ["nobody@entreprise.example", "pris@entreprise.example"])
def test_a_list_feeds_a_mailbox_or_stays_as_it_is(target, rig, go):
    tenant = rig(ANNONCES + f"members: [alice@entreprise.example]\nredirectTo: {target}\n")
    cycle = go(tenant.apply())
    assert not cycle.plan.changes
    assert [f.severity for f in cycle.plan.findings if f.key] == [Severity.ERROR]
    assert members(tenant, "annonces@entreprise.example") == who("alice")


def test_the_plan_reads_well(rig, go):
    tenant = rig(EQUIPE, EXPANDED)
    text = as_text(go(tenant.plan()))
    assert "create  the list" in text
    assert "emma@entreprise.example            sendAs" in text


def test_whoever_had_the_mail_and_will_not_see_it_is_told(rig, go):
    tenant = rig(FED + "redirectTo: nouvelles@entreprise.example\n---\n" + MAILBOX + "access:\n"
                 "  support-team@entreprise.example: [full-access]\n", EQUIPE)
    found = {f.id: f.message for f in go(tenant.plan()).findings}
    told = found["redirect-without-access/annonces@entreprise.example"]
    assert "alice@" in told
    assert "bruno@" not in told  # reads it through the list that comes with the plan
    tenant.write("1.yaml", EQUIPE.replace("chloe@", "alice@"))
    assert "redirect-without-access" not in {f.code for f in go(tenant.plan()).findings}


def test_mail_that_would_go_in_a_circle_is_told(rig, go):
    tenant = rig(FED + "redirectTo: nouvelles@entreprise.example\n---\n" + MAILBOX
                 + "forwarding: {to: annonces@entreprise.example, keepCopy: true}\n")
    assert "redirect-loop/annonces@entreprise.example" in {f.id for f in go(tenant.plan()).findings}


def test_a_list_that_comes_may_be_named_as_sender(rig, go):
    tenant = rig(NEW, "kind: SharedMailbox\naddress: libre@entreprise.example\n"
                      "delivery: {acceptOnlyFrom: [veille@entreprise.example]}\n")
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert not go(tenant.plan()).changes


def test_a_list_mastered_on_premises_is_left_to_it(rig, go):
    tenant = rig(ANNONCES + "members: [bruno@entreprise.example]\n", EXPANDED.replace("support-team", "annonces"))
    tenant.entry("annonces@entreprise.example").dir_synced = True
    cycle = go(tenant.apply())
    assert "directory-synced/annonces@entreprise.example" in {f.id for f in cycle.plan.findings}
    assert members(tenant, "annonces@entreprise.example") == who("alice")
    assert tenant.full_access(LIBRE) == who("alice")


def test_a_list_that_is_only_reported_lends_nobody_to_expand(rig, go):
    tenant = rig(ANNONCES + "members: [bruno@entreprise.example]\nmode: report\n",
                 EXPANDED.replace("support-team", "annonces"))
    go(tenant.apply())
    assert members(tenant, "annonces@entreprise.example") == who("alice")
    assert tenant.full_access(LIBRE) == who("alice")


def test_who_put_somebody_on_a_list(rig, go):
    tenant = rig(ANNONCES + "members: [alice@entreprise.example]\n")
    go(tenant.apply())
    since = tenant.clock.now()
    tenant.clock.advance(timedelta(minutes=5))
    tenant.poke("Add-DistributionGroupMember", Identity="annonces@entreprise.example",
                Member="intrus@entreprise.example", BypassSecurityGroupManagerCheck=True)
    tenant.clock.advance(timedelta(hours=1))

    async def told():
        async with tenant.connection() as connection:
            prepared = await prepare(tenant.setting(), connection.reader())
            drifted = [c for c in prepared.plan.changes if c.cause is Cause.DRIFT]
            return await blame(connection.reader(), drifted, prepared.observed.directory,
                               since={c.key: since for c in drifted}, until=tenant.clock.now(), session_id="s", own_app=None)

    deeds = go(told())
    assert [(deed.who, deed.operation) for deed in deeds.values()] == [(ADMIN, "Add-DistributionGroupMember")]


def test_what_somebody_did_in_the_meantime_counts_as_done(rig, go):
    tenant = rig(ANNONCES + "members: [bruno@entreprise.example]\n")

    async def overtaken():
        setting = tenant.setting()
        with tenant.journal.lock(setting.tenant_id):
            async with tenant.connection() as connection:
                prepared = await prepare(setting, connection.reader())
                group = {"Identity": "annonces@entreprise.example", "BypassSecurityGroupManagerCheck": True}
                tenant.poke("Add-DistributionGroupMember", Member="bruno@entreprise.example", **group)
                tenant.poke("Remove-DistributionGroupMember", Member="alice@entreprise.example",
                            Confirm=False, **group)
                return await carry_out(setting, connection, prepared)

    assert [o.status for o in go(overtaken()).outcomes] == [Status.APPLIED, Status.APPLIED]
    assert members(tenant, "annonces@entreprise.example") == who("bruno")


def test_a_list_that_goes_and_is_still_named_is_told(rig, go):
    tenant = rig(
        "kind: DistributionList\naddress: equipe@entreprise.example\nstate: absent\n",
        "kind: SharedMailbox\naddress: contact@entreprise.example\naccess:\n  equipe@entreprise.example: [full-access]\n"
        "delivery: {acceptOnlyFrom: [equipe@entreprise.example]}\n",
    )
    told = {f.id: f for f in go(tenant.plan()).findings if f.code == "leaving-list-named"}
    assert set(told) == {"leaving-list-named/contact@entreprise.example/equipe@entreprise.example"}
    (finding,) = told.values()
    assert finding.origin is not None
    assert finding.origin.path == "1.yaml"
    assert "0.yaml:3" in finding.message
    tenant.write("1.yaml", "kind: SharedMailbox\naddress: contact@entreprise.example\naccess: {alice@entreprise.example: [full-access]}\n")
    assert not [f for f in go(tenant.plan()).findings if f.code == "leaving-list-named"]
