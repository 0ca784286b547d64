"""Files that documents name: found, read, decoded, part of the digest; never from outside the folder."""

from __future__ import annotations

import os

import pytest

from controller.spec.models.wording import LONGEST

DOCUMENT = (
    "kind: SharedMailbox\naddress: support@entreprise.example\nautomaticReplies:\n  internal: {file: %s}\n"
)


def written(specs, named="replies/a.html", folder="", text="<p>Bonjour</p>"):
    specs.write(f"{folder}support.yaml", DOCUMENT % named)
    if text is not None:
        specs.write(f"{folder}replies/a.html", text)
    return specs


def wording(specs):
    return specs.load().tenants[0].documents[0].spec.automatic_replies.internal


def test_a_file_beside_the_spec(specs):
    assert wording(written(specs, folder="mailboxes/")).document() == "<p>Bonjour</p>"


def test_a_file_at_the_top_of_the_specs(specs):
    specs.write("mailboxes/support.yaml", DOCUMENT % "replies/a.html")
    specs.write("replies/a.html", "<p>Du haut</p>")
    assert wording(specs).document() == "<p>Du haut</p>"
    specs.write("mailboxes/replies/a.html", "<p>À côté</p>")
    assert wording(specs).document() == "<p>À côté</p>"


def test_a_path_upwards_inside_the_specs(specs):
    specs.write("mailboxes/fr/support.yaml", DOCUMENT % "../../replies/a.html")
    specs.write("replies/a.html", "<p>x</p>")
    assert wording(specs).document() == "<p>x</p>"


@pytest.mark.parametrize(
    ("name", "content", "document"),
    [
        ("a.txt", "Bonjour <b>,\nà bientôt", "<html><body>Bonjour &lt;b&gt;,<br>à bientôt</body></html>"),
        ("a.html", "R&D", "R&D"),
        ("a", "Bonjour", "<html><body>Bonjour</body></html>"),
        ("a", "<p>Bonjour</p>", "<p>Bonjour</p>"),
        ("a.html", "\ufeff<p>x</p>", "<p>x</p>"),
    ],
)
def test_html_or_text(specs, name, content, document):
    specs.write("support.yaml", DOCUMENT % name)
    specs.write(name, content)
    assert wording(specs).document() == document


def test_it_counts_as_part_of_the_specs(specs):
    first = written(specs).load().tenants[0]
    assert dict(first.files)["replies/a.html"] == b"<p>Bonjour</p>"
    again = written(specs, text="<p>Bonsoir</p>").load().tenants[0]
    assert again.digest != first.digest


def test_it_counts_once_for_each_tenant(specs):
    written(specs)
    specs.write("autre.yaml", DOCUMENT.replace("support@", "autre@") % "replies/a.html")
    (tenant,) = specs.load().tenants
    assert [name for name, _ in tenant.files].count("replies/a.html") == 1


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("replies/b.html", "there is no file replies/b.html in specs"),
        ("../secret.html", "../secret.html is outside the specs folder: not read"),
        ("/etc/hostname", "expected a path inside the specs folder, with slashes; got '/etc/hostname'"),
        ("replies\\a.html", "expected a path inside the specs folder, with slashes"),
        ("replies", "replies is not a regular file"),
        ("link.html", "link.html is outside the specs folder: not read"),
        ("loop.html", "loop.html"),
        ("x" * 300, "cannot read xxx"),
    ],
)
def test_what_is_refused(specs, named, told):
    written(specs, named=f"'{named}'")
    (specs.root / "secret.html").write_text("<p>secret</p>")
    (specs.folder / "link.html").symlink_to(specs.root / "secret.html")
    (specs.folder / "loop.html").symlink_to("loop.html")
    (problem,) = specs.problems()
    assert problem.startswith("specs/support.yaml:4:20: ")
    assert told in problem


def test_a_link_that_stays_inside_is_followed(specs):
    """So does Kubernetes mount a ConfigMap: through a hidden folder."""
    written(specs, named="linked.html")
    specs.write("..data/linked.html", "<p>x</p>")
    (specs.folder / "linked.html").symlink_to("..data/linked.html")
    assert wording(specs).document() == "<p>x</p>"
    assert "linked.html" in dict(specs.load().tenants[0].files)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<p>\n\xe9t\xe9</p>", "is not UTF-8 (byte 0xe9 on its line 2): save it as UTF-8"),
        (b"  \n", "is empty"),
        (b"x" * (LONGEST + 1), "is larger than 128 KiB"),
    ],
)
def test_what_cannot_be_read(specs, content, told):
    written(specs, text=content)
    (problem,) = specs.problems()
    assert problem.startswith("specs/support.yaml:4:20: replies/a.html ")
    assert told in problem


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(specs):
    written(specs)
    (specs.folder / "replies/a.html").chmod(0)
    (problem,) = specs.problems()
    assert "cannot read replies/a.html: Permission denied" in problem


def test_every_place_is_read_and_every_problem_told(specs):
    specs.write(
        "support.yaml",
        """\
kind: SharedMailbox
address: support@entreprise.example
signature: {file: s.html}
automaticReplies:
  state: disabled
  external: {file: e.html}
  periods:
    - {name: Fêtes, from: 2026-12-24, until: 2026-12-26, internal: {file: i.html}}
""",
    )
    assert [problem.split(" in ")[0] for problem in specs.problems()] == [
        "specs/support.yaml:3:19: there is no file s.html",
        "specs/support.yaml:6:20: there is no file e.html",
        "specs/support.yaml:8:75: there is no file i.html",
    ]
