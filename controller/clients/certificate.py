"""The certificate that an app signs in with, from PEM or PFX to what msal takes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)

from controller.errors import SettingsError


def read_certificate(path: Path, password: str | None) -> dict[str, Any]:
    """Key and certificate apart, the leaf first, which is what msal signs with PS256 from. Raises
    SettingsError."""
    secret = password.encode() if password else None
    try:
        content = path.read_bytes()
        key: Any
        if b"-----BEGIN" in content:
            key = load_pem_private_key(content, secret)
            certificates = x509.load_pem_x509_certificates(content)
        else:
            key, own, others = pkcs12.load_key_and_certificates(content, secret)
            certificates = [c for c in (own, *others) if c is not None]
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"MBX_CLIENT_CERTIFICATE: {path} holds no readable private key and certificate "
            f"(is MBX_CLIENT_CERTIFICATE_PASSWORD right?): {error}"
        ) from None
    leaf = next((c for c in certificates if key is not None and _public(c) == _public(key)), None)
    if leaf is None:
        raise SettingsError(f"MBX_CLIENT_CERTIFICATE: {path} holds no private key with its certificate")
    return {
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "public_certificate": leaf.public_bytes(Encoding.PEM).decode(),
    }


def certificate_ends(path: Path, password: str | None) -> datetime:
    """When the certificate that signs in ends. Raises SettingsError."""
    leaf = x509.load_pem_x509_certificate(read_certificate(path, password)["public_certificate"].encode())
    return leaf.not_valid_after_utc


def _public(holder: Any) -> bytes:
    encoded: bytes = holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded
