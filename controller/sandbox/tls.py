"""A certificate authority of the sandbox's own, and a server certificate signed by it.

msal refuses `http://` authorities, so loopback speaks TLS too [measured: msal 1.39]. The authority is limited
by name constraints to the hosts it is for: somebody who trusts it trusts it for nothing else.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
MICROSOFT_NAMES = (
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "graph.microsoft.com",
    "outlook.office365.com",
    "outlook.office.com",
)
_AUTHORITY_LIFE = timedelta(days=3650)
_LEAF_LIFE = timedelta(days=90)
_MARGIN = timedelta(days=7)  # renewed when less is left
_BACKDATED = timedelta(days=1)  # for clients whose clock is behind


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the authority that clients trust, and what the server shows."""

    authority: Path
    certificate: Path
    key: Path


def prepare(folder: Path, names: tuple[str, ...], now: datetime) -> TlsFiles:
    """The files in `folder`, made where they are missing, about to end, or for other names. Keys are
    readable by their owner only. Raises OSError where the folder cannot be written."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("w") as lock:  # two sandboxes may start at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _prepare(folder, names, now)


def _prepare(folder: Path, names: tuple[str, ...], now: datetime) -> TlsFiles:
    files = TlsFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    authority_key = folder / "ca.key"
    if not _serves(files.authority, authority_key, names, now):
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(authority_key, _pem_key(key))
        write_private(files.authority, _pem(_make_authority(key, names, now)), mode=0o644)
        files.certificate.unlink(missing_ok=True)
    if not _serves(files.certificate, files.key, names, now):
        signer = _load_key(authority_key)
        issuer = x509.load_pem_x509_certificate(files.authority.read_bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(files.key, _pem_key(key))
        write_private(files.certificate, _pem(_make_leaf(key, signer, issuer, names, now)), mode=0o644)
    return files


def _serves(certificate: Path, key: Path, names: tuple[str, ...], now: datetime) -> bool:
    """Whether the pair is whole, for these names, and lives long enough."""
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        if found.public_key() != _load_key(key).public_key():
            return False
        covered = {str(name.value) for name in _names_in(found)}
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    return (
        covered == {str(_general_name(n).value) for n in names} and found.not_valid_after_utc - now > _MARGIN
    )


def _names_in(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        permitted = constraints.permitted_subtrees or []
        return [_general_name(str(n.value).split("/")[0]) for n in permitted]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _constraint(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _start(subject: x509.Name, issuer: x509.Name, now: datetime, life: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + life)
    )


def _make_authority(
    key: ec.EllipticCurvePrivateKey, names: tuple[str, ...], now: datetime
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Mailbox Controller sandbox authority")])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    permitted = [_constraint(each) for each in names]
    return (
        _start(name, name, now, _AUTHORITY_LIFE)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _make_leaf(
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate,
    names: tuple[str, ...],
    now: datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Mailbox Controller sandbox")])
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
    return (
        _start(subject, issuer.subject, now, _LEAF_LIFE)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(alternatives, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} holds no elliptic-curve key")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_private(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Puts a file in place whole or not at all, readable by its owner only unless `mode` says more."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
