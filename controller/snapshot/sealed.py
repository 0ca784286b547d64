"""The file: a line that says what it is, a line with a signature, and the rest compressed.

It is verified before anything of it is opened. A signature covers the first line too, so that a file of one
format is not taken for one of another.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from controller import keys
from controller.errors import SnapshotError

FORMAT: Final = 1
_NAME: Final = "mbx-snapshot"
_HEAD: Final = f"{_NAME} {FORMAT}"
LARGEST: Final = 64 * 1024**2  # bytes of the file; a tenant of 100,000 recipients has some 10 MiB
_LARGEST_OPEN: Final = 1024**3  # bytes once opened, so that nobody is filled up by a small file


def seal(content: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    body = gzip.compress(text.encode(), compresslevel=6, mtime=0)
    return f"{_HEAD}\n{keys.sign(key, _HEAD, body).hex()}\n".encode() + body


def unseal(file: bytes, trusted: Ed25519PublicKey) -> dict[str, Any]:
    """Raises SnapshotError for what is no snapshot, of another format, or not signed with the private half
    of this key."""
    head, _, rest = file.partition(b"\n")
    signature, _, body = rest.partition(b"\n")
    name, _, number = head[:40].decode("ascii", "replace").partition(" ")
    if name != _NAME or not number.isdecimal():
        raise SnapshotError("this is no snapshot: `mbx snapshot --out FILE` makes one")
    if int(number) != FORMAT:
        raise SnapshotError(f"the snapshot has format {number}, and this release reads {FORMAT}: upgrade mbx")
    if not _is_signed(trusted, signature, body):
        raise SnapshotError(
            f"the snapshot was altered, or not signed with the key that is trusted here "
            f"({keys.named(trusted)[:16]}…): fetch it anew, or mend MBX_SNAPSHOT_PUBLIC_KEY"
        )
    return _opened(body)


def _is_signed(trusted: Ed25519PublicKey, signature: bytes, body: bytes) -> bool:
    try:
        given = bytes.fromhex(signature.decode("ascii"))
    except ValueError:
        return False
    return given.hex().encode() == signature and keys.is_signed(trusted, _HEAD, body, given)


def _opened(body: bytes) -> dict[str, Any]:
    try:
        opening = zlib.decompressobj(wbits=31)
        text = opening.decompress(body, _LARGEST_OPEN)
        if opening.unconsumed_tail or not opening.eof:
            raise SnapshotError("the snapshot is cut short, or larger than any tenant needs")
        content = json.loads(text)
    except (zlib.error, ValueError) as error:
        raise SnapshotError(f"the snapshot cannot be opened: {error}") from None
    if not isinstance(content, dict):
        raise SnapshotError("the snapshot holds nothing that could be read")
    return content
