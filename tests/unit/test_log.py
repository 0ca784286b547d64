from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from controller import log

JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def written(level: str = "info", **fields: Any) -> dict[str, Any]:
    out = io.StringIO()
    log.set_up(level=level, form="json", stream=out)
    structlog.get_logger().info("request.answered", **fields)
    line: dict[str, Any] = json.loads(out.getvalue())
    return line


def test_secrets_are_hidden_by_name() -> None:
    line = written(authorization="x", client_secret="x", headers={"Cookie": "x", "Date": "d"}, tokens=3)
    assert line["authorization"] == line["client_secret"] == line["headers"]["Cookie"] == log.HIDDEN
    assert (line["headers"]["Date"], line["tokens"]) == ("d", 3)


@pytest.mark.parametrize(
    "text",
    [JWT, f"Bearer {JWT}", "Authorization: Basic dXNlcjpwYXNz", "client_secret=hunter2hunter2&scope=x",
     "postgresql://mbx:hunter2hunter2@db/x"],
)  # fmt: skip
def test_secrets_are_hidden_by_their_look(text: str) -> None:
    line = written(text=f"before {text} after", deep=[{"a": text}])
    for shown in (line["text"], line["deep"][0]["a"]):
        assert not any(secret in shown for secret in ("hunter2", "dXNlcjpwYXNz", JWT))
    assert line["text"].startswith("before ")


def test_known_values_are_hidden_wherever_they_turn_up() -> None:
    log.hide(["correct-horse", "abc"])
    line = written(text="it was correct-horse, abc", error=ValueError("correct-horse"))
    assert line["text"] == f"it was {log.HIDDEN}, abc"
    assert "horse" not in line["error"]


def test_levels_and_foreign_loggers() -> None:
    out = io.StringIO()
    log.set_up(level="warning", form="json", stream=out)
    structlog.get_logger().info("request.answered")
    logging.getLogger("hpack.hpack").debug("Authorization: secret")
    logging.getLogger("some.library").warning("Bearer %s", "abcdefgh")
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["event"] == f"Bearer {log.HIDDEN}"


def test_a_terminal_gets_text_for_people() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    log.set_up(stream=out)
    structlog.get_logger().info("request.answered", status=200)
    assert "request.answered" in out.getvalue()
    assert not out.getvalue().startswith("{")
