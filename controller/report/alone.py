"""A page that stands by itself in a file: its style, and the policy that lets nothing else in.

The style and the script are named by their digests, so that nothing else could run even if it were there, and
no network is asked for anything.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent


def style(own: str = "") -> str:
    """The colours and what every such page has, and what is its own."""
    return "".join((FOLDER / name).read_text("utf-8") for name in ("palette.css", "alone.css")) + own


def policy(sheet: str, script: str = "") -> str:
    """For `http-equiv="Content-Security-Policy"`: what stands between the tags, byte for byte."""
    scripts = f"script-src {_named(script)}; " if script else ""
    return f"default-src 'none'; style-src {_named(sheet)}; {scripts}base-uri 'none'; form-action 'none'"


def _named(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
