from __future__ import annotations

from datetime import UTC, datetime

from controller.model import Action, Change, Finding, Key, Kind, Plan, Severity
from controller.report import as_text
from controller.report.text import plain, short

BOX = Key(Kind.SHARED_MAILBOX, "support@entreprise.example")


def test_what_would_steer_a_terminal_is_shown_instead() -> None:
    assert plain("Équipe\x1b[2J\u202eX") == "Équipe\\x1b[2J\\u202eX"


def test_a_hostile_name_does_not_reach_the_terminal() -> None:
    hostile = "Support\x1b]0;owned\x07\r\nPlan: nothing to do"
    change = Change(BOX, "appearance", Action.UPDATE, ("displayName",), hostile, "Support", None)
    finding = Finding("unknown-trustee", f"{BOX.address}/{hostile}", Severity.WARNING, hostile, BOX)
    plan = Plan(
        tenant="entreprise", tenant_id="t", commit=None, specs_digest="", observed_digest="",
        created_at=datetime(2026, 12, 1, tzinfo=UTC), changes=(change,), findings=(finding,), upcoming=(),
        resources=(BOX,),
    )  # fmt: skip
    text = as_text(plan)
    assert "\x1b" not in text
    assert "\r" not in text
    assert [line for line in text.splitlines() if line.strip().startswith("Plan:")] == [
        "Plan: 1 to update; 0 unchanged."
    ]


def test_a_commit_is_short_and_tells_that_files_differ_from_it() -> None:
    assert short("f74b15a6abf5d7adbeef") == "f74b15a6abf5"
    assert short("f74b15a6abf5d7adbeef-dirty") == "f74b15a6abf5-dirty"


def test_findings_by_the_dozen_are_counted_and_errors_never() -> None:
    def many(code: str, severity: Severity) -> tuple[Finding, ...]:
        return tuple(Finding(code, f"m{number}@a.example", severity, "why") for number in range(12))

    plan = Plan(
        tenant="entreprise", tenant_id="t", commit=None, specs_digest="", observed_digest="",
        created_at=datetime(2026, 12, 1, tzinfo=UTC), changes=(), upcoming=(), resources=(BOX,),
        findings=(*many("unmanaged-mailbox", Severity.WARNING), *many("unknown-address", Severity.ERROR)),
    )  # fmt: skip
    text = as_text(plan)
    assert text.count("unknown-address/") == 12
    assert text.count("unmanaged-mailbox/") == 2
    assert "unmanaged-mailbox: 10 more of them" in text
