"""A hook makes the loop look if its sender knows the secret, and does nothing else in any case."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from controller.board import Board
from controller.settings import load_settings
from controller.turn import Reason, Turn
from controller.web import Site, create_app

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
SECRET = "a-secret-of-the-forge"
SIGNING = "whsec_" + base64.b64encode(b"k" * 32).decode()
BODY = b'{"ref": "refs/heads/main"}'


class Door:
    """The application, and who asked for a look."""

    def __init__(self, secret=SECRET):
        env = {"MBX_WEBHOOK_SECRET": secret} if secret else {}
        self.looks = []
        self.board = Board()
        self.app = create_app(
            Site(
                self.board,
                load_settings(env, env_file=None),
                lambda: NOW,
                self.looks.append,
                journal=lambda: None,
            )
        )

    def ask(self, method, path, content=b"", headers=None):
        async def one():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://mbx") as client:
                return await client.request(method, path, content=content, headers=headers)

        return asyncio.run(one())

    def post(self, forge, headers, body=BODY):
        return self.ask("POST", f"/hooks/{forge}", body, headers).status_code


def github(secret=SECRET, body=BODY):
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def signed(at=NOW, body=BODY, secret=SIGNING):
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.digest(key, f"1.{stamp}.".encode() + body, "sha256")).decode()
    return {"webhook-id": "1", "webhook-timestamp": stamp, "webhook-signature": f"v1,bm8= v1,{digest}"}


def basic(password, user="mbx"):
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("forge", "headers", "secret"),
    [
        ("github", github(), SECRET),
        ("gitlab", {"x-gitlab-token": SECRET}, SECRET),
        ("gitlab", signed(), SIGNING),
        ("azure", basic(SECRET), SECRET),
        ("azure", basic("with:colons"), "with:colons"),
    ],
)
def test_who_knows_the_secret_is_heard(forge, headers, secret):
    door = Door(secret)
    assert door.post(forge, headers) == 202
    assert door.looks == [f"hook from {forge}"]


@pytest.mark.parametrize(
    ("forge", "headers", "secret"),
    [
        ("github", {}, SECRET),
        ("github", github("another"), SECRET),
        ("github", github(body=b"{}"), SECRET),
        ("github", {"x-hub-signature": github()["x-hub-signature-256"]}, SECRET),
        ("github", {"x-hub-signature-256": ""}, SECRET),
        ("github", {"x-hub-signature-256": "sha256=é".encode()}, SECRET),
        ("gitlab", {}, SECRET),
        ("gitlab", {"x-gitlab-token": SECRET[:-1]}, SECRET),
        ("gitlab", {"x-gitlab-token": SIGNING}, SIGNING),
        ("gitlab", signed(body=b"{}"), SIGNING),
        ("gitlab", signed(at=NOW - timedelta(minutes=6)), SIGNING),
        ("gitlab", signed(at=NOW + timedelta(minutes=6)), SIGNING),
        ("gitlab", {**signed(), "webhook-timestamp": "soon"}, SIGNING),
        ("gitlab", signed(), "whsec_not base64"),
        ("azure", {}, SECRET),
        ("azure", basic("wrong"), SECRET),
        ("azure", {"authorization": f"Bearer {SECRET}"}, SECRET),
        ("azure", {"authorization": "Basic %%%"}, SECRET),
        ("azure", {"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, SECRET),
    ],
)
def test_who_does_not_is_refused(forge, headers, secret):
    door = Door(secret)
    assert door.post(forge, headers) == 401
    assert door.looks == []


def test_a_secret_of_one_forge_signs_nothing_at_another():
    door = Door()
    assert door.post("gitlab", github()) == 401
    assert door.post("github", {"x-gitlab-token": SECRET}) == 401
    assert door.looks == []


def test_without_a_secret_there_are_no_hooks():
    door = Door(secret=None)
    assert door.post("github", github("")) == 404
    assert door.post("azure", basic("")) == 404


def test_only_what_there_is_can_be_asked_for():
    door = Door()
    assert door.post("bitbucket", github()) == 404
    assert door.ask("GET", "/hooks/github").status_code == 405
    assert door.ask("POST", "/hooks/github/..%2f..", BODY, github()).status_code == 404
    assert door.looks == []


def test_a_body_without_end_is_not_kept(monkeypatch):
    monkeypatch.setattr("controller.web.hooks._LARGEST", 100)
    door = Door()
    body = b"x" * 101
    assert door.post("github", github(body=body), body) == 413
    assert door.looks == []


def test_a_ping_is_answered_and_no_reason_to_look():
    door = Door()
    assert door.post("github", {**github(), "x-github-event": "ping"}) == 200
    assert door.looks == []


def turn(reason=None, tenant_id="one"):
    return Turn("1", "entreprise", tenant_id, NOW, NOW, reason=reason, error="" if reason else None)


def test_ready_is_who_completed_a_cycle_or_leaves_that_to_another():
    door = Door()
    assert door.ask("GET", "/healthz").status_code == 200
    assert door.ask("GET", "/readyz").status_code == 503
    door.board.add(turn(Reason.SIGN_IN_FAILED))
    assert door.ask("GET", "/readyz").status_code == 503
    door.board.add(turn(Reason.NOT_LEADING))
    assert door.ask("GET", "/readyz").status_code == 200


def test_the_board_keeps_two_turns_of_each_tenant():
    board = Board()
    board.add(turn(Reason.BAD_SPECS, tenant_id=""))
    assert board.estate is not None
    for number in range(1200):
        board.add(turn(Reason.FAILED, tenant_id=str(number)))
    assert board.estate is None
    assert len(board.standings()) == 1000
    assert "1199" in board.standings()
