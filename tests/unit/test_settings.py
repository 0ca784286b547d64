from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from controller.errors import SettingsError
from controller.settings import Settings, duration, for_credentials, load_settings

SECRET = {"MBX_CLIENT_ID": "app", "MBX_CLIENT_SECRET": "s3cr3t-value"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("1h", 3600),
        ("1h30m", 5400),
        (" 2 m ", 120),
        ("0", 0),
        ("1.5h", 5400),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "1d", "-5", "5 minutes", "m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="90s, 15m or 1h"):
        duration(text)


def test_defaults_need_no_environment() -> None:
    settings = load_settings({}, env_file=None)
    assert settings.propagation_wait == timedelta(seconds=60)
    assert settings.propagation_deadline == timedelta(hours=1)
    assert settings.specs == Path("specs")
    assert settings.journal_url.startswith("sqlite:///")


def test_the_environment_wins_over_the_file_and_the_file_over_secrets(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, value in (
        ("mbx_client_id", "from-secret\n"),
        ("MBX_CLIENT_SECRET", "from-secret"),
        ("other", "x"),
    ):
        (secrets / name).write_text(value)
    env_file = tmp_path / ".env"
    env_file.write_text('MBX_CLIENT_ID="from-file"\nMBX_TENANT_ID=from-file\n')
    environ = {"MBX_SECRETS_DIR": str(secrets), "MBX_TENANT_ID": "from-environment"}
    settings = load_settings(environ, env_file=env_file)
    assert settings.client_id == "from-file"
    assert settings.tenant_id == "from-environment"
    assert settings.client_secret is not None
    assert settings.client_secret.get_secret_value() == "from-secret"


def test_a_file_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert load_settings({}, env_file=tmp_path / "none").client_id is None


def test_blank_is_not_set() -> None:
    settings = load_settings(
        {"MBX_CLIENT_ID": " ", "MBX_MANAGED_IDENTITY": "", "MBX_HTTP_TIMEOUT": ""}, env_file=None
    )
    assert settings.client_id is None
    assert settings.managed_identity is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MBX_HTTP_TIMEOUT", "soon"), ("MBX_HTTP_TIMEOUT", "0"), ("MBX_HTTP_CONCURRENCY", "many"),
        ("MBX_HTTP_CONCURRENCY", "0"), ("MBX_GRAPH_URL", "http://localhost"),
        ("MBX_AUTHORITY_URL", "localhost:1"),
        ("MBX_EXCHANGE_URL", "https://u:p@h"), ("MBX_MANAGED_IDENTITY", "perhaps"), ("MBX_LOG_LEVEL", "loud"),
        ("MBX_PROPAGATION_WAIT", "1d"), ("MBX_KEEP_HISTORY", "29d"), ("MBX_KEEP_MESSAGES", "1h"),
    ],
)  # fmt: skip
def test_an_error_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings({name: value}, env_file=None)


def test_every_error_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"MBX_HTTP_TIMEOUT": "soon", "MBX_GRAPH_URL": "x"}, env_file=None)
    assert "MBX_HTTP_TIMEOUT" in str(caught.value)
    assert "MBX_GRAPH_URL" in str(caught.value)


def test_a_secret_is_in_no_text() -> None:
    settings = load_settings({**SECRET, "MBX_STATE_URL": "postgresql://u:hunter2@h/d"}, env_file=None)
    for text in (repr(settings), str(settings)):
        assert "s3cr3t" not in text
        assert "hunter2" not in text


def test_none_or_several_ways_to_sign_in_are_refused() -> None:
    with pytest.raises(SettingsError, match="MBX_CLIENT_SECRET, MBX_CLIENT_CERTIFICATE"):
        for_credentials(load_settings({"MBX_CLIENT_ID": "a"}, env_file=None), None)
    several = {**SECRET, "AZURE_FEDERATED_TOKEN_FILE": "/t"}
    with pytest.raises(SettingsError, match="MBX_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE"):
        for_credentials(load_settings(several, env_file=None), None)
    with pytest.raises(SettingsError, match="MBX_CLIENT_ID"):
        for_credentials(load_settings({"MBX_CLIENT_SECRET": "x"}, env_file=None), None)


def test_a_misspelt_variable_is_named() -> None:
    environ = {"MBX_CLIENT_ID": "a", "MBX_CLIENT_SECRT": "x"}
    with pytest.raises(SettingsError, match="MBX_CLIENT_SECRT is set: did you mean MBX_CLIENT_SECRET"):
        for_credentials(load_settings(environ, env_file=None), None)


def test_workload_identity_brings_its_own_variables() -> None:
    environ = {"AZURE_CLIENT_ID": "a", "AZURE_FEDERATED_TOKEN_FILE": "/t"}
    settings = for_credentials(load_settings(environ, env_file=None), None)
    assert (settings.client_id, settings.federated_token_file) == ("a", Path("/t"))
    alone = {"AZURE_CLIENT_ID": "somebody-else", "MBX_CLIENT_SECRET": "x"}
    with pytest.raises(SettingsError, match="MBX_CLIENT_ID"):
        for_credentials(load_settings(alone, env_file=None), None)


def test_a_managed_identity_needs_no_client_id() -> None:
    assert for_credentials(
        load_settings({"MBX_MANAGED_IDENTITY": "true"}, env_file=None), None
    ).managed_identity


def test_a_tenants_own_credentials_come_first_and_the_rest_is_shared() -> None:
    environ = {
        **SECRET, "MBX_ACME_CORP_CLIENT_ID": "acme", "MBX_ACME_CORP_CLIENT_CERTIFICATE": "/acme.pem",
        "MBX_OTHER_CLIENT_ID": "other", "MBX_GRAPH_URL": "https://localhost:8443/v",
    }  # fmt: skip
    settings = load_settings(environ, env_file=None)
    acme = for_credentials(settings, "acme-corp")
    assert (acme.client_id, acme.client_secret, acme.client_certificate) == ("acme", None, Path("/acme.pem"))
    other = for_credentials(settings, "OTHER")
    assert other.client_id == "other"
    assert other.client_secret == settings.client_secret
    assert acme.graph_url == other.graph_url == "https://localhost:8443/v"
    assert for_credentials(settings, None).client_id == "app"


def test_any_variable_of_ours_can_be_asked_for_by_name() -> None:
    settings = load_settings({"MBX_TEAMS_WEBHOOK": "https://x", "PATH": "/bin"}, env_file=None)
    assert settings.environ("MBX_TEAMS_WEBHOOK") == "https://x"
    assert settings.environ("PATH") is None


def test_the_journal_lies_in_the_users_state_folder() -> None:
    settings = load_settings({"XDG_STATE_HOME": "/state"}, env_file=None)
    assert settings.journal_url == "sqlite:////state/mailbox-controller/journal.db"


def test_every_setting_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"`MBX_{name.upper()}`" not in text]
    assert missing == []
