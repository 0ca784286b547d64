"""Retention tags as Exchange lists them."""

from __future__ import annotations

from typing import Any

import pytest

from controller.sandbox import files
from controller.sandbox.exchange import run
from controller.sandbox.exchange.refusals import CmdletError
from controller.sandbox.state import Sandbox

SCENARIO = """\
tenant:
  id: 7f1b2c3d-0000-4000-8000-000000000001
  name: Entreprise
  initialDomain: entreprise.onmicrosoft.com
  domains: [entreprise.example]
  organization: {RetentionTags: {Contrats 3 ans: {days: 1095}, Sans limite: {}}}
mailboxes:
  contact@entreprise.example: {displayName: Contact}
"""


@pytest.fixture
def sandbox() -> Sandbox:
    return files.open_sandbox(files.parse(SCENARIO, "scenario"))


def tags(sandbox: Sandbox, **parameters: Any) -> dict[str, dict[str, Any]]:
    rows = run(sandbox, "Get-RetentionPolicyTag", parameters, actor="admin@entreprise.example")
    return {row["Name"]: row for row in rows}


def test_a_scenarios_tags_stand_beside_those_that_every_tenant_has(sandbox):
    found = tags(sandbox)
    assert found["Contrats 3 ans"]["AgeLimitForRetention"] == "1095.00:00:00"
    assert found["Contrats 3 ans"]["Type"] == "Personal"
    assert (found["Sans limite"]["RetentionEnabled"], found["Sans limite"]["AgeLimitForRetention"]) == (
        False,
        None,
    )
    assert "1 Month Delete" in found
    assert found["1 Month Delete"]["RetentionId"] != found["1 Month Delete"]["Guid"]


def test_they_are_chosen_by_name_type_and_mailbox(sandbox):
    assert set(tags(sandbox, Identity="contrats 3 ANS")) == {"Contrats 3 ans"}
    assert {row["Type"] for row in tags(sandbox, Types=["DeletedItems"]).values()} == {"DeletedItems"}
    kinds = {row["Type"] for row in tags(sandbox, Mailbox="contact@entreprise.example").values()}
    assert kinds == {"All", "Personal"}
    with pytest.raises(CmdletError):
        tags(sandbox, Identity="Personne")
