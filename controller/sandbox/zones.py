"""Names of time zones: Exchange speaks Windows ids, Graph takes those and IANA names alike.

The correspondence is CLDR's, as kept by tzlocal. The fact a reader would not guess: several IANA names share
one Windows id (Paris, Madrid and Brussels are all `Romance Standard Time`), so the way back is not unique.
"""

from __future__ import annotations

from typing import Final

from tzlocal.windows_tz import tz_win, win_tz

_WINDOWS: Final = {name.lower(): name for name in win_tz}
_IANA: Final = {name.lower(): windows for name, windows in tz_win.items()}


def windows_names() -> tuple[str, ...]:
    return tuple(sorted(win_tz))


def iana_names() -> tuple[str, ...]:
    return tuple(sorted(tz_win))


def is_windows(name: str) -> bool:
    return name.lower() in _WINDOWS


def windows(name: str) -> str | None:
    """The Windows id of a zone named either way, in any case; None for a name that nobody knows."""
    return _WINDOWS.get(name.lower()) or _IANA.get(name.lower())


def iana(name: str) -> str | None:
    """The principal IANA name of a zone that is given by its Windows id."""
    known = _WINDOWS.get(name.lower())
    return win_tz[known] if known else None
