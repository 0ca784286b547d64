"""A place for a password is filled, and nothing else of a request is touched."""

from __future__ import annotations

from controller.clients.secret import RANDOM_PASSWORD, filled, generate
from controller.log import redact
from controller.model import Request


def test_only_the_place_is_filled_and_logs_never_have_it() -> None:
    body = {
        "passwordProfile": {"password": RANDOM_PASSWORD, "force": False},
        "note": f"not {RANDOM_PASSWORD}",
    }
    sent = filled(Request("graph", "PATCH /users/1", body), lambda: "Kept-from-everybody-1")
    assert sent.parameters == {
        "passwordProfile": {"password": "Kept-from-everybody-1", "force": False},
        "note": f"not {RANDOM_PASSWORD}",
    }
    assert "Kept" not in redact(f"400 Bad Request: {sent.parameters}")
    assert body["passwordProfile"]["password"] == RANDOM_PASSWORD  # type: ignore[index]


def test_a_request_without_a_place_goes_as_it_is() -> None:
    request = Request("exchange", "Set-Mailbox", {"Identity": "x"})
    assert filled(request, generate) is request


def test_passwords_are_long_strong_and_never_the_same() -> None:
    made = {generate() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        assert 60 < len(password) <= 256
        assert any(map(str.islower, password))
        assert any(map(str.isupper, password))
        assert any(map(str.isdigit, password))
