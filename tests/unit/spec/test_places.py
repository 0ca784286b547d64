"""Where each value was written, asked long after it was read."""

from __future__ import annotations

import pytest

from controller.spec import Document

from .conftest import Specs

TEXT = """\
kind: SharedMailbox
address: first@entreprise.example
--- # the second
# with a comment
kind: SharedMailbox
address: support@entreprise.example
labels: {team: support, costCentre: "4711"}
aliases:
  - Aide@entreprise.example
  - info@entreprise.example
access:
  alice@entreprise.example: [full-access, send-as]
  bruno@entreprise.example:
    rights:
      - full-access
      - send-as
    until: 2027-01-31
sentItems: {copySentAs: true}
--- {kind: SharedMailbox, address: third@entreprise.example, displayName: Trois}
"""


@pytest.fixture
def documents(specs: Specs) -> tuple[Document, ...]:
    specs.write("a.yaml", TEXT)
    return specs.load().tenants[0].documents


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (5, 1)),
        (("address",), (6, 1)),
        (("labels", "costCentre"), (7, 25)),
        (("aliases",), (8, 1)),
        (("aliases", "1"), (10, 5)),
        (("aliases", "aide@entreprise.example"), (9, 5)),
        (("access", "ALICE@entreprise.example"), (12, 3)),
        (("access", "alice@entreprise.example", "send-as"), (12, 43)),
        (("access", "alice@entreprise.example", "rights", "1"), (12, 43)),
        (("access", "bruno@entreprise.example", "rights", "1"), (16, 9)),
        (("access", "bruno@entreprise.example", "until"), (17, 5)),
        # what is absent: the nearest around it
        (("displayName",), (5, 1)),
        (("aliases", "nobody@entreprise.example"), (8, 1)),
        (("access", "nobody@entreprise.example"), (11, 1)),
        (("access", "bruno@entreprise.example", "send-on-behalf"), (13, 3)),
        (("sentItems", "copySentOnBehalf"), (18, 1)),
    ],
)
def test_places(documents: tuple[Document, ...], path: tuple[str, ...], place: tuple[int, int]) -> None:
    found = documents[1].at(*path)
    assert found.path == "specs/a.yaml"
    assert (found.line, found.column) == place


def test_each_document_of_a_file(documents: tuple[Document, ...]) -> None:
    assert [(d.origin.line, d.origin.column) for d in documents] == [(1, 1), (5, 1), (19, 5)]
    assert documents[0].at("address").line == 2
    assert (documents[2].at("displayName").line, documents[2].at("displayName").column) == (19, 62)
