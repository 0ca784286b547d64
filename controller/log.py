"""Logging: structlog on stderr, for people or as JSON lines, with every secret taken out on the way.

Events are `noun.past` with fields (`request.answered`, `token.acquired`). A fact one would not guess:
the HTTP/2 library logs whole header blocks, Authorization included, at debug; so foreign loggers are
kept at warning whatever our own level is.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

HIDDEN: Final = "[hidden]"
_SECRET_KEY = re.compile(
    r"(authorization|secret|password|passphrase|assertion|cookie|credential|"
    r"(access|refresh|id|bearer|forge|client)[_-]?token|^token|private[_-]?key|snapshot[_-]?key)",
    re.IGNORECASE,
)
_SECRET_TEXT: Final = (
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),  # a JWT, wherever it turns up
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)\b(client_secret|client_assertion|access_token|refresh_token|password|sig)="
                r"[^&\s\"']+"), rf"\1={HIDDEN}"),
    (re.compile(r"(\w+://[^/\s:@]+):[^@\s/]+@"), rf"\1:{HIDDEN}@"),
)  # fmt: skip
_FOREIGN: Final = (
    "httpx",
    "httpcore",
    "hpack",
    "h2",
    "msal",
    "apscheduler",
    "urllib3",
    "hypercorn",
    "asyncio",
)
_known: set[str] = set()


def hide(secrets: Iterable[str]) -> None:
    """Values that must never be written, whatever they look like. Short ones would hide ordinary words."""
    _known.update(secret for secret in secrets if len(secret) >= 6)


def redact(text: str) -> str:
    """`text` without tokens, secrets, and passwords inside addresses."""
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text


def redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: secrets out by the name of a field and by the look of a text."""
    return {key: HIDDEN if _names_a_secret(key, value) else _clean(value) for key, value in event.items()}


def _names_a_secret(key: str, value: Any) -> bool:
    return isinstance(value, str | bytes) and bool(value) and bool(_SECRET_KEY.search(key))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {k: HIDDEN if _names_a_secret(str(k), v) else _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if isinstance(value, Exception):
        return redact(str(value))
    return value


def set_up(*, level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Once, at the start of a command. `form`: `console`, `json`, or `auto` (console on a terminal)."""
    out = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping()[level.upper()]
    terminal = bool(getattr(out, "isatty", lambda: False)())
    as_json = form == "json" or (form == "auto" and not terminal)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = [structlog.processors.format_exc_info] if as_json else []
    render: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=terminal)
    )
    structlog.configure(
        processors=[*shared, *last, redact_event, render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _set_up_foreign([*shared, structlog.stdlib.ExtraAdder()], render, out)


def _set_up_foreign(shared: list[Any], render: Any, out: TextIO) -> None:
    """What libraries log through the standard library takes the same way out."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact_event,
            render,
        ],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _FOREIGN:
        logging.getLogger(name).setLevel(logging.WARNING)
