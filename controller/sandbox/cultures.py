"""Cultures as .NET has them: what a language is called, and which date and time formats suit it.

The first format of each list is the culture's own, taken when a format is reset. The fact a reader would not
guess: a format that does not suit the language is refused, so that a change of language alone may fail [doc:
Set-MailboxRegionalConfiguration, example 5]. A specific culture that is not listed takes any format that
looks like one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

DEFAULT: Final = "en-US"


@dataclass(frozen=True, slots=True)
class Culture:
    name: str  # "fr-FR"
    title: str  # "French (France)"
    dates: tuple[str, ...]
    times: tuple[str, ...]


_ISO = "yyyy-MM-dd"
_24 = ("HH:mm", "H:mm")
_12 = ("h:mm tt", "hh:mm tt")
_FRENCH = ("dd/MM/yyyy", "dd/MM/yy", "dd.MM.yy", "dd-MM-yy", _ISO)
_GERMAN = ("dd.MM.yyyy", "dd.MM.yy", "d.M.yyyy", "d.M.yy", _ISO)
# [doc: .NET CultureInfo, short date and time patterns; the choice of languages is the sandbox's]
_ALL: Final = tuple(
    Culture(*each)
    for each in (
        ("en-US", "English (United States)",
         ("M/d/yyyy", "M/d/yy", "MM/dd/yy", "MM/dd/yyyy", "yy/MM/dd", _ISO, "dd-MMM-yy"), (*_12, *_24)),
        ("en-GB", "English (United Kingdom)",
         ("dd/MM/yyyy", "dd/MM/yy", "d/M/yy", "d.M.yy", _ISO), (*_24, "hh:mm tt", "h:mm tt")),
        ("en-IE", "English (Ireland)", ("dd/MM/yyyy", "dd/MM/yy", "dd-MM-yyyy", _ISO), _24),
        ("en-CA", "English (Canada)", (_ISO, "dd/MM/yyyy", "M/d/yyyy"), (*_12, *_24)),
        ("fr-FR", "French (France)", _FRENCH, (*_24, "HH.mm", "HH'h'mm")),
        ("fr-BE", "French (Belgium)", ("dd-MM-yy", "d/MM/yyyy", *_FRENCH[:2], _ISO), (*_24, "H.mm")),
        ("fr-CH", "French (Switzerland)", ("dd.MM.yyyy", "dd.MM.yy", "dd/MM/yyyy", _ISO), _24),
        ("fr-CA", "French (Canada)", (_ISO, "yy-MM-dd", "dd-MM-yy", "dd/MM/yyyy"), (*_24, "HH 'h' mm")),
        ("fr-LU", "French (Luxembourg)", _FRENCH, _24),
        ("de-DE", "German (Germany)", _GERMAN, (*_24, "HH:mm' Uhr'", "H:mm' Uhr'")),
        ("de-AT", "German (Austria)", _GERMAN, _24),
        ("de-CH", "German (Switzerland)", _GERMAN, (*_24, "HH.mm")),
        ("nl-NL", "Dutch (Netherlands)", ("d-M-yyyy", "d-M-yy", "dd-MM-yy", "dd-MM-yyyy", _ISO), _24),
        ("nl-BE", "Dutch (Belgium)", ("d/MM/yyyy", "d/MM/yy", "dd-MM-yy", _ISO), _24),
        ("es-ES", "Spanish (Spain)", ("dd/MM/yyyy", "dd/MM/yy", "d/MM/yy", "dd-MM-yy", _ISO), _24),
        ("it-IT", "Italian (Italy)", ("dd/MM/yyyy", "dd/MM/yy", "dd-MM-yy", _ISO), (*_24, "H.mm", "HH.mm")),
        ("pt-PT", "Portuguese (Portugal)", ("dd/MM/yyyy", "dd-MM-yyyy", "yy.MM.dd", _ISO), _24),
        ("pt-BR", "Portuguese (Brazil)", ("dd/MM/yyyy", "d/M/yy", "dd/MM/yy", _ISO), _24),
        ("sv-SE", "Swedish (Sweden)", (_ISO, "yy-MM-dd"), _24),
        ("da-DK", "Danish (Denmark)", ("dd-MM-yyyy", "dd-MM-yy", _ISO), _24),
        ("pl-PL", "Polish (Poland)", (_ISO, "dd.MM.yyyy", "yy-MM-dd"), _24),
        ("ja-JP", "Japanese (Japan)", ("yyyy/MM/dd", "yy/MM/dd", _ISO), (*_24, "tt h:mm")),
    )
)  # fmt: skip
_BY_NAME: Final = {each.name.lower(): each for each in _ALL}
_SPECIFIC: Final = re.compile(r"[a-z]{2,3}(-[a-z]{4})?-([a-z]{2}|\d{3})(-[a-z0-9]{5,8})?", re.IGNORECASE)
_DATE: Final = re.compile(r"(?=.*d)(?=.*M)(?=.*y)[dMyg'/.,\- ]{4,40}")
_TIME: Final = re.compile(r"(?=.*[hH])(?=.*m)[hHmts':. ]{3,30}")


def listed() -> tuple[Culture, ...]:
    """The cultures that a mailbox is offered."""
    return _ALL


def is_specific(name: str) -> bool:
    """Whether it names a language and a region: `fr-FR`. `fr` is neutral, and Exchange refuses it."""
    return _SPECIFIC.fullmatch(name) is not None


def proper(name: str) -> str:
    """The name in its own case: `fr-fr` is `fr-FR`."""
    known = _BY_NAME.get(name.lower())
    if known:
        return known.name
    language, *rest = name.split("-")
    return "-".join((language.lower(), *(part.title() if len(part) == 4 else part.upper() for part in rest)))


def title(name: str) -> str:
    known = _BY_NAME.get(name.lower())
    return known.title if known else proper(name)


def default_date(name: str | None) -> str:
    return _culture(name).dates[0]


def default_time(name: str | None) -> str:
    return _culture(name).times[0]


def suits_date(name: str | None, form: str) -> bool:
    known = _BY_NAME.get((name or DEFAULT).lower())
    return form in known.dates if known else _DATE.fullmatch(form) is not None


def suits_time(name: str | None, form: str) -> bool:
    known = _BY_NAME.get((name or DEFAULT).lower())
    return form in known.times if known else _TIME.fullmatch(form) is not None


def _culture(name: str | None) -> Culture:
    return _BY_NAME.get((name or DEFAULT).lower(), _BY_NAME[DEFAULT.lower()])
