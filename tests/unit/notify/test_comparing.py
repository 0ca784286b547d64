"""(What was told, a turn's facts) → news: each thing once when it begins, once when it is over, in any weather."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model import Key, Kind
from controller.notify.comparing import QUIET, Sight, compare
from controller.notify.news import Fact, News, Standing
from controller.spec.models.notify import Event

START = datetime(2026, 12, 1, 8, tzinfo=UTC)
TURN = timedelta(minutes=15)
BOX = Key(Kind.SHARED_MAILBOX, "support@entreprise.example")
DRIFT = Fact(
    Event.DRIFT, f"drift/{BOX}/access/mallory@evil.example/full-access", "mallory was given full-access", BOX
)
FAILURE = Fact(Event.FAILURE, f"failure/unreadable/{BOX.address}/access", "access could not be read", BOX)
STALLED = Fact(Event.STALLED, "stalled/sign-in-failed", "nothing can be done")
REFUSED = Fact(Event.REFUSED, f"refused/last-reader/{BOX.address}", "nobody would be left", BOX)
EXPIRING = Fact(Event.EXPIRING, "expiring/x@2026-12-05", "access ends", BOX)


class Reader:
    """Somebody who is told, turn after turn; what is on record is kept in its plain form."""

    def __init__(self) -> None:
        self.record: dict[str, object] = {}
        self.news: list[News] = []
        self.at = START

    def turn(
        self, *facts: Fact, looked: bool = True, unreadable: Iterable[Key] = (), differing: Iterable[str] = ()
    ) -> list[News]:
        told = {subject: Standing.of(plain) for subject, plain in self.record.items()}  # type: ignore[arg-type]
        sight = Sight(self.at, looked, frozenset(map(str, unreadable)), frozenset(differing))
        result = compare(told, facts, sight)
        for subject, standing in result.changed.items():
            if standing is None:
                self.record.pop(subject, None)
            else:
                self.record[subject] = standing.plain()
        news = [one for one, _ in result.news]
        self.news += news
        self.at += TURN
        return news

    def kinds(self) -> list[str]:
        return [str(one.kind) for one in self.news]


def test_a_fact_is_told_once_for_as_long_as_it_holds() -> None:
    reader = Reader()
    for _ in range(100):
        reader.turn(DRIFT)
    assert reader.kinds() == ["drift"]


def test_drift_that_is_gone_is_told_at_once_and_drift_that_comes_back_is_news() -> None:
    reader = Reader()
    reader.turn(DRIFT)
    reader.turn()
    reader.turn(DRIFT)
    assert reader.kinds() == ["drift", "healed", "drift"]
    assert len({one.id for one in reader.news}) == 3


def test_drift_that_is_mended_in_the_same_turn_is_told_as_both() -> None:
    reader = Reader()
    mended = Fact(DRIFT.kind, DRIFT.subject, DRIFT.what, BOX, mended=True)
    reader.turn(mended)
    reader.turn()
    assert reader.kinds() == ["drift", "healed"]
    assert "put back by the controller" in reader.news[1].what


def test_what_is_on_its_way_back_is_not_over_yet() -> None:
    reader = Reader()
    reader.turn(DRIFT)
    assert reader.turn(differing=[DRIFT.subject.removeprefix("drift/")]) == []
    assert [str(one.kind) for one in reader.turn()] == ["healed"]


@pytest.mark.parametrize("fact", [FAILURE, STALLED])
def test_a_trouble_that_comes_and_goes_is_told_once(fact: Fact) -> None:
    reader = Reader()
    for turn in range(96 * 2):  # two days, every other turn
        reader.turn(*([fact] if turn % 2 == 0 else []))
    assert reader.kinds() == [str(fact.kind)]
    for _ in range(4):
        reader.turn()
    assert reader.kinds() == [str(fact.kind), "healed"]
    assert reader.news[1].since == START


def test_a_change_that_failed_and_is_not_tried_again_is_not_over() -> None:
    """Outside the apply windows nothing is tried, and the change still stands in the plan."""
    failed = Fact(Event.FAILURE, f"failure/{BOX}/displayName", "update displayName failed", BOX)
    reader = Reader()
    reader.turn(failed)
    for _ in range(20):
        assert reader.turn(differing=[f"{BOX}/displayName"]) == []
    assert reader.turn() == []
    for _ in range(3):
        reader.turn()
    assert reader.kinds() == ["failure", "healed"]


def test_a_refusal_is_told_once_and_not_when_it_is_over() -> None:
    reader = Reader()
    for facts in ([REFUSED], [REFUSED], [], [], [], [], []):
        reader.turn(*facts)
    assert reader.kinds() == ["refused"]
    reader.turn(REFUSED)
    assert reader.kinds() == ["refused", "refused"]


def test_access_that_ends_is_told_once_and_then_forgotten() -> None:
    reader = Reader()
    for facts in ([EXPIRING], [EXPIRING], []):
        reader.turn(*facts)
    assert reader.kinds() == ["expiring"]
    assert reader.record == {}


@pytest.mark.parametrize("blind", [{"looked": False}, {"unreadable": [BOX]}])
def test_what_could_not_be_looked_at_is_neither_there_nor_gone(blind: dict[str, object]) -> None:
    reader = Reader()
    reader.turn(DRIFT, REFUSED, EXPIRING)
    for _ in range(10):
        assert reader.turn(**blind) == []  # type: ignore[arg-type]
    assert reader.turn(DRIFT, REFUSED, EXPIRING) == []


def test_who_and_since_when_are_told() -> None:
    reader = Reader()
    done = START - timedelta(hours=2)
    (news,) = reader.turn(
        Fact(DRIFT.kind, DRIFT.subject, DRIFT.what, BOX, "mallory@entreprise.example", done)
    )
    assert (news.who, news.since, news.resource) == ("mallory@entreprise.example", done, str(BOX))


@given(st.integers(0, 10_000))
def test_in_any_weather_beginnings_and_ends_take_turns(seed: int) -> None:
    """A week in which facts come and go and turns see nothing, or not all: of each subject a beginning is
    told first, then an end, and never two of one in a row; and never the same news twice."""
    chance, reader = random.Random(seed), Reader()
    holds = dict.fromkeys((DRIFT, FAILURE, STALLED), False)
    for _ in range(96 * 7):
        for fact in holds:
            if chance.random() < 0.05:
                holds[fact] = not holds[fact]
        sees = chance.random()
        if sees < 0.2:
            reader.turn(looked=False)
        elif sees < 0.4:
            reader.turn(*(f for f, there in holds.items() if there and f.key is None), unreadable=[BOX])
        else:
            reader.turn(*(f for f, there in holds.items() if there))
    assert max(Counter(one.id for one in reader.news).values(), default=1) == 1
    for fact in holds:
        told = [one.kind is not Event.HEALED for one in reader.news if one.id.startswith(f"{fact.subject}@")]
        assert all(began is (index % 2 == 0) for index, began in enumerate(told))


def test_the_quiet_that_ends_a_trouble_is_longer_than_one_turn() -> None:
    assert QUIET > TURN
