"""What the code of a finding means, what it holds back and what to do about it, in the words of
docs/reference/findings.md, of which `explained.json` is a copy (docs/reference/finding_words.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

_POLICY: Final = "policy/"


@dataclass(frozen=True, slots=True)
class Explained:
    """Each a phrase, with `code` between backticks; empty where there is nothing to say."""

    means: str
    holds: str
    remedy: str
    source: str


def explained(code: str) -> Explained | None:
    """None for a code of another release."""
    told = _words().get("policy/NAME" if code.startswith(_POLICY) else code)
    if told is None:
        return None
    return Explained(*(told.get(name, "") for name in ("means", "holds", "what to do", "rests on")))


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    text = resources.files("controller.report").joinpath("explained.json").read_text("utf-8")
    found: Mapping[str, Mapping[str, str]] = json.loads(text)
    return found
