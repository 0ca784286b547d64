"""Which files are read, and which are refused."""

from __future__ import annotations

import os

import pytest

from controller.spec import files

from .conftest import TENANT, Specs

BOX = "kind: SharedMailbox\naddress: {}@entreprise.example\n"


def addresses(specs: Specs) -> list[str]:
    return [str(document.key) for document in specs.load().tenants[0].documents]


def test_reads_yaml_at_any_depth_in_the_order_of_paths(specs: Specs) -> None:
    specs.write("b/c/deep.yml", BOX.format("deep"))
    specs.write("b/two.yaml", BOX.format("Z") + "---\n" + BOX.format("a"))
    specs.write("a.YAML", BOX.format("first"))
    specs.write("notes.txt", "not: [yaml")
    specs.write(".hidden.yaml", "x: [")
    specs.write(".git/config.yaml", "x: [")
    specs.write("b/empty.yaml", "# nothing yet\n---\n---\n")
    names = ["first", "deep", "z", "a"]
    assert addresses(specs) == [f"SharedMailbox/{name}@entreprise.example" for name in names]


def test_byte_order_mark_and_windows_line_breaks(specs: Specs) -> None:
    text = "kind: SharedMailbox\r\naddress: a@b.example\r\ndisplayName: Été\r\naliases: [c@b.example]\r\n"
    specs.write("a.yaml", b"\xef\xbb\xbf" + text.encode())
    document = specs.load().tenants[0].documents[0]
    assert (document.at("aliases").line, document.at("aliases").column) == (4, 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"kind: SharedMailbox\naddress: \xe9@b.example\n", "2:10: not UTF-8 (byte 0xe9)"),
        (BOX.encode("utf-16"), "1:1: not UTF-8 but UTF-16"),
        ("kind: a\nb: x\u2028y\n".encode(), "2:5: invisible line separator U+2028"),
        ("kind: x\nb: é\x00\n".encode(), "2:5: control character U+0000"),
    ],
)
def test_other_encodings(specs: Specs, content: bytes, problem: str) -> None:
    specs.write("a.yaml", content)
    [only] = specs.problems()
    assert only.startswith(f"specs/a.yaml:{problem}")


def test_links_that_leave_the_folder(specs: Specs) -> None:
    outside = specs.root / "outside"
    outside.mkdir()
    (outside / "a.yaml").write_text(BOX.format("a"))
    (specs.folder / "file.yaml").symlink_to(outside / "a.yaml")
    (specs.folder / "folder").symlink_to(outside)
    (specs.folder / "up").symlink_to("..")
    (specs.folder / "gone.yaml").symlink_to("nowhere.yaml")
    (specs.folder / "readme.txt").symlink_to("/etc/hostname")
    problems = specs.problems()
    assert [problem.split(": ")[0] for problem in problems] == [
        "specs/file.yaml:1:1",
        "specs/folder:1:1",
        "specs/gone.yaml:1:1",
        "specs/up:1:1",
    ]
    assert sum("outside the specs folder" in problem for problem in problems) == 3
    assert "does not exist" in problems[2]


def test_links_inside_the_folder_are_read_once(specs: Specs) -> None:
    specs.write("real/a.yaml", BOX.format("a"))
    (specs.folder / "again.yaml").symlink_to("real/a.yaml")
    (specs.folder / "more").symlink_to("real")
    (specs.folder / "real/loop").symlink_to("..")
    assert addresses(specs) == ["SharedMailbox/a@entreprise.example"]


def test_a_mounted_config_map(no_tenant: Specs) -> None:
    no_tenant.write("..2026_12_01/tenant.yaml", TENANT)
    no_tenant.write("..2026_12_01/a.yaml", BOX.format("a"))
    (no_tenant.folder / "..data").symlink_to("..2026_12_01")
    for name in ("tenant.yaml", "a.yaml"):
        (no_tenant.folder / name).symlink_to(f"..data/{name}")
    assert addresses(no_tenant) == ["SharedMailbox/a@entreprise.example"]
    assert no_tenant.load().tenants[0].documents[0].origin.path == "specs/a.yaml"


def test_a_specs_folder_that_is_itself_a_link(specs: Specs) -> None:
    specs.write("a.yaml", BOX.format("a"))
    link = specs.root / "link"
    link.symlink_to("specs")
    specs.folder = link
    assert addresses(specs) == ["SharedMailbox/a@entreprise.example"]


def test_special_files_and_huge_files(specs: Specs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1024 * 1024)
    os.mkfifo(specs.folder / "pipe.yaml")
    specs.write("huge.yaml", b"#" * (1024 * 1024 + 1))
    assert specs.problems() == [
        "specs/huge.yaml:1:1: larger than 1 MiB: split it into several files",
        "specs/pipe.yaml:1:1: not a regular file",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("kind:\tSharedMailbox\naddress: a@b.example\n", "1:6"),
        ("kind: SharedMailbox\naddress: a@b.example\naccess: {\n\tc@b.example: [send-as]}\n", "4:1"),
        ("kind: SharedMailbox\naddress: a@b.example\t\n", "2:21"),
        ("kind: SharedMailbox\naddress: a@b.example\t# trailing\n", "2:21"),
    ],
)
def test_tabs(specs: Specs, text: str, place: str) -> None:
    specs.write("a.yaml", text)
    assert specs.problems() == [f"specs/a.yaml:{place}: tab character: YAML is indented with spaces"]


def test_tabs_in_text_and_comments_are_fine(specs: Specs) -> None:
    specs.write(
        "a.yaml",
        "#\ta comment\nkind: SharedMailbox #\tanother\naddress: a@b.example\n"
        'labels:\n  a: "x\ty"\n  b: |\n    x\ty\n  c: x\ty\n',
    )
    assert specs.load().tenants[0].documents[0].spec.labels["b"] == "x\ty\n"  # type: ignore[attr-defined]


def test_links_in_a_circle_are_passed_over_or_told(specs: Specs) -> None:
    (specs.folder / "a").symlink_to("b")
    (specs.folder / "b").symlink_to("a")
    assert specs.problems() == []
    (specs.folder / "c.yaml").symlink_to("c.yaml")
    assert specs.problems() == ["specs/c.yaml:1:1: link to c.yaml, which does not exist"]
