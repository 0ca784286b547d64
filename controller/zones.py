"""Time zones by their two names: IANA's in a document, Windows' on Exchange's wire.

The correspondence is CLDR's windowsZones, as tzlocal keeps it. The fact a reader would not guess: several
IANA names are one Windows zone (Paris, Madrid and Brussels), so two zones are compared by their Windows name.
"""

from __future__ import annotations

from typing import Final

from tzlocal.windows_tz import tz_win, win_tz

# Old IANA names that CLDR's table no longer lists, by the zones that they are links to [IANA: backward].
_LINKS: Final = {
    "CST6CDT": "America/Chicago",
    "EST5EDT": "America/New_York",
    "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
    "Europe/Uzhgorod": "Europe/Kyiv",
    "Europe/Zaporozhye": "Europe/Kyiv",
    "GMT": "Etc/GMT",
    "US/East-Indiana": "America/Indiana/Indianapolis",
}
_WINDOWS: Final = {
    **{name.lower(): windows for name, windows in tz_win.items()},
    **{name.lower(): tz_win[target] for name, target in _LINKS.items() if target in tz_win},
    **{name.lower(): name for name in win_tz},
}


def windows(name: str) -> str | None:
    """The Windows name of a zone given by either name, in any case; None for one that Windows has not."""
    return _WINDOWS.get(name.strip().lower())


def iana(windows_name: str) -> str | None:
    """The principal IANA name of a Windows zone; None for what is none."""
    known = {name.lower(): place for name, place in win_tz.items()}
    return known.get(windows_name.strip().lower())


def canonical(name: str | None) -> str | None:
    """The form to compare: the Windows name where there is one; what nobody knows stays as it is."""
    return None if not name else windows(name) or name
