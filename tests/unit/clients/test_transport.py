from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from controller.clients.transport import Door, trust
from controller.errors import SettingsError
from controller.model import Request
from tests.unit.clients.fake import Asked, Tenant, rows


def door(*, http2: bool = True) -> Door:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    return Door(None, timedelta(seconds=5), 4, http2=http2, transport=transport)


def test_a_write_shares_its_connection_with_nobody() -> None:
    opened = door()
    assert opened.client(alone=True) is not opened.client(alone=False)


def test_http2_is_not_offered_after_it_broke_once() -> None:
    opened = door()
    multiplexed = opened.client(alone=False)
    assert not opened.broke(opened.client(alone=True))
    assert opened.client(alone=False) is multiplexed
    assert opened.broke(multiplexed)
    assert not opened.broke(multiplexed)
    assert opened.client(alone=False) is opened.client(alone=True)


def test_http2_can_be_turned_off() -> None:
    opened = door(http2=False)
    assert opened.client(alone=False) is opened.client(alone=True)


def test_a_cookie_of_a_read_is_sent_with_the_write_that_follows() -> None:
    def answer(asked: Asked) -> httpx.Response:
        response = rows()
        response.headers["set-cookie"] = "X-BackEndCookie=be1; path=/; secure"
        return response

    tenant = Tenant(answer)

    async def use(connection: Any) -> None:
        await connection.reader().exchange("Get-AcceptedDomain")
        await connection.writer().send(Request("exchange", "Set-Mailbox", {"Identity": "a"}))

    tenant.run(use)
    assert tenant.requests[1].headers["cookie"] == "X-BackEndCookie=be1"


def test_a_bundle_is_trusted_beside_the_systems_authorities(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a proxy")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(certificate.public_bytes(Encoding.PEM))
    names = [dict(part[0] for part in ca["subject"]) for ca in trust(bundle).get_ca_certs()]
    assert {"commonName": "a proxy"} in names
    assert trust(bundle).verify_mode is ssl.CERT_REQUIRED
    assert trust(None).check_hostname


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_unreadable_bundle_names_its_setting(content: str | None, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    with pytest.raises(SettingsError, match="MBX_CA_BUNDLE"):
        trust(bundle)
