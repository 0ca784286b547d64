"""A plan saved by one job and applied by another, as pipelines have it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.conftest import TENANT, Desk

BOX = """\
kind: SharedMailbox
address: libre@entreprise.example
access: {emma@entreprise.example: [full-access]}
"""


def git(folder: Path, *words: str) -> str:
    quiet = ("-c", "user.name=T", "-c", "user.email=t@entreprise.example", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *quiet, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def committed(desk: Desk) -> str:
    git(desk.folder, "init", "-q", "-b", "main")
    git(desk.folder, "add", "specs")
    git(desk.folder, "commit", "-q", "-m", "Specs")
    return git(desk.folder, "rev-parse", "HEAD")


def pair(folder: Path, name: str) -> tuple[str, str]:
    key, public = folder / f"{name}.key", folder / f"{name}.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    return str(key), str(public)


def test_it_is_applied_where_its_commit_is_checked_out(desk: Desk):
    desk.spec(BOX)
    commit = committed(desk)
    desk.mbx("plan", "--out", "plan.json", code=0)
    desk.spec(BOX.replace("emma", "alice"))
    git(desk.folder, "commit", "-q", "-a", "--amend", "-m", "Others")
    refused = desk.mbx("apply", "plan.json", "--yes", code=4)
    assert f"made from commit {commit[:12]}" in refused.err
    assert desk.tenant.writes() == []
    desk.spec(BOX)
    git(desk.folder, "commit", "-q", "-a", "--amend", "-m", "The same specs, squashed")
    desk.mbx("apply", "plan.json", "--yes", code=0)
    assert desk.tenant.holders("libre@entreprise.example") == {"emma@entreprise.example"}


def test_where_a_key_is_trusted_only_its_plans_are_applied(desk: Desk):
    desk.spec(BOX)
    key, public = pair(desk.folder, "plan")
    other, _ = pair(desk.folder, "other")
    desk.mbx("plan", "--out", "unsigned.json", code=0)
    desk.mbx("plan", "--out", "foreign.json", code=0, MBX_PLAN_KEY=Path(other).read_text(encoding="utf-8"))
    desk.mbx("plan", "--out", "signed.json", code=0, MBX_PLAN_KEY=key)
    trusting = {"MBX_PLAN_PUBLIC_KEY": public}
    assert "not signed" in desk.mbx("apply", "unsigned.json", "--yes", code=4, **trusting).err
    assert "another key" in desk.mbx("apply", "foreign.json", "--yes", code=4, **trusting).err
    wrong = desk.mbx("apply", "signed.json", "--yes", code=1, MBX_PLAN_PUBLIC_KEY=key)
    assert "holds a private key" in wrong.err
    assert desk.tenant.writes() == []
    desk.mbx("apply", "signed.json", "--yes", code=0, **trusting)


def test_a_key_that_is_none_is_said_without_showing_it(desk: Desk):
    desk.spec(BOX)
    done = desk.mbx("plan", "--out", "plan.json", code=1, MBX_PLAN_KEY="open sesame")
    assert "MBX_PLAN_KEY" in done.err
    assert "sesame" not in done.err


def test_where_the_specs_are_of_another_tenant_it_is_refused_before_anybody_signs_in(desk: Desk):
    desk.spec(BOX)
    desk.mbx("plan", "--out", "plan.json", code=0)
    desk.spec(TENANT.replace("7f1b2c3d", "7f1b2c3e"), "tenant.yaml")
    refused = desk.mbx("apply", "plan.json", "--yes", code=4, MBX_CLIENT_SECRET="not-the-secret-at-all")
    assert "7f1b2c3d-0000-4000-8000-000000000001" in refused.err
    desk.spec("kind: [", "tenant.yaml")
    desk.mbx("apply", "plan.json", "--yes", code=0)


def test_what_it_prints_names_the_specs_as_the_review_did(desk: Desk):
    desk.spec(BOX)
    planned = desk.mbx("plan", "--out", "plan.json", code=0)
    applied = desk.mbx("apply", "plan.json", "--yes", code=0)
    lines = [line.rpartition("  (")[2] for line in planned.out.splitlines() if line.endswith(")")]
    assert lines
    assert [line for line in lines if line not in applied.out] == []
    assert "mbx-plan-" not in applied.out + applied.err
