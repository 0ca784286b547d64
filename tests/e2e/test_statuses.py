"""Every exit status, where it is promised, in the order of precedence 4, 5, 1, 3, 2; and a clean stdout."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from tests.e2e.conftest import TENANT, Desk, Running, findings, ids, start

LIBRE = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libérée\n"
IN_SYNC = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libre\n"
HELD = "kind: SharedMailbox\naddress: pris@entreprise.example\n"
TYPO = "kind: SharedMailbox\naddress: factures@entreprise.example\naccess: {ema@entreprise.example: [full-access]}\n"
NOBODY = "kind: SharedMailbox\naddress: contact@entreprise.example\naccess: {}\n"


@pytest.mark.parametrize(
    ("documents", "plain", "detailed", "apply"),
    [
        ((IN_SYNC,), 0, 0, 0),
        ((LIBRE,), 0, 2, 0),
        ((HELD,), 0, 0, 3),  # blocked for good counts as nothing to do
        ((LIBRE, HELD), 0, 2, 3),
        ((TYPO,), 1, 1, 3),
        ((LIBRE, TYPO), 1, 1, 3),
        ((NOBODY,), 5, 5, 5),
        ((LIBRE, NOBODY), 5, 5, 5),
        ((TYPO, NOBODY), 5, 5, 5),
    ],
)
def test_of_plan_and_apply(desk: Desk, documents: tuple[str, ...], plain: int, detailed: int, apply: int) -> None:
    desk.spec("---\n".join(documents))
    desk.mbx("plan", code=plain)
    desk.mbx("plan", "--detailed-exitcode", code=detailed)
    desk.mbx("apply", "--yes", code=apply)
    if LIBRE in documents:
        assert desk.tenant.show("libre@entreprise.example")["display_name"] == "Libérée"


def test_a_denied_read_is_1_for_plan_and_3_for_apply_and_stops_nobody_else(desk: Desk) -> None:
    desk.spec(f"{LIBRE}---\nkind: SharedMailbox\naddress: contact@entreprise.example\naccess: {{}}\n")
    desk.tenant.weather({"kind": "denied", "operations": ["Get-MailboxPermission"], "targets": ["contact*"]})
    plan = desk.plan(code=1)
    assert "unreadable/contact@entreprise.example/access" in findings(plan)
    assert ids(plan) == ["SharedMailbox/libre@entreprise.example/displayName"]
    desk.mbx("apply", "--yes", code=3)
    assert desk.tenant.show("libre@entreprise.example")["display_name"] == "Libérée"


def test_nothing_to_be_read_at_all_is_1_and_still_a_plan(desk: Desk) -> None:
    desk.spec(LIBRE)
    desk.tenant.weather({"kind": "denied", "api": "exchange"})
    plan = desk.plan(code=1)
    assert plan["changes"] == []
    assert plan["summary"]["unchanged"] == 0
    desk.mbx("apply", "--yes", code=1)
    assert desk.tenant.writes() == []


def test_a_refused_write_is_3_and_the_rest_is_done(desk: Desk) -> None:
    desk.spec(f"{LIBRE}---\nkind: SharedMailbox\naddress: factures@entreprise.example\ndisplayName: X\n")
    desk.tenant.weather({"kind": "denied", "operations": ["Set-Mailbox"], "targets": ["factures*"]})
    done = desk.mbx("apply", "--yes", code=3)
    assert "factures@entreprise.example" in done.out
    assert "request-id" in done.out
    assert desk.tenant.show("libre@entreprise.example")["display_name"] == "Libérée"


def test_an_identity_that_may_only_read(desk: Desk) -> None:
    reader = {"MBX_CLIENT_ID": "22222222-0000-4000-8000-000000000002", "MBX_CLIENT_SECRET": "reading-only-secret"}
    desk.spec(f"{LIBRE}signInBlocked: true\n---\nkind: SharedMailbox\naddress: nouveau@entreprise.example\n")
    desk.mbx("plan", "--detailed-exitcode", code=2, **reader)
    done = desk.mbx("apply", "--yes", code=1, **reader)
    assert "may only read" in done.err
    assert "Set-Mailbox" in done.err
    assert desk.tenant.writes() == []
    desk.spec(IN_SYNC)
    desk.mbx("apply", "--yes", code=0, **reader)


def test_an_identity_that_is_refused_its_first_write(desk: Desk) -> None:
    """Where the service does not say beforehand what may be run."""
    desk.spec(LIBRE)
    desk.tenant.weather({"kind": "denied", "on": "write"})
    done = desk.mbx("apply", "--yes", code=1)
    assert "may only read" in done.err
    assert desk.tenant.show("libre@entreprise.example")["display_name"] == "Libre"


def test_an_identity_without_any_role(desk: Desk) -> None:
    nobody = {"MBX_CLIENT_ID": "33333333-0000-4000-8000-000000000003", "MBX_CLIENT_SECRET": "nobody-at-all-secret"}
    desk.spec(LIBRE)
    done = desk.mbx("plan", "--format", "json", code=1, **nobody)
    assert "role" in " ".join(found["message"] for found in done.json["diagnostics"])


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"MBX_CLIENT_SECRET": "not-the-secret-at-all"}, "AADSTS7000215"),
        ({"MBX_CLIENT_ID": "99999999-0000-4000-8000-000000000009"}, "AADSTS700016"),
        ({"MBX_CLIENT_SECRET": ""}, "no way to sign in"),
        ({"MBX_MANAGED_IDENTITY": "true"}, "exactly one"),
        ({"MBX_CA_BUNDLE": ""}, "MBX_CA_BUNDLE"),
        ({"MBX_CA_BUNDLE": "nowhere.pem"}, "nowhere.pem"),
        ({"MBX_AUTHORITY_URL": "http://127.0.0.1:1"}, "https"),
        ({"MBX_HTTP_TIMEOUT": "soon"}, "MBX_HTTP_TIMEOUT"),
        ({"MBX_AUTHORITY_URL": "https://127.0.0.1:1"}, "127.0.0.1"),
    ],
)
def test_nobody_signs_in(desk: Desk, env: dict[str, str], said: str) -> None:
    desk.spec(LIBRE)
    done = desk.mbx("plan", "--format", "json", code=1, **env)
    assert said in done.err
    assert done.out == ""


def test_a_service_that_cannot_be_reached(desk: Desk) -> None:
    desk.spec(LIBRE)
    done = desk.mbx("plan", "--format", "json", code=1, MBX_EXCHANGE_URL="https://127.0.0.1:1")
    assert done.json["changes"] == []
    assert "unreadable" in {found["code"] for found in done.json["diagnostics"]}


def test_another_tenants_id(desk: Desk) -> None:
    desk.limits("")
    desk.spec(TENANT.replace("7f1b2c3d", "7f1b2c3e"), "tenant.yaml")
    desk.spec(LIBRE)
    done = desk.mbx("plan", code=1)
    assert "tenant" in done.err.lower()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan", "--target", "libr@entreprise.example"), "did you mean libre@entreprise.example"),
        (("apply", "--yes", "--target", "nobody@entreprise.example"), "nobody@entreprise.example"),
        (("drift", "--target", "nobody@entreprise.example"), "nobody@entreprise.example"),
        (("plan", "--tenant", "autre"), "there is entreprise"),
        (("plan", "--selector", "team"), "KEY=VALUE"),
        (("plan", "--at", "noon"), "--at"),
        (("plan", "nowhere"), "nowhere"),
        (("plan", "--format", "yaml"), "yaml"),
        (("plan", "--nonsense"), "--nonsense"),
        (("plann",), "did you mean 'plan'"),
        (("apply",), "--yes"),
        (("apply", "--at", "2027-01-01", "--yes"), "--at"),
    ],
)
def test_a_command_line_that_cannot_be_meant(desk: Desk, words: tuple[str, ...], said: str) -> None:
    desk.spec(LIBRE)
    done = desk.mbx(*words, code=1)
    assert said in done.err
    assert done.out == ""


def test_the_text_is_wrong_and_nothing_is_written(desk: Desk) -> None:
    desk.spec(f"{LIBRE}---\nkind: SharedMailbox\naddress: factures@entreprise.example\nacess: {{}}\n")
    for words in (("plan", "--format", "json"), ("apply", "--yes"), ("validate",), ("drift",)):
        done = desk.mbx(*words, code=1)
        assert "specs/box.yaml:7:1: unknown field 'acess' — did you mean 'access'?" in done.err
        assert done.out == ""
    assert desk.tenant.writes() == []


def test_the_same_person_under_two_addresses_stops_the_run(desk: Desk) -> None:
    desk.spec(f"""\
{LIBRE}---
kind: SharedMailbox
address: factures@entreprise.example
access: {{bruno@entreprise.example: [full-access], bruno.petit@entreprise.example: [send-as]}}
""")
    plan = desk.plan(code=1)
    (twice,) = (found for found in plan["diagnostics"] if found["code"] == "duplicate-trustee")
    assert all(twice["id"] in change["blockedBy"] for change in plan["changes"])
    desk.mbx("apply", "--yes", code=1)
    assert desk.tenant.writes() == []


def test_the_plan_is_what_its_schema_says_and_the_same_twice(desk: Desk) -> None:
    desk.spec("---\n".join((LIBRE + "access: {alice@entreprise.example: [full-access]}\n", HELD, TYPO, NOBODY)))
    schema = desk.mbx("schema", "--plan", code=0).json
    first, second = desk.mbx("plan", "--format", "json", code=5), desk.mbx("plan", "--format", "json", code=5)
    jsonschema.Draft202012Validator(schema).validate(first.json)
    jsonschema.Draft202012Validator.check_schema(desk.mbx("schema", code=0).json)

    def timeless(text: str) -> list[str]:
        return [line for line in text.splitlines() if '"createdAt"' not in line]

    assert timeless(first.out) == timeless(second.out)
    held = [change for change in first.json["changes"] if change["blockedBy"]]
    known = {found["id"] for found in first.json["diagnostics"]}
    assert first.json["summary"]["blocked"] == len(held) > 0
    assert all(set(change["blockedBy"]) <= known for change in held)
    errors = [found for found in first.json["diagnostics"] if found["severity"] == "error"]
    assert first.json["summary"]["errors"] == len(errors)
    assert desk.tenant.writes() == []


def test_plan_writes_its_file_and_says_when_it_cannot(desk: Desk) -> None:
    desk.spec(NOBODY)
    desk.mbx("plan", "--out", "plan.json", code=5)
    assert json.loads((desk.folder / "plan.json").read_text(encoding="utf-8"))["summary"]["blocked"] > 0
    done = desk.mbx("plan", "--out", "no/such/folder/plan.json", code=1)
    assert "no/such/folder" in done.err


def test_a_selector_and_a_target_look_at_no_more(desk: Desk) -> None:
    desk.spec(f"{LIBRE}labels: {{team: support}}\n---\nkind: SharedMailbox\naddress: factures@entreprise.example\n"
              "displayName: X\nlabels: {team: compta}\n")
    assert len(desk.plan("--selector", "team=support")["changes"]) == 1
    assert ids(desk.plan("--target", "FACTURES@entreprise.example")) == [
        "SharedMailbox/factures@entreprise.example/displayName"
    ]
    assert desk.plan("--selector", "team=nobody")["changes"] == []
    desk.mbx("apply", "--yes", "--selector", "team=compta", code=0)
    assert desk.tenant.show("libre@entreprise.example")["display_name"] == "Libre"
    assert desk.tenant.show("factures@entreprise.example")["display_name"] == "X"


@pytest.mark.parametrize("url", ["sqlite:////proc/nowhere/journal.db", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_journal_out_of_reach(desk: Desk, url: str) -> None:
    desk.spec(LIBRE)
    done = desk.mbx("plan", "--format", "json", code=0, MBX_STATE_URL=url)
    assert "warning" in done.err
    assert [change["cause"] for change in done.json["changes"]] == ["first-seen"]
    desk.mbx("drift", code=0, MBX_STATE_URL=url)
    desk.mbx("apply", "--yes", code=1, MBX_STATE_URL=url)
    assert desk.tenant.writes() == []


def test_a_machine_that_does_not_play_along(desk: Desk) -> None:
    desk.spec(LIBRE)
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "controller", "plan"], cwd=desk.folder, env=desk.env, text=True,
            stdout=full, stderr=subprocess.PIPE,
        )  # fmt: skip
        _, err = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "Traceback" not in err
    assert "No space left" in err
    (desk.folder / ".env").write_bytes(b"\xff\xfe\x00")
    assert ".env cannot be read" in desk.mbx("plan", code=1).err


def test_without_a_home_or_a_terminal(desk: Desk) -> None:
    """As a pipeline's runner has it."""
    desk.spec(LIBRE)
    del desk.env["HOME"]
    del desk.env["MBX_STATE_URL"]
    done = desk.mbx("plan", code=0, XDG_STATE_HOME=str(desk.folder / "state"), NO_COLOR="1", CI="true")
    assert "\x1b" not in done.out
    assert "Libérée" in done.out


