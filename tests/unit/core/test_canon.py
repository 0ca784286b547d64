from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import canon

words = st.text()


FORMS = [canon.text, canon.address, canon.rights, canon.size, canon.days, canon.displayed]


@pytest.mark.parametrize("form", FORMS)
@given(value=words)
def test_a_canonical_form_is_its_own(form: Any, value: str) -> None:
    assert form(form(value)) == form(value)


@given(st.one_of(st.none(), st.booleans(), st.sampled_from(["True", "false", " TRUE ", "maybe"])))
def test_flags(value: Any) -> None:
    assert canon.flag(canon.flag(value)) == canon.flag(value)


def test_flag_keeps_not_configured() -> None:
    assert canon.flag(None) is None
    assert canon.flag("False") is False


def test_rights_joined_in_one_element() -> None:
    assert canon.rights(["FullAccess, ReadPermission"]) == {"FullAccess", "ReadPermission"}
    assert canon.rights(None) == frozenset()


sizes = st.one_of(
    st.builds("{} B".format, st.integers(0, 10**15)),
    st.builds("{}{}".format, st.decimals(0, 10**6, places=2), st.sampled_from(["MB", " gb", " B", "KB"])),
    st.builds("1 GB ({:,} bytes)".format, st.integers(0, 10**13)),
    st.sampled_from(["Unlimited", None, ""]),
)
spans = st.one_of(
    st.builds("{}.{:02}:{:02}:00".format, st.integers(0, 9999), st.integers(0, 23), st.integers(0, 59)),
    st.builds("{} {}".format, st.integers(0, 9999), st.sampled_from(["days", "day", "d", "weeks"])),
    st.sampled_from(["Unlimited", "90.00:00:00", "00:00:00", None]),
)
markup = st.lists(
    st.sampled_from(
        ["<html>", "<body>", "</body>\r\n", "&amp;", "lt;", "&", "<head>", "</head>", "é", "<b>", "<"]
    )
).map("".join)


@given(value=sizes)
def test_sizes(value: Any) -> None:
    assert canon.size(canon.size(value)) == canon.size(value)
    assert canon.in_bytes(canon.size(value)) == canon.in_bytes(value)


@given(value=spans)
def test_spans(value: Any) -> None:
    assert canon.days(canon.days(value)) == canon.days(value)


@given(value=markup)
def test_what_is_displayed(value: str) -> None:
    assert canon.displayed(canon.displayed(value)) == canon.displayed(value)


def test_a_size_is_the_bytes_in_parentheses() -> None:
    assert canon.size("49.5 GB") == canon.size("49.5 GB (53,150,220,288 bytes)") == "49.5 GB"
    assert canon.size("35 MB") != canon.size("35 MB (36,700,161 bytes)")
    assert canon.size("Unlimited") == "unlimited"
    assert canon.size("36700161 B") == "36700161 B"
    assert canon.size("1024 MB") == "1 GB"


def test_a_span_is_told_in_days() -> None:
    assert canon.days("180 days") == canon.days("180.00:00:00") == canon.days("180D") == "180 days"
    assert canon.days("1.12:00:00") == "1.12:00:00"
    assert canon.days("Unlimited") == "unlimited"


def test_the_wrapping_of_a_mail_tip_is_not_seen() -> None:
    wrapped = "<html>\r\n<body>\r\nRéponse sous 4&nbsp;heures &amp; plus\r\n</body>\r\n</html>\r\n"
    assert canon.displayed(wrapped) == "Réponse sous 4 heures & plus"
    assert canon.displayed("Voir <b>l'aide</b>") == "Voir <b>l'aide</b>"
