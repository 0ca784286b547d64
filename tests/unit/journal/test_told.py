"""What was last told, and the messages that tell it: written together, or not at all."""

from __future__ import annotations

import pytest

from controller.journal import Draft, Journal

from .conftest import HOUR, NOON, TENANT


def test_what_was_told_is_found_again_until_it_is_over(journal: Journal) -> None:
    journal.told.record(TENANT, {"drift/a": {"since": 1}, "drift/b": {"since": 2}}, (), at=NOON)
    journal.told.record(
        TENANT, {"drift/a": None, "drift/b": {"since": 3}, "drift/c": None}, (), at=NOON + HOUR
    )
    assert journal.told.of(TENANT) == {"drift/b": {"since": 3}}
    assert journal.told.of("another") == {}
    assert journal.told.tenants() == [TENANT]


def test_many_subjects_go_at_once(journal: Journal) -> None:
    many: dict[str, object] = {f"drift/{number}": {"n": number} for number in range(1200)}
    journal.told.record(TENANT, many, (), at=NOON)
    assert len(journal.told.of(TENANT)) == 1200
    journal.told.record(TENANT, dict.fromkeys(many), (), at=NOON)
    assert journal.told.of(TENANT) == {}


def test_a_message_is_put_into_the_outbox_once(journal: Journal) -> None:
    draft = Draft("teams/MBX_TEAMS", "k1", {"text": "drift"})
    for _ in range(2):
        journal.told.record(TENANT, {"drift/a": {}}, (draft,), at=NOON)
    (message,) = journal.outbox.recent(TENANT)
    assert (message.notifier, message.dedupe_key, message.payload) == (
        "teams/MBX_TEAMS",
        "k1",
        {"text": "drift"},
    )


def test_nothing_is_told_where_the_message_cannot_be_written_down(journal: Journal) -> None:
    with pytest.raises(TypeError):
        journal.told.record(TENANT, {"drift/a": {}}, (Draft("teams", "k1", {"no": object()}),), at=NOON)
    assert journal.told.of(TENANT) == {}
    assert journal.outbox.recent(TENANT) == []


def test_secrets_are_not_written_down(journal: Journal) -> None:
    journal.told.record(TENANT, {"drift/a": {"password": "hunter22"}}, (), at=NOON)
    assert "hunter22" not in str(journal.told.of(TENANT))


def test_of_two_replicas_that_note_the_same_at_once_one_tells_it(url: str) -> None:
    with Journal.open(url) as one, Journal.open(url) as other:
        first = one.told.record(
            TENANT, {"stalled/x": {"n": 1}}, (Draft("ops", "k1", {}),), at=NOON, fresh=["stalled/x"]
        )
        again = other.told.record(
            TENANT,
            {"stalled/x": {"n": 2}, "stalled/y": {}},
            (Draft("ops", "k2", {}),),
            at=NOON,
            fresh=["stalled/x"],
        )
        assert (first, again) == (True, False)
        assert other.told.of(TENANT) == {"stalled/x": {"n": 1}}
        assert [message.dedupe_key for message in one.outbox.recent(TENANT)] == ["k1"]