def test_two_applies_at_once_come_one_after_the_other(desk: Desk) -> None:
    desk.spec(f"{LIBRE}access: {{alice@entreprise.example: [full-access]}}\n")
    desk.tenant.weather(latency={"seconds": 0.2})
    both = [desk.start("apply", "--yes") for _ in range(2)]
    ended = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    assert sorted(desk.tenant.writes()) == ["Add-MailboxPermission", "Set-Mailbox"]


def test_interrupted_it_says_so_and_the_next_one_goes_on(desk: Desk) -> None:
    desk.spec(f"{LIBRE}access: {{alice@entreprise.example: [full-access]}}\nsignInBlocked: true\n")
    desk.tenant.weather(latency={"seconds": 3})  # long enough to be interrupted in, on a busy machine too
    process = desk.start("apply", "--yes")
    give_up = time.monotonic() + 60
    while not desk.tenant.writes() and time.monotonic() < give_up:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    desk.tenant.weather()
    desk.mbx("apply", "--yes", code=0)
    assert desk.plan()["changes"] == []
    assert desk.tenant.holders("libre@entreprise.example") == {"alice@entreprise.example"}


def test_help_of_every_command_has_examples(desk: Desk) -> None:
    listed = desk.mbx("--help", code=0).out
    for name in ("validate", "plan", "apply", "drift", "history", "schema", "sandbox", "demo"):
        assert name in listed
        assert "mbx" in desk.mbx(name, "-h", code=0).out.partition("xample")[2]


def test_a_sandbox_that_is_told_to_stop_ends_well(tmp_path: Path) -> None:
    running: Running = start(tmp_path, Path("entreprise"))
    running.http.close()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=30) == 0
