"""A sandbox under Microsoft's host names, for clients that know no others. Run by tests/foreign/run.sh;
where the clients are not installed, or the whole suite is run, these tests stay out of the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

HERE = Path(__file__).parent
M365 = HERE / "node_modules" / ".bin" / "m365"
SDK_PYTHON = HERE / ".venv" / "bin" / "python"
TENANT = "5a5a5a5a-0000-4000-8000-000000000001"
APP = "6b6b6b6b-0000-4000-8000-00000000000a"
CERTIFICATE_APP = "6b6b6b6b-0000-4000-8000-00000000000b"
SECRET = "secret-of-a-foreign-client"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Only who asks for this folder gets it: its clients take a minute and hundreds of megabytes."""
    asked = any("foreign" in str(argument) for argument in config.invocation_params.args)
    return None if asked else True


@dataclass(frozen=True)
class Running:
    """A sandbox in a process of its own."""

    url: str
    authority: Path  # its certificate authority, PEM
    certificate: Path  # key and certificate of CERTIFICATE_APP, PEM

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("foreign")
    certificate = folder / "client.pem"
    public = _certificate(certificate)
    scenario = yaml.safe_load((HERE / "tenant.yaml").read_text())
    granted = scenario["apps"][0]["graph"]
    scenario["apps"].append(
        {"clientId": CERTIFICATE_APP, "name": "certified", "certificates": [public], "graph": granted}
    )
    (folder / "tenant.yaml").write_text(yaml.safe_dump(scenario, allow_unicode=True))
    command = [sys.executable, "-m", "controller.cli.sandbox", "--scenario", str(folder / "tenant.yaml")]
    options = ["--real-hosts", "--tls-folder", str(folder / "tls")]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("https://"), "the sandbox did not start"
        yield Running(url, folder / "tls" / "ca.pem", certificate)
        process.terminate()


def _certificate(path: Path) -> str:
    """A self-signed certificate: key and certificate into a file, the certificate as text."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "foreign client")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    path.write_text(private + public)
    return public


class ClientFailedError(Exception):
    """What the client said on its way out."""


class Cli:
    """CLI for Microsoft 365, with a home of its own."""

    def __init__(self, running: Running, home: Path) -> None:
        self.running = running
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "NODE_EXTRA_CA_CERTS": str(running.authority),
            "NODE_OPTIONS": f"--require {HERE / 'redirect.cjs'}",
            "MBX_SANDBOX_PORT": running.port,
            "CLIMICROSOFT365_NOUPDATE": "1",
        }
        self("cli", "config", "set", "--key", "disableTelemetry", "--value", "true")

    def __call__(self, *words: str) -> Any:
        """What the command prints, parsed; None where it prints nothing.

        Raises:
            ClientFailedError: it exits with an error.
        """
        done = subprocess.run(
            ["node", str(M365), *words, "--output", "json"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ClientFailedError(done.stderr.strip() or done.stdout.strip())
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture(scope="session")
def m365(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Signed in with a secret."""
    if not M365.exists():
        pytest.skip("CLI for Microsoft 365 is not installed: tests/foreign/run.sh")
    cli = Cli(running, tmp_path_factory.mktemp("home"))
    cli("login", "--authType", "secret", "--appId", APP, "--tenant", TENANT, "--secret", SECRET)
    return cli


def _in_the_sdks_python(running: Running, script: str, *words: str) -> Any:
    """What a script prints that runs where Microsoft's client is installed."""
    if not SDK_PYTHON.exists():
        pytest.skip("Microsoft's Graph client is not installed: tests/foreign/run.sh")
    environment = {
        "PATH": os.environ["PATH"],
        "SANDBOX_URL": running.url,
        "SANDBOX_CA": str(running.authority),
        "SANDBOX_CERTIFICATE": str(running.certificate),
        "TENANT": TENANT,
        "APP": APP,
        "CERTIFICATE_APP": CERTIFICATE_APP,
        "SECRET": SECRET,
    }
    command = [str(SDK_PYTHON), str(HERE / script), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClientFailedError(done.stderr.strip())
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def sdk(running: Running) -> Any:
    """Runs one task of `sdk_tasks.py` in the SDK's own environment and returns what it tells."""
    return lambda task, *words: _in_the_sdks_python(running, "sdk_tasks.py", task, *words)


@pytest.fixture(scope="session")
def sdk_mail(running: Running) -> dict[str, Any]:
    """Everything that `sdk_mail.py` tells, by step."""
    told: dict[str, Any] = _in_the_sdks_python(running, "sdk_mail.py")
    return told
