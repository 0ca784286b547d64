"""The command's mistakes: told in a sentence, before anything is started."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from controller.cli.sandbox import command


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words, env={"MBX_SANDBOX_URL": "", "MBX_CA_BUNDLE": ""})


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--scenario", "nowhere.yaml"], "nowhere.yaml"),
        (["--weather", "nice"], "no weather and no file is called 'nice'"),
        (["--clock", "noon"], "moment with a time zone"),
        (["--latency", "long"], "duration"),
        (["--scenario", "entreprise", "--mailboxes", "3"], "not both"),
        (["poke", "--as", "a@b", "nonsense"], "which sandbox?"),
        (["audit"], "which sandbox?"),
    ],
)
def test_mistakes(words: list[str], wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.exit_code != 0
    assert wanted in result.output
    assert "Traceback" not in result.output


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--port", str(port), "--tls-folder", str(tmp_path))
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in result.output
    assert "another --port" in result.output


def test_somebody_elses_settings_are_not_overwritten(tmp_path: Path) -> None:
    settings = tmp_path / ".env"
    settings.write_text("MBX_STATE_URL=sqlite:///precious.db\n", encoding="utf-8")
    result = run("--env-file", str(settings))
    assert result.exit_code == 1
    assert "no sandbox wrote" in result.output
    assert settings.read_text(encoding="utf-8") == "MBX_STATE_URL=sqlite:///precious.db\n"


def test_a_sandbox_that_is_gone(tmp_path: Path) -> None:
    settings = tmp_path / "gone.env"
    settings.write_text("MBX_SANDBOX_URL=https://127.0.0.1:1\n", encoding="utf-8")
    result = run("clock", "--env-file", str(settings))
    assert result.exit_code == 1
    assert "no sandbox answers at https://127.0.0.1:1" in result.output


def test_every_command_has_help_with_an_example() -> None:
    for words in ([], *([name] for name in command.commands)):
        result = run(*words, "-h")
        assert result.exit_code == 0
        assert "mbx sandbox" in result.output.split("Example", 1)[1]


def test_specs_of_a_made_up_company(tmp_path: Path) -> None:
    assert run("specs", "--mailboxes", "20", "--out", str(tmp_path)).exit_code == 0
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in tmp_path.rglob("*.yaml")]
    kinds = [document["kind"] for document in found]
    assert (kinds.count("SharedMailbox"), kinds.count("Tenant")) == (20, 1)
