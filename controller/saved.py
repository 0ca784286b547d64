"""A plan kept in a file: what was reviewed is what is applied, or nothing is.

The file is the plan's JSON with three things more: the specs that it was made from, which resources were
chosen, and a seal over all of it; where a key is given, a signature of that seal besides. It is applied by
planning again from those very specs: if the tenant would now be changed in any other way than was reviewed,
the plan is stale. Only what matters counts: another mailbox may have changed meanwhile, and why something
differs may be told otherwise.

Anybody can seal a file, so that the seal shows what was damaged, or altered carelessly. Only whoever holds
the private key can sign one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from controller import keys
from controller.errors import StaleError
from controller.model import FORMAT, Plan
from controller.people.grants import AUTO_MAPPING
from controller.report.as_json import document
from controller.spec import TenantSpecs

# What was reviewed of a change. Causes, notes and lines may be told otherwise by another machine.
_REVIEWED: Final = ("id", "action", "before", "after", "risk", "dependsOn", "requests", "effects")


_SIGNED: Final = "mbx-plan"  # what a signature begins with
_ALTERED: Final = "the plan was altered after it was saved: plan anew, and have it reviewed"


@dataclass(frozen=True, slots=True)
class Saved:
    """A sealed plan, opened: its JSON, the specs by path, and what was chosen of them. `folder` is where the
    specs lay in their repository (None outside git), `signed_by` the name of the key that signed, if any."""

    plan: Mapping[str, Any]
    files: Mapping[str, str]
    targets: frozenset[str]
    selector: Mapping[str, str]
    folder: str | None = None
    signed_by: str | None = None

    @property
    def tenant_id(self) -> str:
        return str(self.plan["tenantId"])

    @property
    def specs_digest(self) -> str:
        return str(self.plan["specsDigest"])


def seal(
    plan: Plan,
    specs: TenantSpecs,
    targets: Iterable[str],
    selector: Mapping[str, str],
    *,
    folder: str | None = None,
    key: Ed25519PrivateKey | None = None,
) -> str:
    """The text of the file."""
    whole = {
        **document(plan),
        "selection": {"targets": sorted(targets), "selector": dict(selector), "folder": folder},
        "specs": {path: content.decode() for path, content in specs.files},
    }
    if key is None:
        return _written({**whole, "seal": _digest(whole)})
    whole["signedBy"] = keys.named(key.public_key())
    sealed = _digest(whole)
    signature = keys.sign(key, _SIGNED, sealed.encode()).hex()
    return _written({**whole, "seal": sealed, "signature": signature})


def open_sealed(content: bytes | str) -> Saved:
    """Raises StaleError for anything that is not, byte for byte, what was sealed."""
    try:
        text = content.decode() if isinstance(content, bytes) else content
        whole = json.loads(text)
        if whole["format"] != FORMAT:
            raise StaleError(f"the plan has format {whole['format']}, and this release reads {FORMAT}")
        if text != _written(whole):
            raise StaleError(_ALTERED)
        sealed, signature = whole.pop("seal"), whole.pop("signature", None)
        signer = whole.get("signedBy")
        if sealed != _digest(whole) or not _holds(signer, signature, sealed):
            raise StaleError(_ALTERED)
        whole.pop("signedBy", None)
        chosen = whole.pop("selection")
        files = {_inside(path): content for path, content in whole.pop("specs").items()}
        targets = frozenset(chosen["targets"])
        return Saved(whole, files, targets, chosen["selector"], chosen.get("folder"), signer)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StaleError(f"this is no saved plan ({type(error).__name__}: {error})") from error


def _holds(signer: str | None, signature: str | None, sealed: str) -> bool:
    """Whether a signature is by the key that the file names, or there is neither."""
    if signer is None or signature is None:
        return signer is None and signature is None
    given = bytes.fromhex(signature)
    return given.hex() == signature and keys.is_signed(keys.by_name(signer), _SIGNED, sealed.encode(), given)


def check_signer(saved: Saved, trusted: Ed25519PublicKey) -> None:
    """Raises StaleError unless the plan was signed with the private half of this key."""
    if saved.signed_by is None:
        raise StaleError("the plan is not signed, as MBX_PLAN_PUBLIC_KEY asks: plan with MBX_PLAN_KEY")
    if saved.signed_by != keys.named(trusted):
        raise StaleError(
            f"the plan was signed with another key ({saved.signed_by[:16]}…) than MBX_PLAN_PUBLIC_KEY trusts "
            f"({keys.named(trusted)[:16]}…): have it planned where the trusted one is"
        )


def unpack(saved: Saved, root: Path) -> Path:
    """Writes the specs of a saved plan where they lay below the top of their repository, `root` standing for
    that, so that places are told as they were reviewed. The specs folder."""
    folder = root / ("specs" if saved.folder is None else _inside(saved.folder))
    for path, content in saved.files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode())
    return folder


def check(saved: Saved, plan: Plan) -> None:
    """Raises StaleError unless the plan made now is the one that was reviewed."""
    reviewed = {change["id"]: _reviewed(change) for change in saved.plan["changes"]}
    now = {change["id"]: _reviewed(change) for change in document(plan)["changes"]}
    freed = {change["id"] for change in saved.plan["changes"] if change["blockedBy"]} & {
        change.id for change in plan.open_changes
    }  # shown as held back, and free now: nobody agreed to it
    # AutoMapping goes by our own record; a machine without a journal plans it where none is needed.
    needless = {ident for ident in reviewed.keys() - now.keys() if ident.endswith(f"/{AUTO_MAPPING}")}
    other = sorted(
        ident
        for ident in (reviewed.keys() | now.keys()) - needless
        if reviewed.get(ident) != now.get(ident) or ident in freed
    )
    if other:
        shown = ", ".join(other[:5]) + (f" and {len(other) - 5} more" if len(other) > 5 else "")
        raise StaleError(
            f"the tenant is not as it was when this was planned (or it was applied already): {shown}. "
            "Plan anew, and have it reviewed"
        )


def _reviewed(change: Mapping[str, Any]) -> str:
    return json.dumps({name: change[name] for name in _REVIEWED}, sort_keys=True)


def _written(whole: Mapping[str, Any]) -> str:
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _digest(whole: Mapping[str, Any]) -> str:
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise StaleError(f"a saved plan names a file outside its specs: {path}")
    return path
