"""Documents, tenants and folders: what belongs to what, and what clashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.errors import SpecError, UsageError
from controller.model import Key, Kind, Origin
from controller.spec import Document, Tenant, load

from .conftest import TENANT, Specs

BOX = "kind: SharedMailbox\naddress: {}@entreprise.example\n"
ACME = TENANT.replace("entreprise", "acme")


def keys(documents: tuple[Document, ...]) -> list[str]:
    return [document.key.address.partition("@")[0] for document in documents if document.key]


def test_documents(specs: Specs) -> None:
    specs.write("a.yaml", "# comment\n---\n" + BOX.format("Support") + "---\nkind: Approval\nfinding: "
    "convert/a@b.c\nreason: TICKET-1\n")  # fmt: skip
    [tenant] = specs.load().tenants
    [document] = tenant.documents
    assert document.kind is Kind.SHARED_MAILBOX
    assert document.key == Key(Kind.SHARED_MAILBOX, "support@entreprise.example")
    assert document.spec.address == "Support@entreprise.example"  # type: ignore[attr-defined]
    assert document.origin == Origin("specs/a.yaml", 3, 1)
    [approval] = tenant.approvals
    assert (approval.kind, approval.key, approval.origin.line) == (Kind.APPROVAL, None, 6)
    assert (tenant.tenant.kind, tenant.tenant.key, tenant.tenant.origin.path) == (
        Kind.TENANT,
        None,
        "specs/tenant.yaml",
    )
    assert isinstance(tenant.tenant.spec, Tenant)


def test_a_document_belongs_to_the_nearest_tenant(specs: Specs) -> None:
    specs.write("top.yaml", BOX.format("top"))
    specs.write("mailboxes/deep/a.yaml", BOX.format("deep"))
    specs.write("acme/sub/t.yaml", BOX.format("acme") + "---\n" + ACME)
    specs.write("acme/sub/below/a.yaml", BOX.format("below"))
    specs.write("acme/beside.yaml", BOX.format("beside"))
    acme, entreprise = specs.load().tenants
    assert (keys(acme.documents), keys(entreprise.documents)) == (
        ["below", "acme"],
        ["beside", "deep", "top"],
    )


def test_several_tenants_each_in_its_folder(no_tenant: Specs) -> None:
    no_tenant.write("acme/tenant.yaml", ACME)
    no_tenant.write("acme/a.yaml", BOX.format("same"))
    no_tenant.write("globex/tenant.yaml", TENANT)
    no_tenant.write("globex/a.yaml", BOX.format("same"))  # another tenant's: no clash
    names = [(one.tenant.spec.name, keys(one.documents)) for one in no_tenant.load().tenants]  # type: ignore[attr-defined]
    assert names == [("acme", ["same"]), ("entreprise", ["same"])]


def test_no_tenant(no_tenant: Specs) -> None:
    no_tenant.write("a.yaml", BOX.format("a"))
    no_tenant.write("b.yaml", BOX.format("b"))
    [only] = no_tenant.problems()
    assert only.startswith("specs/a.yaml:1:1: belongs to no tenant")
    example = only.partition("tenant.yaml with ")[2]
    no_tenant.write("tenant.yaml", example + "\n")
    assert no_tenant.problems() == []


def test_documents_outside_every_tenants_folder(no_tenant: Specs) -> None:
    no_tenant.write("acme/tenant.yaml", ACME)
    no_tenant.write("a.yaml", BOX.format("a"))
    no_tenant.write("other/b.yaml", BOX.format("b"))
    assert [problem.partition(": ")[0] for problem in no_tenant.problems()] == [
        "specs/a.yaml:1:1",
        "specs/other/b.yaml:1:1",
    ]


@pytest.mark.parametrize(
    "tenant", ["kind: Tenant\nname: [\n", "kind: Tenat\nname: a\n", "kind: Tenant\nnam: a\n", b"\xff"]
)
def test_a_tenant_with_mistakes_is_not_also_missing(no_tenant: Specs, tenant: str | bytes) -> None:
    no_tenant.write("tenant.yaml", tenant)
    no_tenant.write("a.yaml", BOX.format("a"))
    problems = no_tenant.problems()
    assert problems
    assert all(problem.startswith("specs/tenant.yaml") for problem in problems)


def test_other_mistakes_do_not_hide_a_missing_tenant(no_tenant: Specs) -> None:
    no_tenant.write("a.yaml", BOX.format("a") + "acess: {}\n")
    assert [problem.partition(": ")[0] for problem in no_tenant.problems()] == [
        "specs/a.yaml:1:1",
        "specs/a.yaml:3:1",
    ]


def test_two_tenants_in_one_folder(specs: Specs) -> None:
    specs.write("acme.yaml", ACME)
    assert len(specs.load().tenants) == 2  # nothing there whose tenant would be open
    specs.write("mailboxes/a.yaml", BOX.format("a"))
    specs.write("mailboxes/b.yaml", BOX.format("b"))
    [only] = specs.problems()
    assert only.startswith(
        "specs/tenant.yaml:1:1: a second Tenant in one folder (the first: specs/acme.yaml:1)"
    )


def test_tenants_of_one_name(specs: Specs) -> None:
    specs.write("more/tenant.yaml", TENANT.replace("entreprise", "Entreprise"))
    [only] = specs.problems()
    assert only.startswith(
        "specs/tenant.yaml:2:7: there is a tenant 'entreprise' already (at specs/more/tenant.yaml:1)"
    )


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        ("", "", "2:10"),
        ("aliases: [x@b.example]\n", "aliases: [y@b.example, X@b.example]\n", "3:24"),
        ("aliases: [b@entreprise.example]\n", "", "2:10"),
        ("previousAddresses: [x@b.example]\n", "aliases: [x@b.example]\n", "3:11"),
        ("", "previousAddresses: [A@entreprise.example]\n", "3:21"),
    ],
)
def test_an_address_in_two_documents(specs: Specs, first: str, second: str, place: str) -> None:
    specs.write("a.yaml", BOX.format("a") + first)
    specs.write("b.yaml", BOX.format("A" if not first + second else "b") + second)
    [only] = specs.problems()
    assert only.startswith(f"specs/b.yaml:{place}: ")
    assert "stands in two documents" in only
    assert "specs/a.yaml:" in only


def test_an_address_twice_in_one_document_is_no_clash(specs: Specs) -> None:
    specs.write("a.yaml", BOX.format("a") + "aliases: [a@entreprise.example, b@entreprise.example]\n"
                "previousAddresses: [b@entreprise.example]\n")  # fmt: skip
    assert specs.problems() == []


def test_the_tenants_time_zone_decides_what_is_before(specs: Specs) -> None:
    specs.write("a.yaml", BOX.format("a") + "access:\n  c@b.example:\n    rights: [send-as]\n"
                "    from: 2027-01-31\n    until: 2027-01-30T23:30Z\n")  # fmt: skip
    assert specs.problems() == []  # half past midnight in Paris
    specs.write("tenant.yaml", TENANT.replace("Europe/Paris", "UTC"))
    assert len(specs.problems()) == 1


class TestDigest:
    def digest(self, specs: Specs, index: int = 0) -> str:
        return specs.load().tenants[index].digest

    def test_is_over_paths_and_contents(self, specs: Specs, tmp_path_factory: pytest.TempPathFactory) -> None:
        specs.write("a.yaml", BOX.format("a"))
        before = self.digest(specs)
        assert before.startswith("sha256:")
        assert len(before) == 71
        elsewhere = Specs(tmp_path_factory.mktemp("elsewhere"))
        elsewhere.write("a.yaml", BOX.format("a"))
        elsewhere.write("tenant.yaml", TENANT)
        elsewhere.write("notes.txt", "not read")
        assert self.digest(elsewhere) == before
        specs.write("a.yaml", BOX.format("a") + "# a word\n")
        assert self.digest(specs) != before
        specs.write("a.yaml", BOX.format("a"))
        (specs.folder / "a.yaml").rename(specs.folder / "b.yaml")
        assert self.digest(specs) != before

    def test_is_over_the_tenants_own_files(self, specs: Specs) -> None:
        specs.write("acme/tenant.yaml", ACME)
        specs.write("acme/a.yaml", BOX.format("a"))
        acme, entreprise = self.digest(specs, 0), self.digest(specs, 1)
        specs.write("acme/a.yaml", BOX.format("b"))
        assert self.digest(specs, 0) != acme
        assert self.digest(specs, 1) == entreprise


class TestRoot:
    def test_the_top_of_the_repository(self, specs: Specs, monkeypatch: pytest.MonkeyPatch) -> None:
        (specs.root / ".git").mkdir()
        monkeypatch.chdir("/")
        assert load(specs.folder).tenants[0].tenant.origin.path == "specs/tenant.yaml"

    def test_outside_git_the_working_directory(self, specs: Specs, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(specs.folder)
        assert load(Path()).tenants[0].tenant.origin.path == "tenant.yaml"


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        load(tmp_path / "nope")
    file = tmp_path / "a.yaml"
    file.touch()
    with pytest.raises(UsageError, match="is a file"):
        load(file)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no document here"):
        load(tmp_path, root=tmp_path)
