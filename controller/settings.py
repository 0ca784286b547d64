"""The settings: read from the environment (prefix `MBX_`), a `.env` file and files in a secrets folder,
checked once, and handed around as one frozen object.

The environment wins over `.env`, `.env` over files. Nothing here opens a connection. A fact one would not
guess: `AZURE_FEDERATED_TOKEN_FILE` and `AZURE_CLIENT_ID` are what the workload identity webhook of
Kubernetes injects, so together they count as if they were ours [doc: azure-identity].
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from controller.errors import SettingsError

PREFIX = "MBX_"
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", re.IGNORECASE)
# The settings that a Tenant's `credentials: NAME` may have to itself, as MBX_NAME_…
_CREDENTIALS = (
    "client_id",
    "client_secret",
    "client_certificate",
    "client_certificate_password",
    "federated_token_file",
    "managed_identity",
)
_WAYS = ("client_secret", "client_certificate", "federated_token_file", "managed_identity")


def duration(text: str | timedelta | float) -> timedelta:
    """`90`, `90s`, `15m`, `1h`, `1h30m` as a timedelta. Raises ValueError for anything else."""
    if isinstance(text, timedelta):
        return text
    if isinstance(text, int | float):
        return timedelta(seconds=text)
    compact = "".join(text.split())
    match = _DURATION.fullmatch(compact)
    if not compact or match is None:
        raise ValueError(f"{text!r} is not a duration: write 90, 90s, 15m or 1h")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _days(text: str | timedelta) -> timedelta:
    """`90d` as a timedelta."""
    if isinstance(text, timedelta):
        return text
    if not re.fullmatch(r"\d{1,5}d", text.strip()):
        raise ValueError(f"{text!r} is no number of days: write 30d or 1095d")
    return timedelta(days=int(text.strip()[:-1]))


def _root_url(text: str) -> str:
    """An https address without a slash, a query or a fragment at its end."""
    parts = urlsplit(text.strip())
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"{text!r} is not an https:// address (everything speaks TLS)")
    if parts.username or parts.password:
        raise ValueError("a password does not belong into an address")
    return text.strip().partition("?")[0].partition("#")[0].rstrip("/")


Duration = Annotated[timedelta, BeforeValidator(duration)]
Days = Annotated[timedelta, BeforeValidator(_days)]
Url = Annotated[str, BeforeValidator(_root_url)]


class Settings(BaseSettings):
    """Every setting, by its name without the prefix. `docs/reference/settings.md` describes each."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    # who signs in
    client_id: str | None = None
    client_secret: SecretStr | None = None
    client_certificate: Path | None = None
    client_certificate_password: SecretStr | None = None
    federated_token_file: Path | None = Field(
        None, validation_alias=AliasChoices("MBX_FEDERATED_TOKEN_FILE", "AZURE_FEDERATED_TOKEN_FILE")
    )
    managed_identity: bool = False

    # where to
    authority_url: Url | None = None
    graph_url: Url | None = None
    exchange_url: Url | None = None
    dataverse_url: Url | None = None
    ca_bundle: Path | None = None
    tenant_id: str | None = None

    # what from, what into
    specs: Path = Path("specs")
    state_url: str | None = Field(None, repr=False)  # may carry a password

    # the loop
    git_timeout: Duration = timedelta(minutes=2)
    stop_deadline: Duration = timedelta(seconds=30)
    lease: Duration = timedelta(seconds=30)
    listen: str = "127.0.0.1:8080"
    webhook_secret: SecretStr | None = None
    web_token: SecretStr | None = None
    web_user_header: str | None = None

    # how long the journal keeps what
    keep_history: Days = timedelta(days=1095)
    keep_messages: Days = timedelta(days=30)

    # the forge, and plans without credentials
    forge_url: str | None = None
    forge_token: SecretStr | None = None
    snapshot_key: SecretStr | None = None
    snapshot_public_key: str | None = None
    snapshot_file: str | None = None

    # saved plans
    plan_key: SecretStr | None = None
    plan_public_key: str | None = None

    # bounds
    http_concurrency: int = Field(8, ge=1, le=64)
    http_timeout: Duration = timedelta(seconds=120)
    http2: bool = True
    propagation_wait: Duration = timedelta(seconds=60)
    propagation_deadline: Duration = timedelta(hours=1)

    # how it talks
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["auto", "console", "json"] = "auto"

    _raw: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` hands in: a process has one environment, a test has many."""
        return (init_settings,)

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("lease")
    @classmethod
    def _neither_a_blink_nor_an_age(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=5) <= value <= timedelta(hours=1):
            raise ValueError("must be between 5s and 1h")
        return value

    @field_validator("web_token")
    @classmethod
    def _no_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("must have 16 characters or more: openssl rand -hex 32")
        return value

    @field_validator("web_user_header")
    @classmethod
    def _name_of_a_header(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9-]+", value):
            raise ValueError("must be the name of a header, such as X-Forwarded-User")
        return value

    @field_validator("keep_history", "keep_messages")
    @classmethod
    def _a_month_at_least(cls, value: timedelta) -> timedelta:
        """What flaps is counted over days, and a message is known again for as long as its trouble lasts."""
        if value < timedelta(days=30):
            raise ValueError("must be at least 30d")
        return value

    @field_validator("http_timeout", "git_timeout")
    @classmethod
    def _positive(cls, value: timedelta) -> timedelta:
        if value <= timedelta():
            raise ValueError("must be longer than nothing")
        return value

    @property
    def journal_url(self) -> str:
        """`state_url`, or the default: a SQLite file in the user's state folder."""
        if self.state_url:
            return self.state_url
        return f"sqlite:///{self.state_folder / 'journal.db'}"

    @property
    def state_folder(self) -> Path:
        """Where the journal is by default, and the copies of repositories that the loop follows."""
        home = self._raw.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return Path(home) / "mailbox-controller"

    def environ(self, name: str) -> str | None:
        """Any setting by its full name (`webhookUrlFrom: MBX_TEAMS_WEBHOOK`), from the same places."""
        return self._raw.get(name.upper()) or None

    def ways_to_sign_in(self) -> tuple[str, ...]:
        """The sign-in settings that are set, by variable name."""
        return tuple(_spelt(way, self._raw) for way in _WAYS if getattr(self, way))

    def require_sign_in(self) -> Self:
        """Raises SettingsError unless there is exactly one way to sign in, and what it needs."""
        ways = self.ways_to_sign_in()
        if not ways:
            names = ", ".join(f"{PREFIX}{way.upper()}" for way in _WAYS)
            raise SettingsError(f"no way to sign in is set: set exactly one of {names}{self._near_miss()}")
        if len(ways) > 1:
            raise SettingsError(f"more than one way to sign in is set ({', '.join(ways)}): keep exactly one")
        if not self.client_id and not self.managed_identity:
            raise SettingsError(f"{PREFIX}CLIENT_ID is not set: the app registration that signs in")
        return self

    def _near_miss(self) -> str:
        """A misspelt variable is the likeliest reason for a missing one."""
        known = {f"{PREFIX}{name}".upper() for name in type(self).model_fields}
        for name in sorted(self._raw):
            near = difflib.get_close_matches(name, known - self._raw.keys(), 1, cutoff=0.85)
            if name.startswith(PREFIX) and name not in known and near:
                return f" ({name} is set: did you mean {near[0]}?)"
        return ""


def load_settings(
    environ: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env")
) -> Settings:
    """Reads every source once. `environ` is the environment (default: the process's own).

    Files are looked for in `MBX_SECRETS_DIR` (default `/run/secrets`), named as the variable, in either
    case. A blank value counts as not set. Raises SettingsError naming the variable; a secret's value never
    stands in the message.
    """
    environ = os.environ if environ is None else environ
    folder = Path(environ.get(f"{PREFIX}SECRETS_DIR") or "/run/secrets")
    raw = _secret_files(folder) | _env_file(env_file) | {k.upper(): v for k, v in environ.items()}
    kept = {k: v for k, v in raw.items() if v.strip() and k.startswith((PREFIX, "AZURE_", "XDG_STATE"))}
    return _build(kept)


def where_from(
    environ: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env")
) -> dict[str, str]:
    """Where each variable that is set comes from: the environment, a file of variables, a secrets folder."""
    environ = os.environ if environ is None else environ
    folder = Path(environ.get(f"{PREFIX}SECRETS_DIR") or "/run/secrets")
    found: dict[str, str] = {}
    for place, raw in ((str(folder), _secret_files(folder)), (str(env_file), _env_file(env_file)),
                       ("environment", {k.upper(): v for k, v in environ.items()})):  # fmt: skip
        found |= {name: place for name, value in raw.items() if value.strip()}
    return {name: place for name, place in found.items() if name.startswith((PREFIX, "AZURE_"))}


def for_credentials(settings: Settings, name: str | None) -> Settings:
    """The settings of one tenant: with `credentials: ACME`, `MBX_ACME_CLIENT_ID`… before the general ones.

    A way to sign in under the tenant's own name replaces the general way, whatever its kind. Raises
    SettingsError unless exactly one way to sign in remains.
    """
    raw = dict(settings._raw)
    if name:
        own = f"{PREFIX}{re.sub(r'[^A-Z0-9]+', '_', name.upper())}_"
        names = [credential.upper() for credential in _CREDENTIALS]
        mine = {PREFIX + name: raw[own + name] for name in names if own + name in raw}
        if any(f"{PREFIX}{way.upper()}" in mine for way in _WAYS):
            for credential in (*_WAYS, "client_certificate_password"):
                raw.pop(f"{PREFIX}{credential.upper()}", None)
            raw.pop("AZURE_FEDERATED_TOKEN_FILE", None)
        raw |= mine
    return _build(raw).require_sign_in()


def _build(raw: dict[str, str]) -> Settings:
    # What the workload identity webhook injects belongs together; on its own, AZURE_CLIENT_ID is somebody
    # else's and must not sign in with our secret.
    if "AZURE_FEDERATED_TOKEN_FILE" in raw and "AZURE_CLIENT_ID" in raw:
        raw = {f"{PREFIX}CLIENT_ID": raw["AZURE_CLIENT_ID"], **raw}
    source = _Given(Settings, raw)
    try:
        settings = Settings(**source())
    except ValidationError as error:
        raise SettingsError("\n".join(sorted(_explain(raw, e) for e in error.errors()))) from None
    settings._raw.update(raw)
    return settings


class _Given(EnvSettingsSource):
    """pydantic-settings' own reading of an environment, over a mapping instead of the process's."""

    def __init__(self, settings_cls: type[BaseSettings], raw: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in raw.items()}
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


def _env_file(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    try:
        source = DotEnvSettingsSource(Settings, env_file=path, env_file_encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    return {k.upper(): v for k, v in source.env_vars.items() if v is not None}


def _secret_files(folder: Path) -> dict[str, str]:
    """One setting a file, as Docker and Kubernetes mount secrets; other people's files are not read."""
    if not folder.is_dir():
        return {}
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.name.upper().startswith(PREFIX) and path.is_file():
            try:
                found[path.name.upper()] = path.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"{path.name.upper()}: {path} cannot be read: {error}") from None
    return found


def _spelt(field: str, raw: Mapping[str, str]) -> str:
    """The variable a setting came from: ours unless only Azure's is there."""
    ours, azure = f"{PREFIX}{field.upper()}", f"AZURE_{field.upper()}"
    return azure if azure in raw and not raw.get(ours) else ours


def _explain(raw: Mapping[str, str], error: Any) -> str:
    location = str(error["loc"][0]) if error["loc"] else "settings"
    name = location if location.isupper() else f"{PREFIX}{location.upper()}"
    field = name.removeprefix(PREFIX).lower()
    text = str(error["msg"]).removeprefix("Value error, ")
    value = raw.get(name, "")
    secret = any(word in field for word in ("secret", "password", "token", "key"))
    shown = f" (it says {value!r})" if value and not secret and value not in text else ""
    return f"{name}: {text}{shown}"
