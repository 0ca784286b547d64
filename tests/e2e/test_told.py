"""People are told by `mbx run`: on a change of state only, by hook, mail and commit status, and never of a secret."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.notify.webhook import signature
from tests.e2e.conftest import TENANT, Desk
from tests.forges.double import Answered, Asked, Double
from tests.forges.github import GitHubDouble

BOX = "kind: SharedMailbox\naddress: libre@entreprise.example\naccess: {emma@entreprise.example: [full-access]}\n"
NOTIFY = """\
notify:
  - teams: {webhookUrlFrom: MBX_TEAMS_WEBHOOK}
    on: [drift, healed]
  - slack: {webhookUrlFrom: MBX_SLACK_WEBHOOK}
  - webhook: {urlFrom: MBX_HOOK_URL, secretFrom: MBX_HOOK_SECRET}
  - mail: {from: contact@entreprise.example, to: [admin@entreprise.example]}
  - commitStatus: {forge: github, repository: entreprise/mail}
"""


class Hooks(Double):
    """Takes everything, and keeps it."""

    def respond(self, asked: Asked) -> Answered:
        return Answered(200, "ok")

    def at(self, path: str) -> list[Any]:
        return [asked.body for asked in self.asked if asked.path == path]


@pytest.fixture
def told(desk: Desk) -> Iterator[tuple[Desk, Hooks, GitHubDouble]]:
    hooks, forge = Hooks(), GitHubDouble("ghp-token")
    desk.spec(TENANT + NOTIFY, "tenant.yaml")
    desk.spec(BOX)
    commit(desk.folder)
    with hooks.served() as url, forge.served() as api:
        desk.env |= {
            "MBX_TEAMS_WEBHOOK": f"{url}/teams?sig=s3cret-of-teams",
            "MBX_SLACK_WEBHOOK": f"{url}/slack",
            "MBX_HOOK_URL": f"{url}/hook",
            "MBX_HOOK_SECRET": "signing-secret",
            "MBX_FORGE_URL": api,
            "MBX_FORGE_TOKEN": "ghp-token",
        }
        yield desk, hooks, forge


def commit(folder: Path) -> None:
    for words in (("init", "-q"), ("remote", "add", "origin", "https://github.com/entreprise/mail.git"),
                  ("add", "specs"), ("-c", "user.name=n", "-c", "user.email=e@e", "commit", "-qm", "specs")):  # fmt: skip
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def kinds(hooks: Hooks) -> list[str]:
    return [
        one["kind"] for message in hooks.at("/hook") for one in message["news"] if one["kind"] != "licence"
    ]


def test_each_way_is_told_once_of_drift_that_was_healed(told: tuple[Desk, Hooks, GitHubDouble]) -> None:
    desk, hooks, _forge = told
    desk.mbx("run", "--once", code=0)
    hooks.asked.clear()
    desk.tenant.poke("Add-MailboxPermission", Identity="libre@entreprise.example", User="intrus@entreprise.example",
                     AccessRights=["FullAccess"])  # fmt: skip
    out = [desk.mbx("run", "--once", "--log-level", "debug") for _ in range(3)]
    assert kinds(hooks) == ["drift", "healed"]
    for path in ("/teams", "/slack", "/hook"):  # in one message, or in two where the drift went out first
        texts = "".join(str(body) for body in hooks.at(path))
        assert texts.count("was given full-access") == 2
    drift = next(one for message in hooks.at("/hook") for one in message["news"] if one["kind"] == "drift")
    assert "intrus@entreprise.example was given full-access" in drift["what"]
    assert drift["who"] == "admin@entreprise.example"
    assert drift["url"].startswith("https://github.com/entreprise/mail/blob/")
    assert drift["url"].endswith("/specs/box.yaml#L3")
    for done in out:
        assert "s3cret-of-teams" not in done.out + done.err
        assert "signing-secret" not in done.out + done.err


def test_what_is_sent_is_signed_over_its_bytes(told: tuple[Desk, Hooks, GitHubDouble]) -> None:
    desk, hooks, _ = told
    desk.mbx("run", "--once", code=0)
    desk.spec(BOX.replace("{emma@entreprise.example: [full-access]}", "{}"))
    desk.mbx("run", "--once", code=5)
    asked = [one for one in hooks.asked if one.path == "/hook"]
    assert asked
    for one in asked:
        assert one.headers["x-mbx-signature-256"] == signature(one.raw, "signing-secret")


def test_a_mail_is_sent_from_the_mailbox_that_the_tenant_names(
    told: tuple[Desk, Hooks, GitHubDouble],
) -> None:
    desk, _, _ = told
    desk.mbx("run", "--once", code=0)
    desk.spec(BOX.replace("{emma@entreprise.example: [full-access]}", "{}"))
    desk.mbx("run", "--once", code=5)
    mails = [mail for mail in desk.tenant.ask("GET", "sent")["value"] if "refused" in mail["subject"]]
    (mail,) = mails[-1:]
    assert (mail["from"], mail["toRecipients"]) == (
        "contact@entreprise.example",
        ["admin@entreprise.example"],
    )
    assert "let it through with an Approval of" in mail["body"]["content"]
    assert mail["headers"]["x-mbx-delivery"]


def test_the_status_of_the_commit_follows_the_tenant(told: tuple[Desk, Hooks, GitHubDouble]) -> None:
    desk, _, forge = told
    desk.mbx("run", "--once", code=0)
    desk.mbx("run", "--once", code=0)
    assert [status["state"] for _, status in forge.statuses] == ["success"]
    assert forge.statuses[0][1]["context"] == "mbx/entreprise"


def test_a_hook_that_is_down_stops_nothing_and_is_told_later(told: tuple[Desk, Hooks, GitHubDouble]) -> None:
    desk, hooks, _ = told
    desk.mbx("run", "--once", code=0)
    hooks.faults = [Answered(503, {"error": "down"}) for _ in range(3)]
    desk.tenant.poke("Add-MailboxPermission", Identity="libre@entreprise.example", User="intrus@entreprise.example",
                     AccessRights=["FullAccess"])  # fmt: skip
    desk.mbx("run", "--once", code=0)
    assert desk.tenant.holders("libre@entreprise.example") == {"emma@entreprise.example"}
