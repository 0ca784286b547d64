"""Messages to people: each kept once, given to one sender at a time, and never lost on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from controller.journal import Errand, Journal, Message

from .conftest import HOUR, NOON, TENANT

MINUTE = timedelta(minutes=1)


def put(journal: Journal, *keys: str, notifier: str = "ops") -> None:
    for key in keys:
        assert journal.outbox.enqueue(TENANT, notifier, key, {"text": key}, at=NOON)


def claimed(journal: Journal, after: timedelta = timedelta(), limit: int = 10) -> list[Message]:
    return journal.outbox.claim(now=NOON + after, hold=MINUTE, limit=limit)


def keys(messages: list[Message]) -> list[str]:
    return [message.dedupe_key for message in messages]


def test_the_same_message_is_kept_once_for_each_notifier(journal: Journal) -> None:
    put(journal, "drift/1")
    assert not journal.outbox.enqueue(TENANT, "ops", "drift/1", {"text": "again"}, at=NOON + HOUR)
    put(journal, "drift/1", notifier="team")
    found = claimed(journal, 2 * HOUR)
    assert [(m.notifier, m.payload) for m in found] == [
        ("ops", {"text": "drift/1"}),
        ("team", {"text": "drift/1"}),
    ]


def test_what_was_sent_is_not_enqueued_again(journal: Journal) -> None:
    put(journal, "drift/1")
    journal.outbox.sent(claimed(journal)[0], at=NOON)
    assert not journal.outbox.enqueue(TENANT, "ops", "drift/1", {}, at=NOON + HOUR)
    assert claimed(journal, HOUR) == []


def test_a_claimed_message_is_nobody_elses_until_the_claim_lapses(url: str) -> None:
    with Journal.open(url) as one, Journal.open(url) as other:
        put(one, "a", "b", "c")
        assert keys(claimed(one, limit=2)) == ["a", "b"]
        assert keys(claimed(other)) == ["c"]
        assert claimed(other, MINUTE / 2) == []
        assert [(m.dedupe_key, m.attempt) for m in claimed(other, MINUTE)] == [("a", 2), ("b", 2), ("c", 2)]


def test_many_senders_get_each_message_once(url: str) -> None:
    with Journal.open(url) as journal:
        put(journal, *(f"m{n}" for n in range(40)))

        def drain(_: int) -> list[str]:
            mine: list[str] = []
            with Journal.open(url) as own:
                while found := claimed(own, limit=3):
                    mine += keys(found)
            return mine

        with ThreadPoolExecutor(4) as threads:
            taken = [key for mine in threads.map(drain, range(4)) for key in mine]
    assert sorted(taken) == sorted(f"m{n}" for n in range(40))


def test_nothing_is_due_before_its_time(journal: Journal) -> None:
    journal.outbox.enqueue(TENANT, "ops", "later", {}, at=NOON, not_before=NOON + HOUR)
    assert claimed(journal) == []
    assert keys(claimed(journal, HOUR)) == ["later"]


def test_what_failed_comes_back_with_its_reason(journal: Journal) -> None:
    put(journal, "a")
    journal.outbox.failed(claimed(journal)[0], next_at=NOON + HOUR, reason="503")
    assert claimed(journal, MINUTE) == []
    (again,) = claimed(journal, HOUR)
    assert (again.attempt, again.reason) == (2, "503")
    journal.outbox.gave_up(again, at=NOON + HOUR, reason="410: the address is gone")
    assert claimed(journal, 100 * HOUR) == []
    (found,) = journal.outbox.recent(TENANT)
    assert (found.state, found.reason) == (Errand.GIVEN_UP, "410: the address is gone")


def test_a_late_word_of_a_lapsed_claim_undoes_nothing(journal: Journal) -> None:
    put(journal, "a")
    (slow,) = claimed(journal)
    (quick,) = claimed(journal, MINUTE)
    journal.outbox.failed(slow, next_at=NOON, reason="late")
    assert claimed(journal, MINUTE) == [], "the second claim still holds"
    journal.outbox.sent(quick, at=NOON + MINUTE)
    journal.outbox.failed(slow, next_at=NOON, reason="late")
    journal.outbox.gave_up(slow, at=NOON + HOUR, reason="late")
    (found,) = journal.outbox.recent(TENANT)
    assert (found.state, found.ended_at, found.reason) == (Errand.SENT, NOON + MINUTE, None)


def test_what_went_out_after_all_counts_as_sent(journal: Journal) -> None:
    put(journal, "a")
    (slow,) = claimed(journal)
    (quick,) = claimed(journal, MINUTE)
    journal.outbox.gave_up(quick, at=NOON + MINUTE, reason="503")
    journal.outbox.sent(slow, at=NOON + HOUR)
    assert journal.outbox.recent(TENANT)[0].state is Errand.SENT


def test_one_tenant_may_be_asked_for(journal: Journal) -> None:
    put(journal, "a")
    assert journal.outbox.claim(now=NOON, hold=MINUTE, tenant_id="another") == []
    assert keys(journal.outbox.claim(now=NOON, hold=MINUTE, tenant_id=TENANT)) == ["a"]


def test_the_newest_are_listed_first(journal: Journal) -> None:
    put(journal, "a", "b")
    put(journal, "c", notifier="team")
    assert keys(journal.outbox.recent(TENANT)) == ["c", "b", "a"]
    assert keys(journal.outbox.recent(TENANT, notifier="ops", limit=1)) == ["b"]
    assert journal.outbox.recent(TENANT, state=Errand.SENT) == []


def test_only_what_is_over_is_forgotten(journal: Journal) -> None:
    put(journal, "sent", "waiting")
    journal.outbox.sent(claimed(journal, limit=1)[0], at=NOON)
    assert journal.outbox.prune(NOON) == 0
    assert journal.outbox.prune(NOON + HOUR) == 1
    assert keys(journal.outbox.recent(TENANT)) == ["waiting"]


def test_a_secret_never_reaches_the_database(journal: Journal) -> None:
    journal.outbox.enqueue(TENANT, "ops", "a", {"url": "x", "clientSecret": "hunter-2"}, at=NOON)
    (found,) = claimed(journal)
    assert "hunter-2" not in str(found.payload)
