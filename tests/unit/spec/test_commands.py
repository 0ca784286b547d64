"""`mbx validate` and `mbx schema`, as a shell sees them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.cli import main
from controller.spec import json_schema, load
from controller.spec.show import show

from .conftest import TENANT, Specs

Run = Callable[..., tuple[int, str, str]]
BOX = "kind: SharedMailbox\naddress: {}@entreprise.example\n"


@pytest.fixture
def run(specs: Specs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(specs.root)
    monkeypatch.delenv("MBX_SPECS", raising=False)

    def command(*argv: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(argv))
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return command


def test_all_is_right(specs: Specs, run: Run) -> None:
    specs.write("a.yaml", BOX.format("a") + "---\n" + BOX.format("b"))
    assert run("validate") == (0, "specs: 1 tenant, 2 documents, no problems\n", "")
    specs.write("b.yaml", "kind: Approval\nfinding: convert/a@b.c\nreason: x\n")
    assert run("validate", "specs")[1] == "specs: 1 tenant, 2 documents, 1 approval, no problems\n"


def test_every_problem_is_a_line_on_stderr(specs: Specs, run: Run) -> None:
    specs.write("a.yaml", BOX.format("a") + "acess: {}\n")
    specs.write("b.yaml", BOX.format("b") + "displayName:\n")
    status, out, err = run("validate", "--specs", "specs")
    assert (status, out) == (1, "")
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["specs/a.yaml:3:1", "specs/b.yaml:3:1"]


def test_where_the_specs_are(specs: Specs, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    specs.folder.rename(specs.root / "elsewhere")
    status, _, err = run("validate")
    assert status == 1
    assert "there is no folder 'specs'" in err
    assert "Traceback" not in err
    monkeypatch.setenv("MBX_SPECS", "elsewhere")
    assert run("validate")[0] == 0


def test_one_tenant_of_several(specs: Specs, run: Run) -> None:
    specs.write("acme/tenant.yaml", TENANT.replace("entreprise", "acme"))
    specs.write("acme/a.yaml", BOX.format("a"))
    assert run("validate")[1] == "specs: 2 tenants, 1 document, no problems\n"
    assert run("validate", "--tenant", "entreprise")[1] == "specs: 1 tenant, 0 documents, no problems\n"
    status, _, err = run("validate", "--tenant", "acmee")
    assert status == 1
    assert "did you mean 'acme'?" in err


def test_show(specs: Specs, run: Run) -> None:
    specs.write(
        "a.yaml",
        "# Support\nkind: SharedMailbox\naddress: Support@entreprise.example\ndisplayName: 'Support: "
        "clients'\nlabels: {a: 'no', b: \"12\"}\naliases:\n  - aide@entreprise.example\n  - "
        "info@entreprise.example\naccess:\n  alice@entreprise.example: [send-as,\n    "
        "full-access]\nsignInBlocked: true\n",
    )
    status, out, _ = run("validate", "--show", "AIDE@entreprise.example")
    assert status == 0
    assert out == (
        "kind: SharedMailbox                  # specs/a.yaml:2\n"
        "address: Support@entreprise.example  # specs/a.yaml:3\n"
        'displayName: "Support: clients"      # specs/a.yaml:4\n'
        "labels:                              # specs/a.yaml:5\n"
        '  a: "no"                            # specs/a.yaml:5\n'
        '  b: "12"                            # specs/a.yaml:5\n'
        "aliases:                             # specs/a.yaml:6\n"
        "  - aide@entreprise.example          # specs/a.yaml:7\n"
        "  - info@entreprise.example          # specs/a.yaml:8\n"
        "access:                              # specs/a.yaml:9\n"
        "  alice@entreprise.example:          # specs/a.yaml:10\n"
        "    - send-as                        # specs/a.yaml:10\n"
        "    - full-access                    # specs/a.yaml:11\n"
        "signInBlocked: true                  # specs/a.yaml:12\n"
    )


def test_what_is_shown_reads_back_the_same(tmp_path: Path) -> None:
    example = Path(__file__).parents[3] / "specs"
    estate = load(example)
    for beside in ("replies", "signatures"):
        shutil.copytree(example / beside, tmp_path / beside)
    for document in estate.tenants[0].documents:
        (tmp_path / "tenant.yaml").write_text(TENANT, "utf-8")
        (tmp_path / "shown.yaml").write_text(show(document), "utf-8")
        assert load(tmp_path).tenants[0].documents[0].spec == document.spec


def test_show_what_is_not_there(specs: Specs, run: Run) -> None:
    specs.write("a.yaml", BOX.format("support"))
    status, out, err = run("validate", "--show", "suport@entreprise.example")
    assert (status, out) == (1, "")
    assert "did you mean 'support@entreprise.example'?" in err


def test_schema(run: Run) -> None:
    status, out, _ = run("schema")
    assert status == 0
    assert json.loads(out) == json_schema()
    assert json.loads(run("schema", "--plan")[1]) != json_schema()
