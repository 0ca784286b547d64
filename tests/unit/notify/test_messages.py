"""What each way to tell makes of a notice: within its limits, with everything in it, and nobody's words as markup."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from controller.clients.forge import ForgeName
from controller.model import Origin
from controller.notify import mail, slack, teams, webhook
from controller.notify.courier import together
from controller.notify.links import Pages, forge_at, pages_of
from controller.notify.news import News, Notice
from controller.spec.models.notify import Event

AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
SHA = "a" * 40
DRIFT = News(
    "drift/1@x", Event.DRIFT, "support@entreprise.example: mallory@evil.example was given full-access", AT,
    "SharedMailbox/support@entreprise.example", "admin@entreprise.example", "mailboxes/support.yaml:14",
    f"https://github.com/entreprise/mail/blob/{SHA}/mailboxes/support.yaml#L14",
)  # fmt: skip
OVER = News("drift/1@x/over", Event.HEALED, "…was given full-access: put back by the controller", AT)


def notice(*news: News, **more: int) -> Notice:
    return Notice("n1", "entreprise", AT, news, more, SHA[:12])


def many(count: int, what: str = "x") -> Notice:
    return notice(*(replace(DRIFT, id=f"d{n}", what=f"{n} {what}") for n in range(count)))


def everything(message: Any) -> str:
    return json.dumps(message, ensure_ascii=False)


WAYS = {
    "teams": teams.message,
    "slack": slack.message,
    "webhook": webhook.message,
    "mail": lambda one: mail.message(one, ["equipe@entreprise.example"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_who_since_when_and_where_stand_in_every_message(way: str) -> None:
    text = everything(WAYS[way](notice(DRIFT, OVER))).replace("\\\\", "")
    for part in ("was given full-access", "admin@entreprise.example", "2026-12-01", "/blob/", "#L14"):
        assert part in text
    assert "1 drifted, 1 over" in text


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_listed_is_counted(way: str) -> None:
    text = everything(WAYS[way](Notice("n", "entreprise", AT, many(100).news, {"drift": 400}, None)))
    assert "500 drifted" in text
    if way != "webhook":
        shown = {"teams": 20, "slack": 20, "mail": 50}[way]
        assert f"and {500 - shown} more" in text


def test_a_card_has_the_form_that_a_workflow_takes() -> None:
    message = teams.message(notice(DRIFT))
    assert message["type"] == "message"
    (attachment,) = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"TextBlock"}


@pytest.mark.parametrize("count", [1, 20, 100])
def test_a_card_stays_below_28_kilobytes(count: int) -> None:
    message = teams.message(many(count, "é" * 5000))
    assert len(json.dumps(message, ensure_ascii=False).encode()) < 28 * 1024
    assert len(message["attachments"][0]["content"]["body"]) > 3


def test_a_card_makes_no_link_of_somebodys_words() -> None:
    evil = replace(DRIFT, what="[click](https://evil.example) **now**")
    text = everything(teams.message(notice(evil)))
    assert "[click](https" not in text


@pytest.mark.parametrize("what", ["x", "é" * 5000, "&" * 600])
def test_blocks_stay_within_what_slack_takes(what: str) -> None:
    for count in (1, 20, 100):
        message = slack.message(many(count, what))
        blocks = message["blocks"]
        assert len(blocks) <= 50
        for block in blocks:
            limit = {"header": 150, "section": 3000, "context": 2000}[block["type"]]
            assert len((block.get("text") or block["elements"][0])["text"]) <= limit
        assert sum(len(everything(block)) for block in blocks) < 16_000
        assert len(blocks) >= 2


def test_slack_makes_no_mention_of_somebodys_words() -> None:
    text = everything(slack.message(notice(replace(DRIFT, what="<!channel> <https://evil.example|here>"))))
    assert "<!channel>" not in text
    assert "<https://evil" not in text


def test_a_webhooks_body_is_as_its_schema_says() -> None:
    for one in (notice(DRIFT, OVER), many(100), Notice("n", "t", AT, (), {"drift": 3}, None)):
        jsonschema.validate(webhook.message(one), webhook.SCHEMA)


def test_a_signature_can_be_checked_with_anybodys_hmac() -> None:
    body = webhook.encoded(webhook.message(notice(DRIFT)))
    theirs = "sha256=" + hmac.new(b"s3cret-of-the-hook", body, hashlib.sha256).hexdigest()
    assert webhook.signature(body, "s3cret-of-the-hook") == theirs
    assert webhook.signature(body + b" ", "s3cret-of-the-hook") != theirs


def test_a_mail_has_its_own_id_in_a_header_and_leaves_no_copy() -> None:
    body = mail.message(notice(DRIFT), ["equipe@entreprise.example"])
    headers = {h["name"]: h["value"] for h in body["message"]["internetMessageHeaders"]}
    assert headers["x-mbx-delivery"] == "n1"
    assert all(name.startswith("x-") for name in headers)
    assert body["saveToSentItems"] is False
    assert (
        len(mail.message(replace(notice(DRIFT), tenant="x" * 900), ["a@b.example"])["message"]["subject"])
        <= 200
    )


def test_a_notice_comes_back_from_the_journal_as_it_was() -> None:
    one = notice(DRIFT, OVER, drift=2)
    assert Notice.of(json.loads(json.dumps(one.plain()))) == one


def test_several_messages_become_one_and_nothing_is_lost() -> None:
    whole = together([many(80), notice(DRIFT, OVER, failure=2), many(60)])
    assert len(whole.news) + sum(whole.more.values()) == 80 + 2 + 60 + 2
    assert together([many(3)]) == many(3)


@pytest.mark.parametrize(
    ("repository", "page"),
    [
        ("https://github.com/entreprise/mail.git", f"https://github.com/entreprise/mail/blob/{SHA}/a%20b.yaml#L3"),
        ("git@github.com:entreprise/mail.git", f"https://github.com/entreprise/mail/blob/{SHA}/a%20b.yaml#L3"),
        ("https://bot:pw@gitlab.com/g/sub/p.git", f"https://gitlab.com/g/sub/p/-/blob/{SHA}/a%20b.yaml#L3"),
        ("ssh://git@gitlab.entreprise.example:2222/g/p", f"https://gitlab.entreprise.example/g/p/-/blob/{SHA}/a%20b.yaml#L3"),
        ("git@ssh.dev.azure.com:v3/org/proj/repo",
         f"https://dev.azure.com/org/proj/_git/repo?path=/a%20b.yaml&version=GC{SHA}&line=3&lineEnd=4"
         "&lineStartColumn=1&lineEndColumn=1"),
        ("https://dev.azure.com/org/proj/_git/repo",
         f"https://dev.azure.com/org/proj/_git/repo?path=/a%20b.yaml&version=GC{SHA}&line=3&lineEnd=4"
         "&lineStartColumn=1&lineEndColumn=1"),
    ],
)  # fmt: skip
def test_a_line_has_a_page_at_the_forge(repository: str, page: str) -> None:
    pages = pages_of(repository)
    assert pages is not None
    assert pages.of(Origin("a b.yaml", 3), SHA) == page
    assert pages.of(Origin("a b.yaml", 3), f"{SHA}-dirty") is None
    assert pages.of(None, SHA) is None


@pytest.mark.parametrize(
    ("repository", "page"),
    [
        (
            "ssh://git@ssh.github.com:443/entreprise/mail.git",
            f"https://github.com/entreprise/mail/commit/{SHA}",
        ),
        ("https://bot:pw@gitlab.com/g/sub/p.git", f"https://gitlab.com/g/sub/p/-/commit/{SHA}"),
        ("git@ssh.dev.azure.com:v3/org/proj/repo", f"https://dev.azure.com/org/proj/_git/repo/commit/{SHA}"),
    ],
)
def test_a_commit_has_a_page_at_the_forge(repository: str, page: str) -> None:
    pages = pages_of(repository)
    assert pages is not None
    assert pages.of_commit(SHA) == page
    assert pages.of_commit(f"{SHA}-dirty") is None
    assert pages.of_commit(None) is None


@pytest.mark.parametrize(
    "repository",
    [
        None,
        "",
        "/srv/git/mail.git",
        "../mail",
        "file:///srv/mail",
        "https://git.entreprise.example/m",
        "https://github.com:x/m",
    ],
)
def test_a_repository_of_no_known_forge_has_no_pages(repository: str | None) -> None:
    assert pages_of(repository) is None


@pytest.mark.parametrize(
    ("repository", "interface", "forge"),
    [
        ("git@git.entreprise.example:mail/specs.git", "https://git.entreprise.example/api/v4", ForgeName.GITLAB),
        ("https://u:p@code.entreprise.example/m/s", "https://code.entreprise.example/api/v3/", ForgeName.GITHUB),
        ("https://code.entreprise.example/m/s", "https://elsewhere.example/api/v4", None),
        ("https://code.entreprise.example/m/s", "https://code.entreprise.example/api", None),
        ("/srv/mail.git", "https://code.entreprise.example/api/v4", None),
        ("https://code.entreprise.example/m/s", None, None),
    ],
)
def test_a_forge_of_ones_own_is_known_by_its_interface(repository: str, interface: str | None, forge: ForgeName | None) -> None:
    assert forge_at(repository, interface) is forge


def test_a_host_can_be_said_to_be_a_forge() -> None:
    assert pages_of("https://code.entreprise.example/g/p", ForgeName.GITLAB) == Pages(
        ForgeName.GITLAB, "https://code.entreprise.example/g/p"
    )
