"""Canonical forms of regional settings and working hours: their own, and blind to what a service rewrites."""

from __future__ import annotations

import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import zones
from controller.aspects import regional, working_hours

FORMS = [
    zones.canonical,
    lambda value: regional._canon(regional.LANGUAGE, value),
    lambda value: regional._canon(regional.ZONE, value),
    working_hours._days,
    working_hours._clock,
]
WORDS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(["Weekdays", "AllDays", "WeekEndDays", "None", "Monday, Tuesday", "sunday,monday", "fr-fr",
                     "sr-latn-rs", "08:00:00", "8:30", "1.08:00:00", "09:00:00.0000000", "europe/paris", "UTC"]),
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@given(value=WORDS)
def test_a_canonical_form_is_its_own(form, value):
    once = form(value)
    assert form(once) == once


def test_every_zone_that_iana_has_is_one_of_windows():
    """But for a research station's, and what names no place."""
    without = {name for name in zoneinfo.available_timezones() if zones.windows(name) is None}
    assert without <= {"Antarctica/Troll", "Factory", "localtime"}


def test_a_windows_zone_leads_back_to_itself():
    for name in (
        "Romance Standard Time",
        "W. Europe Standard Time",
        "GMT Standard Time",
        "UTC",
        "Tokyo Standard Time",
    ):
        assert zones.windows(zones.iana(name) or "") == name
        assert zones.canonical(name.upper()) == name


@pytest.mark.parametrize(
    ("old", "new"), [("EST5EDT", "America/New_York"), ("Europe/Uzhgorod", "Europe/Kyiv"), ("GMT", "UTC")]
)
def test_old_names_are_links(old, new):
    assert zones.windows(old) == zones.windows(new)


def test_a_zone_nobody_knows_stays_as_it_is():
    assert zones.canonical("Customized Time Zone") == "Customized Time Zone"
    assert zones.canonical("") is None
