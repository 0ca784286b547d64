"""Signed JSON tokens, just enough of RFC 7515 for a sign-in service: RS256 and PS256.

Knows no claims and no tenants. A fact to know: msal signs client assertions with PS256 for some kinds of
certificate input and RS256 for others, so both must verify [measured: msal 1.39].
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey


class MalformedTokenError(ValueError):
    """Not three base64url parts with JSON objects in the first two."""


@dataclass(frozen=True, slots=True)
class Jws:
    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Base64url with or without padding (msal leaves it on `x5t#S256`)."""
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedTokenError(str(error)) from error


def sign(key: RSAPrivateKey, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """A compact RS256 token."""
    parts = [encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, encode(signature)])


def parse(token: str) -> Jws:
    """Takes a compact token apart without verifying it; raises MalformedTokenError."""
    parts = token.split(".")
    if len(parts) != 3:
        raise MalformedTokenError("a compact token has three parts")
    try:
        header, claims = (json.loads(decode(part)) for part in parts[:2])
    except ValueError as error:
        raise MalformedTokenError(str(error)) from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise MalformedTokenError("header and payload are JSON objects")
    return Jws(header, claims, f"{parts[0]}.{parts[1]}".encode(), decode(parts[2]))


def verifies(token: Jws, key: RSAPublicKey) -> bool:
    """Whether the signature is `key`'s, by the algorithm that the header names (RS256 or PS256)."""
    scheme: padding.AsymmetricPadding
    match token.header.get("alg"):
        case "RS256":
            scheme = padding.PKCS1v15()
        case "PS256":
            scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)
        case _:
            return False
    try:
        key.verify(token.signature, token.signed, scheme, hashes.SHA256())
    except InvalidSignature:
        return False
    return True
