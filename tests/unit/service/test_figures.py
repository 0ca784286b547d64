"""Service figures against threads whose answers are known, and against a slower reckoner."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.service import Hours, Mail, Period, reckon
from controller.service.threads import is_automatic

PARIS = ZoneInfo("Europe/Paris")
WEEK = Hours(frozenset(range(5)), time(9), time(18), PARIS)
BOX, ANN, ALICE = "box@entreprise.example", "ann@client.example", "alice@entreprise.example"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def asks(when: str, thread: str, **rest: object) -> Mail:
    return Mail(f"<{when}>", at(when), ANN, ANN, thread, **rest)  # type: ignore[arg-type]


def replies(when: str, thread: str, by: str = BOX) -> Mail:
    return Mail(f"<{when}{by}>", at(when), BOX, by, thread, ours=True)


PERIOD = Period(at("2026-11-01 00:00"), at("2026-12-01 00:00"))


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        ("2026-11-06 17:00", "2026-11-09 10:00", 2),  # over a weekend
        ("2026-11-03 20:00", "2026-11-04 08:00", 0),
        ("2026-11-03 10:00", "2026-11-03 09:00", 0),
        ("2026-11-02 00:00", "2026-11-09 00:00", 45),
    ],
)
def test_only_working_hours_count(begin: str, end: str, hours: int) -> None:
    assert WEEK.between(at(begin), at(end)) == timedelta(hours=hours)


def test_a_night_shift_lasts_as_long_as_it_really_does_when_clocks_change() -> None:
    nights = Hours(frozenset({5}), time(22), time(6), PARIS)
    assert nights.between(at("2026-10-24 12:00"), at("2026-10-25 12:00")) == timedelta(hours=9)
    assert nights.between(at("2026-03-28 12:00"), at("2026-03-29 12:00")) == timedelta(hours=7)
    assert nights.between(at("2026-11-08 00:00"), at("2026-11-08 12:00")) == timedelta(hours=6)


def test_holidays_do_not_count() -> None:
    off = ((at("2026-11-10 12:00"), at("2026-11-12 00:00")),)
    hours = Hours(WEEK.days, WEEK.start, WEEK.end, PARIS, off)
    assert hours.between(at("2026-11-10 09:00"), at("2026-11-12 10:00")) == timedelta(hours=4)


def test_known_threads() -> None:
    mails = [
        asks("2026-11-03 10:00", "a"),
        replies("2026-11-03 12:00", "a", ALICE),
        replies("2026-11-03 13:00", "a"),  # a second person
        asks("2026-11-03 17:00", "b", categories=("Pris par Bruno",)),
        replies("2026-11-04 10:00", "b"),
        asks("2026-11-04 11:00", "b"),  # asks again, and waits
        asks("2026-11-05 11:00", "c", automatic=True),
        asks("2026-11-05 12:00", "d"),
        asks("2026-11-06 12:00", "e", gone=True),
        Mail("<own>", at("2026-11-05 15:00"), ALICE, ALICE, "d", answers=frozenset({ANN})),
        replies("2026-11-07 10:00", "begun by us"),
    ]
    found = reckon(
        mails, PERIOD, WEEK, frozenset({ALICE}), within=timedelta(hours=2), claim="Pris par {givenName}"
    )
    response = found.response
    assert (response.requests, response.answered, response.within, response.from_own_address) == (4, 3, 2, 1)
    assert (response.median, response.p90) == (timedelta(hours=2), timedelta(hours=3))
    backlog = found.backlog
    assert (backlog.waiting, backlog.claimed, backlog.unclaimed) == (1, 1, 0)
    assert backlog.oldest == WEEK.between(at("2026-11-04 11:00"), PERIOD.until)
    by_day = {one.day.day: (one.received, one.sent, one.backlog) for one in found.days}
    assert (by_day[3], by_day[4], by_day[30]) == ((2, 2, 1), (1, 1, 1), (0, 0, 1))
    assert len(found.days) == 30
    assert dict(found.answered_by) == {ALICE: 2, "Pris par Bruno": 1, "sent as the mailbox, unclaimed": 1}
    assert found.automatic == 1
    assert (sum(found.received_by_hour), found.received_by_hour[12], found.sent_by_hour[10]) == (6, 2, 2)


def test_an_answer_is_joined_by_what_it_refers_to() -> None:
    question = asks("2026-11-03 10:00", "a")
    answer = Mail("<r>", at("2026-11-03 11:00"), BOX, BOX, "other", ours=True, refers=(question.ident,))
    assert reckon([question, answer], PERIOD, WEEK).response.median == timedelta(hours=1)


@pytest.mark.parametrize(
    ("headers", "author", "automatic"),
    [
        ({}, ANN, False),
        ({"auto-submitted": "no"}, ANN, False),
        ({"auto-submitted": "auto-replied; x=y"}, ANN, True),
        ({"x-auto-response-suppress": "All"}, ANN, True),
        ({"precedence": "Bulk"}, ANN, True),
        ({"list-id": "<l.example>"}, ANN, True),
        ({"return-path": "<>"}, ANN, True),
        ({}, "", True),
    ],
)
def test_what_a_machine_sent(headers: dict[str, str], author: str, automatic: bool) -> None:
    assert is_automatic(headers, author) is automatic


@pytest.mark.parametrize("seed", range(20))
def test_random_threads_as_a_slow_reckoner_has_them(seed: int) -> None:
    rng = random.Random(seed)
    start, mails, waits, waiting = at("2026-11-02 00:00"), [], [], 0
    for number in range(12):
        moments = [start + timedelta(minutes=rng.randrange(25 * 24 * 60)) for _ in range(rng.randint(1, 5))]
        moments.sort()
        sides = [False, *(rng.random() < 0.5 for _ in moments[1:])]
        for place, (moment, ours) in enumerate(zip(moments, sides, strict=True)):
            who = BOX if ours else ANN
            mails.append(
                Mail(
                    f"<{number}.{place}>", moment + timedelta(seconds=place), who, who, str(number), ours=ours
                )
            )
        if True in sides:
            answer = moments[sides.index(True)] + timedelta(seconds=sides.index(True))
            waits.append(
                sum(
                    _open(moments[0] + timedelta(minutes=m))
                    for m in range(int((answer - moments[0]) / timedelta(minutes=1)))
                )
            )
        waiting += not sides[-1]
    rng.shuffle(mails)
    found = reckon(mails, PERIOD, WEEK)
    assert (found.response.requests, found.response.answered, found.backlog.waiting) == (
        12,
        len(waits),
        waiting,
    )
    assert found.days[-1].backlog == waiting
    if waits:
        middle = sorted(waits)[(len(waits) + 1) // 2 - 1]
        assert found.response.median is not None
        assert abs(found.response.median / timedelta(minutes=1) - middle) < 1


def _open(moment: datetime) -> bool:
    local = moment.astimezone(PARIS)
    return local.weekday() < 5 and 9 <= local.hour < 18
