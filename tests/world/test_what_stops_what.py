"""What stops what, sentence by sentence: the run, one resource, or one aspect of it; and that the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.cli import outcome
from controller.errors import SpecError
from controller.reconciler import may_start
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import ForecastWeather
from tests.rig import TENANT, Rig, make_rig
from tests.samples import SCENARIO

OTHER = "---\nkind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libérée\n"
CONTACT = "kind: SharedMailbox\naddress: contact@entreprise.example\ndisplayName: Autre\n"
FACTURES = "kind: SharedMailbox\naddress: factures@entreprise.example\ndisplayName: Autre\n"
LIST = "kind: DistributionList\naddress: annonces@entreprise.example\ndisplayName: Autre\n"
EMMA = "kind: SharedMailbox\naddress: emma@entreprise.example\ndisplayName: Autre\n"
ALL_FOUR = "[full-access], bruno@entreprise.example: [full-access], chloe@entreprise.example: [full-access], david@entreprise.example: [full-access]"
POLICY = "---\nkind: Policy\nname: calm\nappliesTo: SharedMailbox\nassert: object.displayName != 'Autre'\nmessage: No.\nseverity: error\n"


def tenant_with(folder: Path, documents: str, tenant: str = "") -> Rig:
    rig = make_rig(folder, SCENARIO, {"specs.yaml": documents + OTHER})
    rig.write("tenant.yaml", TENANT + tenant)
    return rig


def named(rig: Rig, address: str) -> str:
    return str(rig.entry(address).display_name)


@pytest.mark.parametrize(
    "documents",
    [
        CONTACT + "access: [\n",
        CONTACT + "acess: {}\n",
        CONTACT + "access: {alice@entreprise.example: [full-access], Alice@entreprise.example: [send-as]}\n",
        CONTACT + "---\n" + CONTACT,
        CONTACT + "---\n" + FACTURES + "aliases: [Contact@entreprise.example]\n",
        CONTACT + "---\nkind: MailboxDelegation\nmailbox: contact@entreprise.example\naccess: {}\n",
    ],
)
def test_what_is_wrong_in_the_text_stops_the_run(tmp_path: Path, documents: str) -> None:
    with pytest.raises(SpecError):
        tenant_with(tmp_path, documents).specs()


@pytest.mark.parametrize(
    "documents",
    [
        CONTACT + "access: {bruno@entreprise.example: [full-access], bruno.petit@entreprise.example: [send-as]}\n",
        CONTACT + "---\nkind: MailboxDelegation\nmailbox: vieux@entreprise.example\naccess: {}\n",
    ],
)
def test_what_only_the_tenant_shows_to_be_wrong_in_the_text_stops_it_too(tmp_path: Path, go: Any, documents: str) -> None:
    rig = tenant_with(tmp_path, documents)
    cycle = go(rig.apply())
    assert not may_start(cycle.plan)
    assert cycle.plan.changes
    assert all(change.blocked_by for change in cycle.plan.changes)
    assert len(rig.sandbox.world.audit) == 0


@pytest.mark.parametrize(
    ("documents", "readers"),
    [
        (CONTACT + "access: {alyce@entreprise.example: [full-access]}\n", {"alice", "bruno", "chloe", "david"}),
        (CONTACT + "delivery: {acceptOnlyFrom: [alyce@entreprise.example]}\naccess: {alice@entreprise.example: "
         + ALL_FOUR.replace(", david@entreprise.example: [full-access]", "") + "}\n", {"alice", "bruno", "chloe"}),
    ],
)  # fmt: skip
def test_an_address_nobody_has_blocks_that_aspect_alone(tmp_path: Path, go: Any, documents: str, readers: set[str]) -> None:
    rig = tenant_with(tmp_path, documents)
    assert outcome.of_cycle(go(rig.apply())) == outcome.PARTLY
    assert named(rig, "contact@entreprise.example") == "Autre"
    people = {who.partition("@")[0] for who in rig.full_access("contact@entreprise.example") if "@" in who}
    assert people == readers
    assert not rig.entry("contact@entreprise.example").properties.get("AcceptMessagesOnlyFrom")
    assert named(rig, "libre@entreprise.example") == "Libérée"


def _synced(rig: Rig) -> None:
    rig.entry("contact@entreprise.example").dir_synced = True


def _deleted_holder(rig: Rig) -> None:
    rig.poke("New-Mailbox", Shared=True, Name="vieille", PrimarySmtpAddress="vieille@entreprise.example")
    rig.poke("Remove-Mailbox", Identity="vieille@entreprise.example")


def _unread(rig: Rig) -> None:
    fault = FaultRule(kind=FaultKind.DENIED, operations=("Get-RecipientPermission",), targets=("contact*",))
    rig.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(fault,)), rig.clock)


def _unwritten(rig: Rig) -> None:
    fault = FaultRule(kind=FaultKind.DENIED, operations=("Set-Mailbox",), targets=("contact*",))
    rig.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(fault,)), rig.clock)


def _nothing(rig: Rig) -> None:
    pass


@pytest.mark.parametrize(
    ("documents", "prepare", "address"),
    [
        (CONTACT + "categories: {À traiter: red}\n", _synced, "contact@entreprise.example"),
        (CONTACT + "aliases: [info@entreprise.example, vieux@entreprise.example, pris@entreprise.example]\n", _nothing,
         "contact@entreprise.example"),
        (CONTACT + "aliases: [info@entreprise.example, vieux@entreprise.example, vieille@entreprise.example]\n",
         _deleted_holder, "contact@entreprise.example"),
        (LIST + "type: security\nhiddenFromAddressLists: true\n", _nothing, "annonces@entreprise.example"),
        (CONTACT + "access: {alice@entreprise.example: " + ALL_FOUR + "}\n", _unread, "contact@entreprise.example"),
        (CONTACT + "hiddenFromAddressLists: true\n", _unwritten, "contact@entreprise.example"),
        (EMMA, _nothing, "emma@entreprise.example"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_tenant_blocks_that_resource(
    tmp_path: Path, go: Any, documents: str, prepare: Callable[[Rig], None], address: str
) -> None:
    rig = tenant_with(tmp_path, documents)
    prepare(rig)
    before, deleted = rig.picture(), {e.guid for e in rig.sandbox.world.entries.values() if e.deleted}
    assert outcome.of_cycle(go(rig.apply())) == outcome.PARTLY
    ident = next(i for i, e in rig.sandbox.world.entries.items() if e is rig.entry(address))
    assert rig.picture()[ident] == before[ident]
    assert {e.guid for e in rig.sandbox.world.entries.values() if e.deleted} == deleted, "nothing is purged"
    assert named(rig, "libre@entreprise.example") == "Libérée"


@pytest.mark.parametrize(
    ("documents", "finding"),
    [
        (FACTURES + "access: {noyau@entreprise.example: [send-as]}\n", "last-reader/factures@entreprise.example"),
        (FACTURES + "access: {}\n", "empty-list/factures@entreprise.example"),
        (CONTACT + "access: {alice@entreprise.example: [full-access]}\n", "share-losing-access/contact@entreprise.example"),
        (FACTURES.replace("displayName: Autre", "state: absent"), "delete/factures@entreprise.example"),
        (EMMA + "convert: true\n", "convert/emma@entreprise.example"),
        (FACTURES + POLICY, "policy/calm/factures@entreprise.example"),
        (LIST + "members: []\n", "empty-list/annonces@entreprise.example"),
    ],
)
def test_a_finding_of_the_guard_about_one_resource_holds_that_one(
    tmp_path: Path, go: Any, documents: str, finding: str
) -> None:
    rig = tenant_with(tmp_path, documents)
    before = rig.picture()
    cycle = go(rig.apply())
    assert outcome.of_cycle(cycle) == outcome.REFUSED
    assert finding in {found.id for found in cycle.plan.findings}
    ours = [change for change in cycle.plan.changes if change.key.address != "libre@entreprise.example"]
    assert ours
    assert all(finding in change.blocked_by for change in ours)
    libre = next(i for i, e in rig.sandbox.world.entries.items() if e is rig.entry("libre@entreprise.example"))
    assert {i for i, picture in rig.picture().items() if before.get(i) != picture} == {libre}


@pytest.mark.parametrize(
    ("limit", "code"), [("maxChanges: 1", "max-changes"), ("maxPeopleLosingAccess: 0", "people-losing-access")]
)
def test_a_limit_over_the_run_holds_the_run(tmp_path: Path, go: Any, limit: str, code: str) -> None:
    rig = tenant_with(tmp_path, FACTURES + "access: {alice@entreprise.example: [full-access]}\n", f"safety: {{{limit}}}\n")
    before = rig.picture()
    cycle = go(rig.apply())
    assert outcome.of_cycle(cycle) == outcome.REFUSED
    assert all(f"{code}/entreprise" in change.blocked_by for change in cycle.plan.changes)
    assert rig.picture() == before
