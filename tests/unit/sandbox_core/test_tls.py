from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from controller.sandbox.tls import LOOPBACK_NAMES, MICROSOFT_NAMES, prepare

START = datetime(2026, 12, 1, 9, tzinfo=UTC)


def test_files_are_kept_while_they_serve(tmp_path: Path) -> None:
    files = prepare(tmp_path, LOOPBACK_NAMES, START)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    prepare(tmp_path, LOOPBACK_NAMES, START + timedelta(days=60))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    prepare(tmp_path, LOOPBACK_NAMES, START + timedelta(days=89))
    assert files.certificate.read_bytes() != before["server.pem"]
    assert files.authority.read_bytes() == before["ca.pem"]  # whoever trusted it still does


def test_a_half_written_folder_is_made_whole(tmp_path: Path) -> None:
    files = prepare(tmp_path, LOOPBACK_NAMES, START)
    files.key.write_text("nonsense", encoding="utf-8")
    prepare(tmp_path, LOOPBACK_NAMES, START)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)


def test_the_authority_is_good_for_its_own_hosts_only(tmp_path: Path) -> None:
    files = prepare(tmp_path, LOOPBACK_NAMES, START)
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    permitted = {str(each.value) for each in limits.value.permitted_subtrees or []}
    assert permitted == {"localhost", "127.0.0.1/32", "::1/128"}


def test_other_names_take_another_authority(tmp_path: Path) -> None:
    first = prepare(tmp_path, LOOPBACK_NAMES, START).authority.read_bytes()
    files = prepare(tmp_path, (*LOOPBACK_NAMES, *MICROSOFT_NAMES), START)
    assert files.authority.read_bytes() != first
    leaf = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(MICROSOFT_NAMES) <= set(names.get_values_for_type(x509.DNSName))


def test_keys_are_their_owners_and_certificates_anybodys(tmp_path: Path) -> None:
    files = prepare(tmp_path, LOOPBACK_NAMES, START)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (files.key, tmp_path / "ca.key")}
    assert modes == {"server.key": 0o600, "ca.key": 0o600}
    assert files.authority.stat().st_mode & 0o777 == 0o644
