"""The policies of the example estate, each kept and each broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.model import Severity
from controller.spec import load

SPECS = Path(__file__).parents[2] / "specs"
READY = {path.name: path.read_text("utf-8") for path in sorted((SPECS / "policies").glob("*.yaml"))}
ADDRESS = "libre@entreprise.example"
KEPT = {
    "no-outsiders": [
        "access: {alice@entreprise.example: [full-access], Bruno@Entreprise.Example: [send-as]}",
        "access: {externe@partenaire.example: {rights: [full-access], until: 2027-01-31, reason: TICKET-1}}",
        "access: {}",
        "folderPermissions: {Calendar: {default: limited-details, alice@entreprise.example: editor}}",
    ],
    "access-through-groups": [
        "access: {equipe-ventes@entreprise.example: [full-access]}",
        "access: {alice@entreprise.example: {rights: [full-access], until: 2027-01-31}}",
        "displayName: Autre",
    ],
    "sign-in-blocked": ["signInBlocked: true"],
    "owner-label": ["labels: {owner: Alice@entreprise.example}"],
    "external-reply": [
        "automaticReplies: {state: enabled, externalAudience: none, external: Bonjour}",
        "automaticReplies: {state: enabled, internal: Bonjour}",
        "automaticReplies: {state: disabled}",
        "displayName: Autre",
    ],
}
BROKEN = {
    "no-outsiders": [
        "access: {externe@partenaire.example: [full-access]}",
        "access: {externe@partenaire.example: {rights: [full-access], until: 2027-01-31}}",
        "access: {alice@entreprise.example: [full-access], Externe@Partenaire.Example: [send-as]}",
        "folderPermissions: {Calendar: {externe@partenaire.example: reviewer}}",
    ],
    "access-through-groups": [
        "access: {alice@entreprise.example: [full-access]}",
        "access: {equipe-ventes@entreprise.example: [full-access], bruno@entreprise.example: [send-as]}",
    ],
    "sign-in-blocked": ["displayName: Autre", "signInBlocked: false"],
    "owner-label": ["displayName: Autre", "labels: {owner: quelqu'un}", "labels: {team: ventes}"],
    "external-reply": [
        "automaticReplies: {state: enabled, externalAudience: all, external: Bonjour}",
        "automaticReplies: {state: enabled, external: Bonjour}",
        "automaticReplies: {state: disabled, externalAudience: all, internal: Bonjour, periods: [{name: Fêtes, "
        "from: 2026-12-24, until: 2027-01-04, external: Fermé}]}",
    ],
}


@pytest.fixture
def broken(rig, go):
    """Which of the policies a mailbox with these fields breaks."""

    def ask(fields: str) -> set[str]:
        tenant = rig(*READY.values(), f"kind: SharedMailbox\naddress: {ADDRESS}\n{fields}\n")
        group = {"Name": "equipe-ventes", "PrimarySmtpAddress": "equipe-ventes@entreprise.example", "Type": "Security"}
        tenant.poke("New-DistributionGroup", **group)
        plan = go(tenant.plan())
        return {finding.code.removeprefix("policy/") for finding in plan.findings if finding.code.startswith("policy/")}

    return ask


@pytest.mark.parametrize(("name", "fields"), [(name, each) for name, kept in KEPT.items() for each in kept])
def test_kept(broken, name, fields):
    assert name not in broken(fields)


@pytest.mark.parametrize(("name", "fields"), [(name, each) for name, wrong in BROKEN.items() for each in wrong])
def test_broken(broken, name, fields):
    assert name in broken(fields)


def test_all_five_are_tried():
    named = {policy.spec.name for policy in load(SPECS).tenants[0].policies}
    assert named == KEPT.keys() == BROKEN.keys()
    severities = {policy.spec.name: Severity(policy.spec.severity) for policy in load(SPECS).tenants[0].policies}
    assert [name for name, severity in severities.items() if severity is Severity.WARNING] == ["access-through-groups"]
