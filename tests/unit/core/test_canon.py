from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import canon

words = st.text()


@pytest.mark.parametrize("form", [canon.text, canon.address, canon.rights])
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
