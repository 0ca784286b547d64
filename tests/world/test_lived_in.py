"""A few of the tenants that `python -m tests.stranger` asks by the hundred: full of people's own things, with
documents that speak of a part of them. Nothing else may move, and holidays come and go."""

from __future__ import annotations

import pytest

from tests.lived_in import boxes, lived_in
from tests.stranger import changed, hold, leaves, unexplained

SEEDS = (1, 2, 3, 6)  # services that number rules densely or not, and that respell filters or not


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_documents_say_happens_and_nothing_else(tmp_path, go, seed: int) -> None:
    go(hold(*lived_in(tmp_path, seed)))


def test_every_field_of_a_mailbox_is_asked_for_somewhere() -> None:
    from controller.spec.models import SharedMailbox

    aliases = {field.alias or name for name, field in SharedMailbox.model_fields.items()}
    about_itself = {
        "kind", "address", "previousAddresses", "profile", "labels", "mode", "convert", "state", "exclusive",
        "additive", "handoff",
    }  # fmt: skip
    for seed in SEEDS:
        offered = {name for box in boxes(seed) for name, how in box.written.items() if how == "other"}
        assert offered == aliases - about_itself


def test_a_change_that_no_document_asked_for_is_noticed(tmp_path) -> None:
    rig, made = lived_in(tmp_path, 1)
    before = leaves(rig)
    rig.poke("Set-Mailbox", Identity=made[0].address, CustomAttribute9="x")
    rig.entry(made[1].address).stores["folders"][0]["items"] = 77
    found = unexplained(changed(before, leaves(rig)), set())
    assert {leaf[0] for leaf in found} == {made[0].address, made[1].address}
