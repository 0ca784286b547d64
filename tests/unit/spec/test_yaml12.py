"""The text: YAML 1.2, and what is refused in it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.spec.yaml12 import Converter, MisreadError, compose, scalar


def read(text: str) -> object:
    converter = Converter()
    value = converter.document(next(compose(text)), anchored="*" in text)
    assert converter.faults == []
    return value


def fault(text: str) -> str:
    converter = Converter()
    converter.document(next(compose(text)), anchored="*" in text)
    return "; ".join(message for message, _ in converter.faults)


@pytest.mark.parametrize("text", ["no", "No", "yes", "on", "off", "y", "n", "1:30", "2026-12-01", "0b1",
                                  "1_000", "0o8", "=", "tRUE", "nULL", "+.nan", "0x", "1e", ".", "-",
                                  "+", "1.2.3"])  # fmt: skip
def test_is_text(text: str) -> None:
    assert read(f"a: {text}" if text != "-" else "a: '-'") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None), ("null", None), ("NULL", None), ("", None),
        ("true", True), ("TRUE", True), ("False", False),
        ("12", 12), ("+12", 12), ("-0", 0), ("010", 10), ("0o17", 15), ("0xFf", 255),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-.inf", -math.inf), (".INF", math.inf),
    ],
)  # fmt: skip
def test_core_schema(text: str, value: object) -> None:
    found = read(f"a: {text}")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)  # type: ignore[index]


def test_quotes_and_tags_make_text() -> None:
    assert read("a: '12'\nb: \"true\"\nc: !!str 12\nd: !!int 12\n? e\n: |\n  null\n") == {
        "a": "12",
        "b": "true",
        "c": "12",
        "d": 12,
        "e": "null\n",
    }


def test_names_are_text() -> None:
    assert read("1: a\nno: b\ntrue: c\n2026-01-01: d\n") == {
        "1": "a",
        "no": "b",
        "true": "c",
        "2026-01-01": "d",
    }


@given(st.text(alphabet="0123456789+-.eExXoabfntrulNTF~ _:", max_size=8))
def test_scalars_never_fail(text: str) -> None:
    assert isinstance(scalar(text), str | int | float | bool | None)


def test_endless_digits_are_text() -> None:
    assert read(f"a: {'9' * 5000}") == {"a": "9" * 5000}


def test_double_names() -> None:
    assert fault("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n") == "'c' is written twice (first on line 3)"
    assert fault("1: a\n'1': b\n") == "'1' is written twice (first on line 1)"


def test_names_that_are_lists() -> None:
    assert fault("? [a]\n: b\n") == "expected a name here, got a list or a mapping"


@pytest.mark.parametrize("tag", ["!!python/object:os.system", "!mine", "!!binary", "!!timestamp", "!!set"])
def test_foreign_tags(tag: str) -> None:
    assert "has no meaning here" in fault(f"a: {tag} {{}}\n" if tag == "!!set" else f"a: {tag} b\n")


def test_anchors_are_expanded() -> None:
    assert read("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_anchors_that_expand_without_bound() -> None:
    laughs = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    assert fault(laughs) == "its anchors expand to more than 100000 values"


def test_anchors_that_contain_themselves() -> None:
    assert fault("a: &x [*x]\n") == "an anchor (&) contains an alias (*) of itself"


@pytest.mark.parametrize("text", ["[" * 200_000, "- " * 100_000 + "a", "{a: " * 5000, "? " * 100_000])
def test_endless_nesting(text: str) -> None:
    with pytest.raises(MisreadError, match="nested more than 50 deep"):
        list(compose(text))


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a:\n\tb: 1\n", (1, 0), "tab character"),
        ("a: 1\n\tb: 2\n", (1, 0), "tab character"),
        ("a: b: c\n", (0, 4), "in quotes"),
        ("a: @b\n", (0, 3), "a value cannot start with '@'"),
        ("a: 'x\nb: c\n", (0, 3), "no closing quote"),
        ("a: *x\n", (0, 3), "no anchor"),
        ("a:\n  b: 1\n c: 2\n", (2, 1), "check the indentation"),
        ("a: b\nc\nd: e\n", (1, 0), "a ':'"),
        ("a: é\x01b\n", (0, 4), "control character"),
    ],
)
def test_syntax(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(MisreadError) as caught:
        list(compose(text))
    assert words in caught.value.message
    assert (caught.value.line, caught.value.column) == place


def test_documents_before_an_error_are_read() -> None:
    documents = compose("a: 1\n---\n\n---\nb: 2\n---\nc: [\n")
    assert [Converter().document(next(documents), anchored=False) for _ in range(2)] == [{"a": 1}, {"b": 2}]
    with pytest.raises(MisreadError):
        next(documents)
