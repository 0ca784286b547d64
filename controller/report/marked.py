"""What stands between backticks in a message, as HTML shows code."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

from controller.report.text import plain

_CODE: Final = re.compile(r"`([^`]+)`")


def marked(text: str) -> Markup:
    """Escaped, whoever's words they are."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(plain(text)))))  # noqa: S704 -- escaped first
