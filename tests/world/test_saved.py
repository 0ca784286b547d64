"""A plan that was saved and reviewed is applied as it was, or not at all."""

from __future__ import annotations

import json

import jsonschema
import pytest

from controller.errors import StaleError
from controller.report import plan_schema
from controller.saved import check, open_sealed, seal, unpack
from controller.spec import load
from tests.rig import Rig

BOX = """\
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libérée
access: {alice@entreprise.example: [full-access, send-as]}
"""


def saved(tenant: Rig, go) -> str:
    return seal(go(tenant.plan()), tenant.specs(), (), {})


def test_it_carries_the_specs_it_was_made_from(rig, go, tmp_path_factory: pytest.TempPathFactory):
    tenant = rig(BOX)
    opened = open_sealed(saved(tenant, go))
    folder = tmp_path_factory.mktemp("again")
    unpack(opened, folder)
    (specs,) = load(folder).tenants
    assert specs.digest == tenant.specs().digest == opened.specs_digest


def test_it_fits_its_schema(rig, go):
    jsonschema.validate(json.loads(saved(rig(BOX), go)), plan_schema())


def test_it_holds_while_nothing_that_matters_changed(rig, go):
    tenant = rig(BOX)
    opened = open_sealed(saved(tenant, go))
    tenant.poke("Set-Mailbox", Identity="contact@entreprise.example", DisplayName="Autre")
    check(opened, go(tenant.plan()))


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Set-Mailbox", {"DisplayName": "Quelqu'un d'autre"}),
        ("Add-MailboxPermission", {"User": "alice@entreprise.example", "AccessRights": ["FullAccess"]}),
        ("Add-MailboxPermission", {"User": "emma@entreprise.example", "AccessRights": ["FullAccess"]}),
    ],
)
def test_it_is_stale_once_the_mailbox_changed(cmdlet, parameters, rig, go):
    tenant = rig(BOX)
    opened = open_sealed(saved(tenant, go))
    tenant.poke(cmdlet, Identity="libre@entreprise.example", **parameters)
    with pytest.raises(StaleError):
        check(opened, go(tenant.plan()))


def test_it_is_applied_once(rig, go):
    tenant = rig(BOX)
    opened = open_sealed(saved(tenant, go))
    go(tenant.apply())
    with pytest.raises(StaleError):
        check(opened, go(tenant.plan()))


def test_one_byte_flipped(rig, go):
    text = saved(rig(BOX), go)
    whole = json.loads(text)
    whole["changes"][0]["after"] = "Autre chose"
    for altered in (json.dumps(whole), text.replace("alice", "emma"), text[:-5], "[]", ""):
        with pytest.raises(StaleError):
            open_sealed(altered)


def test_what_was_shown_as_held_back_is_not_let_through_later(rig, go):
    tenant = rig(BOX)
    tenant.entry("libre@entreprise.example").dir_synced = True
    opened = open_sealed(saved(tenant, go))
    check(opened, go(tenant.plan()))
    tenant.entry("libre@entreprise.example").dir_synced = False
    with pytest.raises(StaleError):
        check(opened, go(tenant.plan()))
