"""Ed25519 keys [RFC 8032]: one side signs a file, the other holds a public key and can only check.

A setting holds a key as PEM text, or the path of a PEM file. `openssl genpkey -algorithm ed25519` makes one,
`openssl pkey -pubout` its public half. What is signed begins with what it is, so that a signature for one
kind of file is worth nothing for another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from controller.errors import SettingsError

_PEM: Final = "-----BEGIN"
_MAKE: Final = "make one with `openssl genpkey -algorithm ed25519 -out mbx.key`"
_HALVE: Final = "make it with `openssl pkey -in mbx.key -pubout -out mbx.pub`"


def private_key(given: str, setting: str) -> Ed25519PrivateKey:
    """Raises SettingsError, which names the setting and never the key."""
    content = _pem(given, setting)
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(f"{setting} is no private key in PEM without a password: {_MAKE}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{setting} is a key of another kind than Ed25519: {_MAKE}")
    return key


def public_key(given: str, setting: str) -> Ed25519PublicKey:
    """Raises SettingsError. A private key is refused: whoever only checks has no business with one."""
    content = _pem(given, setting)
    if b"PRIVATE KEY" in content:
        raise SettingsError(f"{setting} holds a private key, and shall hold the public one: {_HALVE}")
    try:
        key = load_pem_public_key(content)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(f"{setting} is no public key in PEM: {_HALVE}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(f"{setting} is a key of another kind than Ed25519: {_MAKE}, then {_HALVE}")
    return key


def named(key: Ed25519PublicKey) -> str:
    """What a key is called where people see it: its 32 bytes in hexadecimal."""
    return key.public_bytes_raw().hex()


def by_name(name: str) -> Ed25519PublicKey:
    """Raises ValueError for what `named` did not make."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(name))
    if named(key) != name:
        raise ValueError("not the name of a key")
    return key


def sign(key: Ed25519PrivateKey, what: str, content: bytes) -> bytes:
    return key.sign(what.encode() + b"\n" + content)


def is_signed(key: Ed25519PublicKey, what: str, content: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, what.encode() + b"\n" + content)
    except InvalidSignature:
        return False
    return True


def _pem(given: str, setting: str) -> bytes:
    if given.lstrip().startswith(_PEM):
        return given.encode()
    try:
        return Path(given).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no such file"
        raise SettingsError(f"{setting} is neither a key in PEM nor a file that holds one: {why}") from None
