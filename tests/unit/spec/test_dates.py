"""Dates, durations and windows: what they mean in the tenant's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.spec.dates import (
    ends_at,
    in_windows,
    parse_duration,
    parse_moment,
    parse_window,
    starts_at,
)

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2027-01-31", date(2027, 1, 31)),
        ("2027-01-31T18:00", datetime.fromisoformat("2027-01-31T18:00")),
        ("2027-01-31 18:00:30", datetime.fromisoformat("2027-01-31T18:00:30")),
        ("2027-01-31T18:00Z", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-01-31T18:00:00.5+0100", datetime.fromisoformat("2027-01-31T18:00:00.500+01:00")),
    ],
)
def test_moments(text: str, value: date) -> None:
    assert parse_moment(text) == value


@pytest.mark.parametrize("text", ["", "soon", "31/01/2027", "2027-1-31", "2027-02-30", "2027-01-31T25:00",
                                  "20270131", "2027-01-31T18", "2027-W01-1", "٢٠٢٧-01-31x"])  # fmt: skip
def test_no_moments(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text)


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("2027-01-31", "2027-01-31T00:00:00+01:00", "2027-02-01T00:00:00+01:00"),
        ("2027-03-28", "2027-03-28T00:00:00+01:00", "2027-03-29T00:00:00+02:00"),  # 23 hours
        ("2027-10-31", "2027-10-31T00:00:00+02:00", "2027-11-01T00:00:00+01:00"),  # 25 hours
        ("2027-07-01T18:00", "2027-07-01T18:00:00+02:00", "2027-07-01T18:00:00+02:00"),
        ("2027-07-01T18:00Z", "2027-07-01T20:00:00+02:00", "2027-07-01T20:00:00+02:00"),
        ("2027-03-28T02:30", "2027-03-28T03:30:00+02:00", "2027-03-28T03:30:00+02:00"),  # skipped
        ("2027-10-31T02:30", "2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+02:00"),  # comes twice
    ],
)
def test_instants(value: str, start: str, end: str) -> None:
    moment = parse_moment(value)
    assert starts_at(moment, PARIS).isoformat() == start
    assert ends_at(moment, PARIS).isoformat() == end


def test_a_day_that_starts_at_one_o_clock() -> None:
    assert (
        starts_at(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")).isoformat() == "2018-11-04T01:00:00-02:00"
    )


@pytest.mark.parametrize("text", ["9999-12-31", "9999-12-31T23:59", "9999-12-30"])
def test_for_ever(text: str) -> None:
    for zone in ("Pacific/Honolulu", "Pacific/Auckland", "UTC"):
        assert ends_at(parse_moment(text), ZoneInfo(zone)) > datetime(9999, 12, 29, tzinfo=UTC)


def test_since_ever() -> None:
    for zone in ("Pacific/Honolulu", "Pacific/Auckland"):
        assert starts_at(date.min, ZoneInfo(zone)).year == 1


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(["Europe/Paris", "Asia/Kolkata",
       "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "America/St_Johns"]))  # fmt: skip
def test_days_follow_one_another(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    assert ends_at(day, zone) == starts_at(day + timedelta(days=1), zone)
    assert starts_at(day, zone) <= ends_at(day, zone)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), (90, 90), ("90s", 90), ("15m", 900), ("1h", 3600), ("2d", 172800), ("1h30m", 5400)],
)
def test_durations(text: str | int, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0", "0s", "-5", "15 minutes", "m", "1.5h", "1m1h", "999999999d"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        ("mon-fri 08:00-18:00", ["2026-11-23T08:00", "2026-11-27T17:59"],
         ["2026-11-23T07:59", "2026-11-27T18:00", "2026-11-28T12:00"]),
        ("mon 22:00-04:00", ["2026-11-23T22:00", "2026-11-24T03:59"],
         ["2026-11-23T03:00", "2026-11-24T04:00", "2026-11-24T22:30"]),
        ("sun 22:00-04:00", ["2026-11-23T03:59"], ["2026-11-23T22:00"]),
        ("mon,wed 00:00-24:00", ["2026-11-23T23:59", "2026-11-25T00:00"], ["2026-11-24T12:00"]),
        ("fri-mon 08:00-09:00", ["2026-11-27T08:00", "2026-11-29T08:00", "2026-11-23T08:00"],
         ["2026-11-25T08:00"]),
        ("Mon-Tue,SAT 08:00-09:00", ["2026-11-24T08:00", "2026-11-28T08:00"], ["2026-11-26T08:00"]),
    ],
)  # fmt: skip
def test_windows(window: str, inside: list[str], outside: list[str]) -> None:
    parsed = (parse_window(window),)
    assert [text for text in inside if not in_windows(parsed, at(text), PARIS)] == []
    assert [text for text in outside if in_windows(parsed, at(text), PARIS)] == []


def test_windows_count_in_the_tenants_time_zone() -> None:
    window = (parse_window("mon 08:00-09:00"),)
    assert in_windows(window, datetime(2026, 11, 23, 7, 30, tzinfo=UTC), PARIS)
    assert not in_windows(window, datetime(2026, 11, 23, 8, 30, tzinfo=UTC), PARIS)


def test_no_window_is_always_and_none_listed_is_never() -> None:
    assert in_windows(None, datetime(2026, 11, 23, tzinfo=UTC), PARIS)
    assert not in_windows((), datetime(2026, 11, 23, tzinfo=UTC), PARIS)


@pytest.mark.parametrize("text", ["", "mon", "08:00-18:00", "lun 08:00-18:00", "mon 8:00-18:00", "mon 08:00",
                                  "mon 08:00-25:00", "mon-tue-wed 08:00-09:00", "mon 08:00-08:00", "mon- "
                                  "08:00-09:00",
                                  "mon 24:00-09:00", "mon,, 08:00-09:00"])  # fmt: skip
def test_no_windows(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected days and times|ends when it starts"):
        parse_window(text)
