"""Left out, empty and written are three things; and what is exclusive."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from controller.model import Mode
from controller.spec import AccessEntry, Right, SharedMailbox, Tenant, is_exclusive
from controller.spec.models import Orphans, State


def mailbox(**fields: Any) -> SharedMailbox:
    return SharedMailbox.model_validate({"kind": "SharedMailbox", "address": "a@b.example", **fields})


def tenant(**fields: Any) -> Tenant:
    written = {"kind": "Tenant", "name": "a", "tenantId": "7f1b2c3d-0000-4000-8000-000000000001", **fields}
    return Tenant.model_validate(written)


def test_left_out_is_unmanaged() -> None:
    spec = mailbox()
    unmanaged = (
        "display_name",
        "aliases",
        "hidden_from_address_lists",
        "access",
        "sent_items",
        "sign_in_blocked",
    )
    assert [name for name in unmanaged if getattr(spec, name) is not None] == []
    assert spec.model_fields_set == {"kind", "address"}
    assert (spec.convert, spec.state, spec.mode) == (False, State.PRESENT, None)


def test_empty_is_a_wish() -> None:
    spec = mailbox(access={}, aliases=[], displayName="A")
    assert (spec.access, spec.aliases) == ({}, ())
    assert {"access", "aliases"} <= spec.model_fields_set


def test_access_in_both_forms() -> None:
    spec = mailbox(
        access={
            "Alice@b.example": ["full-access", "send-as"],
            "c@b.example": {
                "rights": ["send-on-behalf"],
                "from": "2026-12-01",
                "autoMapping": False,
                "expand": True,
            },
        }
    )
    assert spec.access == {
        "Alice@b.example": AccessEntry(rights=(Right.FULL_ACCESS, Right.SEND_AS)),
        "c@b.example": AccessEntry.model_validate(
            {"rights": ["send-on-behalf"], "from": date(2026, 12, 1), "autoMapping": False, "expand": True}
        ),
    }
    assert spec.access["Alice@b.example"].auto_mapping is None
    assert spec.access["c@b.example"].from_ == date(2026, 12, 1)


def test_documents_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        mailbox().address = "c@b.example"  # type: ignore[misc]


def test_a_tenant_is_careful_where_it_says_nothing() -> None:
    spec = tenant()
    assert (spec.mode, spec.interval, spec.orphans, spec.apply_windows) == (
        Mode.REPORT, timedelta(minutes=15), Orphans.REPORT, None,
    )  # fmt: skip
    safety = spec.safety
    assert (safety.max_changes, safety.max_people_losing_access, safety.max_share_losing_access) == (
        200,
        10,
        0.5,
    )
    assert (safety.last_reader, safety.allow_delete, safety.protect) == ("forbid", False, ())


@pytest.mark.parametrize(
    ("collection", "document", "estate", "exclusive"),
    [
        ("access", {}, {}, True),
        ("aliases", {}, {}, True),
        ("rules", {}, {}, True),
        ("members", {}, {}, True),
        ("owners", {}, {}, True),
        ("folderPermissions", {}, {}, True),
        ("categories", {}, {}, False),
        ("folders", {}, {}, False),
        ("categories", {"exclusive": ["categories"]}, {}, True),
        ("aliases", {"additive": ["aliases"]}, {}, False),
        ("aliases", {}, {"additive": ["aliases"]}, False),
        ("aliases", {"exclusive": ["aliases"]}, {"additive": ["aliases"]}, True),
        ("categories", {"additive": ["categories"]}, {"exclusive": ["categories"]}, False),
        ("access", {"additive": ["aliases"]}, {"additive": ["categories"]}, True),
    ],
)
def test_exclusive(
    collection: str, document: dict[str, Any], estate: dict[str, Any], exclusive: bool
) -> None:
    assert is_exclusive(mailbox(**document), tenant(**estate), collection) is exclusive


def test_no_such_collection() -> None:
    with pytest.raises(KeyError):
        is_exclusive(mailbox(), tenant(), "acess")
